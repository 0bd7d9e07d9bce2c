import { relative } from "node:path";
import { formatDiagnostic, type Diagnostic } from "../base/diagnostics.js";
import type { Output } from "./output.js";

/** One problem of the spec for a person at this output, with the file's name as seen from the current folder. */
export function diagnosticText(diagnostic: Diagnostic, output: Output): string {
  return formatDiagnostic(diagnostic, { paint: output.paint.bind(output), nameOf: shortPath });
}

function shortPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}
