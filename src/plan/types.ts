import type { PlannedFile, RunFolder, SwitchPoint } from "../servers/adapter.js";
import type { Spec } from "../spec/types.js";

/** Everything that follows from the spec alone. */
export interface Plan {
  spec: Spec;
  /** Paths relative to the output folder. */
  files: readonly PlannedFile[];
  /** One for each site on each of its servers, in the order of the spec. */
  switchPoints: readonly SwitchPoint[];
  /** Of the gate, for each site that some server holds through it: part of a change only while the site is held. */
  gatePoints: readonly SwitchPoint[];
  runFolders: readonly PlannedRunFolder[];
}

/** One server's folder for its control socket and pid file. */
export interface PlannedRunFolder extends RunFolder {
  path: string;
  pidFile: string;
}

/** A rendered file, path relative to the output folder. */
export interface RenderedFile {
  path: string;
  content: string;
  executable: boolean;
  wiring: boolean;
}

export interface RenderedTree {
  /** SHA-256 (hex) over the sorted paths and contents, without the manifest itself. */
  digest: string;
  files: readonly RenderedFile[];
}
