import type { MetricsSnapshot } from "./snapshot.js";

/** Of Prometheus' text format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text of what one or several processes have counted, as if it were one. Loaded when somebody asks. */
export async function renderMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  // CommonJS, of which a bundle knows no other name than this one when it is loaded late.
  const { AggregatorRegistry } = (await import("prom-client")).default;
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}
