/** The server that no spec names: fence's gate, in which requests wait for servers that cannot hold. */
export const GATE_NAME = "gate";
