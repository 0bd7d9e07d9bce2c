import { readFileSync } from "node:fs";
import { runProxy } from "../../src/proxy/run.js";
import { adapterOf } from "../../src/servers/registry.js";
import type { Spec } from "../../src/spec/types.js";

/** Runs the proxy on a spec that was built, not read: `node proxy-child.js SPEC.json`. */
const [file = ""] = process.argv.slice(2);

await runProxy({
  load: async () => {
    const spec = JSON.parse(readFileSync(file, "utf8")) as Spec;
    const server = spec.servers.find(({ kind }) => kind === "proxy");
    if (server === undefined) throw new Error("no proxy in this spec");
    return {
      spec,
      server,
      controlSocket: `${spec.runDir}/${server.name}/control.sock`,
      activeOf: (site) => adapterOf("proxy").switchPoint(spec, server, site).active,
    };
  },
  errors: process.stderr,
  access: null,
});
