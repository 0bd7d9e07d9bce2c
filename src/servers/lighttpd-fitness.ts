import type { Server, Spec } from "../spec/types.js";
import type { Limit } from "./adapter.js";
import { doorsOf } from "./gate-doors.js";
import { CONNECTIONS_MAX } from "./lighttpd-config.js";
import { limitsOfLive } from "./lighttpd-limits.js";
import { refuseProxyOnly } from "./proxy-only.js";
import { refusedListens, sitesOf } from "./sites.js";

/** sun_path of Linux, without the closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** What stands against this lighttpd, from its version and the output of `lighttpd -V`. */
export function unfit(version: string, buildInfo: string): string[] {
  const problems: string[] = [];
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major !== 1 || minor !== 4) {
    problems.push(`lighttpd ${version} is not of the 1.4 series, which is the one fence knows.`);
  } else if (patch < 60) {
    problems.push(
      `lighttpd ${version} lacks the Lua interface that the gate is written for; it came with 1.4.60.`,
    );
  } else if (patch === 83 || patch === 84) {
    problems.push(
      `lighttpd ${version} drops headers and body that Lua sets on an error status; 1.4.85 mends that.`,
    );
  }
  if (/^\s*- LUA support/m.test(buildInfo)) {
    problems.push("this lighttpd was built without Lua, so it has no mod_magnet for the gate to run in.");
  }
  return problems;
}

/** What bounds a hold, and which figure of it is not exact. */
function holdNotes(spec: Spec, server: Server): string[] {
  const held = sitesOf(spec, server).filter((site) => doorsOf(spec, server, site).length > 0);
  if (held.length === 0) return [];
  const waiting = held.reduce((sum, { hold }) => sum + hold.maxHeld, 0);
  const notes = [
    "While a site is held, its open WebSockets count as in flight: lighttpd does not tell them apart.",
  ];
  if (server.config === "include")
    notes.push(
      `max_held of its sites comes to ${waiting}: server.max-connections must be above that, and server.max-fds above twice that.`,
    );
  else if (waiting >= CONNECTIONS_MAX)
    notes.push(
      `max_held of its sites comes to ${waiting} connections, and lighttpd takes ${CONNECTIONS_MAX} in all: beyond them no ` +
        "client is served. Any worker may get all clients.",
    );
  return notes;
}

/** What lighttpd does otherwise than the other servers, or cannot do for this spec. */
export function limits(spec: Spec, server: Server): Limit[] {
  const found = [
    ...refusedListens(spec, server),
    ...refuseProxyOnly(spec, server),
    ...limitsOfLive(spec, server),
  ];
  const note = (sentence: string) => found.push({ level: "note", site: null, sentence });
  const socket = `${spec.runDir}/${server.name}/control.sock`;
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) {
    const sentence = `The control socket ${socket} is longer than ${SOCKET_PATH_BYTES_MAX} bytes; choose a shorter run_dir.`;
    found.push({ level: "refuse", site: null, sentence });
  }
  if (server.statCache === "simple") {
    note(
      'A switch takes up to about a second: lighttpd looks at a script once a second with stat_cache = "simple".',
    );
  }
  holdNotes(spec, server).forEach(note);
  note("HTTP/2 uploads over 16 MiB are answered without being read; some clients report that as an error.");
  if (server.config === "include") {
    note(
      "Include gate.conf after server.modules; blocks that set magnet.attract-raw-url-to later would undo the gate.",
    );
    note(
      "Requests at the backends of all sites count for each: the labels of the backends are those of your own config.",
    );
  }
  return found;
}
