import { readdirSync } from "node:fs";
import { monotonicMs, wallMs } from "../../base/clock.js";
import type { Configuration } from "../configuration.js";
import type { Context } from "../context.js";
import { BUCKETS_MS, CLASSES, MODES, type Traffic } from "./traffic.js";

/**
 * One metric of one process, plain data that JSON can carry. `aggregator` is how the same metric of several processes
 * becomes one: `renderMetrics` does it for as many snapshots as it is given, label by label.
 */
export interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  aggregator: "sum" | "max" | "min" | "first";
  values: readonly MetricValue[];
}

interface MetricValue {
  value: number;
  labels: Readonly<Record<string, string>>;
  /** Of the series, when it is not the metric's: the parts of a histogram. */
  metricName?: string;
}

/** What one process has counted so far, and how it is now. Made when somebody asks. */
export type MetricsSnapshot = readonly Metric[];

export function metricsSnapshot(configuration: Configuration, context: Context): MetricsSnapshot {
  return [
    ...ofSites(configuration, context),
    ...ofBackends(configuration, context),
    ...ofQueues(configuration),
    ...ofConnections(context),
    ...ofProcess(),
  ];
}

function metric(
  type: Metric["type"],
  name: string,
  help: string,
  values: readonly MetricValue[],
  aggregator: Metric["aggregator"] = "sum",
): Metric {
  return { name: `fence_${name}`, help, type, aggregator, values };
}

function ofSites({ sites }: Configuration, { totals }: Context): Metric[] {
  const all = [...sites.values()];
  const traffic: [string, Traffic][] = [
    ...all.map(({ name, traffic }): [string, Traffic] => [name, traffic]),
    ["", totals.nobody],
  ];
  const each = (read: (site: (typeof all)[number]) => number): MetricValue[] =>
    all.map((site) => ({ value: read(site), labels: { site: site.name } }));
  const modes = all.flatMap(({ name, modes }) =>
    MODES.map((mode) => ({ value: modes.mode === mode ? 1 : 0, labels: { site: name, mode } })),
  );
  return [
    metric(
      "counter",
      "requests_total",
      "Requests that came to their end, by site, mode and class of status; no site: host unknown or request refused",
      traffic.flatMap(([site, { answers }]) => answerValues(site, answers)),
    ),
    metric(
      "histogram",
      "request_duration_seconds",
      "From the whole head of a request to the last byte of its answer handed on",
      traffic.flatMap(([site, one]) => durationValues(site, one)),
    ),
    metric(
      "gauge",
      "inflight",
      "Requests that a backend has and has not answered to their end",
      each(({ inflight, exempt }) => inflight + exempt),
    ),
    metric(
      "gauge",
      "tunnels",
      "Upgraded connections",
      each(({ tunnels }) => tunnels),
    ),
    metric(
      "gauge",
      "held",
      "Requests that wait",
      each(({ room }) => room.size),
    ),
    metric(
      "gauge",
      "oldest_held_seconds",
      "How long the first of them has waited; 0: none waits",
      each(({ room }) => (room.oldestMs ?? 0) / 1000),
      "max",
    ),
    metric("gauge", "mode", "1 for the mode in force", modes, "max"),
  ];
}

function answerValues(site: string, answers: Float64Array): MetricValue[] {
  return MODES.flatMap((mode, row) =>
    CLASSES.map((first, column) => ({
      value: answers[row * CLASSES.length + column] ?? 0,
      labels: { site, mode, status: `${first}xx` },
    })),
  ).filter(({ value }) => value > 0);
}

function durationValues(site: string, { durations, durationSumMs }: Traffic): MetricValue[] {
  const name = "fence_request_duration_seconds";
  let total = 0;
  const buckets = [...BUCKETS_MS, Infinity].map((endMs, index): MetricValue => {
    total += durations[index] ?? 0;
    const le = endMs === Infinity ? "+Inf" : String(endMs / 1000);
    return { value: total, labels: { site, le }, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { value: durationSumMs / 1000, labels: { site }, metricName: `${name}_sum` },
    { value: total, labels: { site }, metricName: `${name}_count` },
  ];
}

function ofBackends({ upstreams }: Configuration, { clock }: Context): Metric[] {
  const all = [...upstreams.values()].flatMap((group) =>
    group.all().map(({ pool, state }) => ({
      pool,
      isUp: state === "available" && !pool.rests(clock.tick),
      labels: { upstream: group.name, backend: pool.label },
    })),
  );
  return [
    metric(
      "gauge",
      "backend_up",
      "0: passed over, for it is not available or refused a connection lately",
      all.map(({ isUp, labels }) => ({ value: isUp ? 1 : 0, labels })),
      "min",
    ),
    metric(
      "gauge",
      "backend_inflight",
      "Requests that it has and has not answered to their end",
      all.map(({ pool, labels }) => ({ value: pool.inflight, labels })),
    ),
    metric(
      "gauge",
      "backend_idle_connections",
      "Connections to it that wait for a request",
      all.map(({ pool, labels }) => ({ value: pool.idle.size, labels })),
    ),
  ];
}

function ofQueues({ upstreams }: Configuration): Metric[] {
  const all = [...upstreams.values()];
  return [
    metric(
      "gauge",
      "queued",
      "Requests that wait for a backend",
      all.map(({ name, queue }) => ({ value: queue.size, labels: { upstream: name } })),
    ),
    metric(
      "counter",
      "queue_refused_total",
      "Requests that found no place in the queue, or waited too long",
      all.flatMap(({ name, queue }) =>
        Object.entries(queue.refused).map(([reason, value]) => ({
          value,
          labels: { upstream: name, reason },
        })),
      ),
    ),
  ];
}

function ofConnections({ totals }: Context): Metric[] {
  const { read, written } = totals.bytes();
  const one = (value: number): MetricValue[] => [{ value, labels: {} }];
  return [
    metric("gauge", "connections", "Connections of clients", one(totals.sockets.size)),
    metric("counter", "connections_total", "Connections of clients so far", one(totals.connections)),
    metric(
      "counter",
      "connections_refused_total",
      "Connections turned away by a limit",
      one(totals.turnedAway),
    ),
    metric("counter", "received_bytes_total", "Bytes from clients", one(read)),
    metric("counter", "sent_bytes_total", "Bytes to clients", one(written)),
  ];
}

/** By the names that other exporters have for the same. */
function ofProcess(): Metric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const rows: [Metric["type"], string, string, number, Metric["aggregator"]?][] = [
    ["counter", "process_cpu_seconds_total", "CPU time used", (user + system) / 1e6],
    ["gauge", "process_resident_memory_bytes", "Resident memory", rss],
    ["gauge", "process_open_fds", "Open file descriptors", openFiles()],
    ["gauge", "process_start_time_seconds", "Start, in Unix time", (wallMs() - monotonicMs()) / 1000, "min"],
    ["gauge", "nodejs_heap_size_used_bytes", "Memory of JavaScript in use", heapUsed],
  ];
  return rows.map(([type, name, help, value, aggregator = "sum"]) => ({
    name,
    help,
    type,
    aggregator,
    values: [{ value, labels: {} }],
  }));
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
