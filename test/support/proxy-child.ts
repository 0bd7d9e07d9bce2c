import { runProxy } from "../../src/proxy/run.js";

/** Runs the proxy on what was rendered: `node proxy-child.js PROXY.json`. */
const [file = ""] = process.argv.slice(2);

await runProxy({ file, errors: process.stderr, access: null });
