/** One problem of a text file, at its place. Lines and columns count from 1, columns in UTF-16 units. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  /** Exclusive end of the marked part on the same line; equal to `column + 1` when only a point is known. */
  endColumn: number;
  /** The text of that line, without its line end. */
  source: string;
  /** What is wrong, one sentence without a full stop. */
  message: string;
  /** Why fence refuses it; null when the message says it all. */
  why: string | null;
  /** How to mend it; null when there is no one way. */
  fix: string | null;
}
