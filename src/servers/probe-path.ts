/** Answered by every server fence renders for, in every mode; never exempt, never forwarded to a backend. */
export const PROBE_PATH = "/.well-known/fence/probe";
