/**
 * switch-child.ts, begun when it is told to: how long Node takes to start is no part of the switch.
 *   node waiting-switch-child.js FOLDER
 * Sends "ready", takes one message, the further arguments, and runs the switch.
 */
import { once } from "node:events";
import "../../src/apply/switch-modes.js";
import "./fake-machine.js";

process.send?.("ready");
const [args] = (await once(process, "message")) as [string[]];
process.argv.push(...args);
await import("./switch-child.js");
// The channel would keep it from ending.
process.disconnect();
