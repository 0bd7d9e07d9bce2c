import { getSystemErrorName } from "node:util";
import { handleOfFd } from "../base/bound-handle.js";

/** The descriptor that the parent passes: the first after stdin, stdout and stderr. */
const FD = 3;

const error = handleOfFd(FD).listen(Number(process.argv[2]));
if (error !== 0) process.stderr.write(`listen: ${getSystemErrorName(error)}\n`);
// Before any event is looked at: no connection is ever accepted here.
process.exit(error === 0 ? 0 : 1);
