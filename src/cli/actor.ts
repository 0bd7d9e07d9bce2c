import { userInfo } from "node:os";
import type { ColourEnv } from "./colour.js";

/** Who asks, for the history: the first of these that says something. */
const ACTOR_VARIABLES = ["FENCE_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "SUDO_USER", "USER"] as const;

const CHARACTERS_MAX = 128;

export function actorOf(env: ColourEnv): string {
  for (const name of ACTOR_VARIABLES) {
    const value = env[name]?.trim();
    if (value) return value.slice(0, CHARACTERS_MAX);
  }
  try {
    return userInfo().username;
  } catch {
    // no entry in the password file
    return typeof process.getuid === "function" ? `uid ${process.getuid()}` : "unknown";
  }
}
