/** Set for the program that looks for what a proxy is to serve by; it writes that to this descriptor. */
export const FIND_VARIABLE = "FENCE_PROXY_FIND";
export const FIND_FD = 3;

/** What `fence proxy run` comes to, once its command line and the spec are read. */
export interface FoundProxy {
  /** The rendered document. */
  file: string;
  accessLog: boolean;
}

/** Global options that take the next word. */
const TAKE_A_WORD = new Set(["-c", "--config", "-C", "--timeout"]);

/**
 * Whether a command line may be `fence proxy run`: told by its first two words, so that nothing that parses options
 * has to be loaded. Whoever is asked then parses it as usual, and may still print the help.
 */
export function isProxyRun(argv: readonly string[]): boolean {
  if (FIND_VARIABLE in process.env) return false;
  const words: string[] = [];
  for (let at = 0; at < argv.length && argv[at] !== "--"; at += 1) {
    const word = argv[at] ?? "";
    if (TAKE_A_WORD.has(word)) at += 1;
    else if (!word.startsWith("-")) words.push(word);
  }
  return words[0] === "proxy" && words[1] === "run";
}
