import { ask } from "./ask.js";

const LIMITS = { timeoutMs: 1000, bodyBytesMax: 16 * 1024 * 1024 };
const LINE = /^fence_requests_total\{([^}]*)\} (\d+)$/gm;
const SITE = /(?:^|,)site="([^"]*)"/;

/** Requests so far of each site that had any, as the proxy counts them; null: it does not answer. Never throws. */
export async function requestCounts(controlSocket: string): Promise<ReadonlyMap<string, number> | null> {
  const headers = { Host: "fence", Connection: "close" };
  const options = { socketPath: controlSocket, path: "/metrics", method: "GET", headers };
  try {
    const { status, body } = await ask(options, false, LIMITS);
    return status === 200 ? countsIn(body) : null;
  } catch {
    return null;
  }
}

/** Adds up what Prometheus' text format has for each mode and class of status. */
function countsIn(metrics: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, labels = "", value] of metrics.matchAll(LINE)) {
    const site = SITE.exec(labels)?.[1] ?? "";
    counts.set(site, (counts.get(site) ?? 0) + Number(value));
  }
  return counts;
}
