import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderMetrics } from "../../../src/proxy/metrics/exposition.js";
import type { MetricsSnapshot } from "../../../src/proxy/metrics/snapshot.js";
import { BUCKETS_MS, Traffic } from "../../../src/proxy/metrics/traffic.js";

describe("Counts of requests", () => {
  test("are by mode and class of status, and each duration is in one bucket", () => {
    const traffic = new Traffic();
    for (const [mode, status, ms] of [
      ["up", 200, 0.4],
      ["up", 204, 1],
      ["down", 503, 1.1],
      ["hold", 499, 60_000],
      ["up", 101, 1e9],
    ] as const)
      traffic.count(mode, status, ms);
    assert.deepEqual([...traffic.answers], [1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
    assert.deepEqual([...traffic.durations], [2, 1, ...new Array<number>(BUCKETS_MS.length - 2).fill(0), 1]);
    assert.ok(Math.abs(traffic.durationSumMs - 60_002.5) < 1e-6);
  });
});

describe("Metrics of several processes", () => {
  const of = (requests: number, oldest: number, up: number): MetricsSnapshot => [
    {
      name: "fence_requests_total",
      help: "x",
      type: "counter",
      aggregator: "sum",
      values: [{ value: requests, labels: { site: 'a"\\\n' } }],
    },
    {
      name: "fence_oldest_held_seconds",
      help: "x",
      type: "gauge",
      aggregator: "max",
      values: [{ value: oldest, labels: {} }],
    },
    {
      name: "fence_backend_up",
      help: "x",
      type: "gauge",
      aggregator: "min",
      values: [{ value: up, labels: {} }],
    },
  ];

  test("are one text: counts are added, ages are the oldest, a backend is up where all see it up", async () => {
    const text = await renderMetrics([of(3, 0.5, 1), of(4, 2, 0)]);
    assert.match(text, /^# TYPE fence_requests_total counter$/m);
    assert.ok(text.includes('fence_requests_total{site="a\\"\\\\\\n"} 7\n'), text);
    assert.match(text, /^fence_oldest_held_seconds 2$/m);
    assert.match(text, /^fence_backend_up 0$/m);
  });
});
