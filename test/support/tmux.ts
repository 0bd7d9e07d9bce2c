import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { until } from "./world.js";

/** A real terminal: a shell in tmux, on a server of its own. */
export class Tmux {
  private readonly name = `fence-${randomBytes(6).toString("hex")}`;

  /** @param env what the shell gets besides PATH */
  async open(columns: number, rows: number, env: Record<string, string> = {}): Promise<this> {
    const size = ["-x", String(columns), "-y", String(rows)];
    const words = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const shell = ["env", "-u", "CI", ...words, "PS1=> ", "bash", "--norc", "--noprofile"];
    await this.run("-f", "/dev/null", "new-session", "-d", ...size, ...shell);
    // Else it takes nothing to its clipboard that a program sends.
    await this.run("set-option", "-s", "set-clipboard", "on");
    return this;
  }

  /** What is on the screen, without colour. */
  async screen(): Promise<string> {
    return this.run("capture-pane", "-p");
  }

  /** What is on the screen, with its escape sequences. */
  async coloured(): Promise<string> {
    return this.run("capture-pane", "-p", "-e");
  }

  /** A line, and Enter. */
  async type(line: string): Promise<void> {
    await this.run("send-keys", "-l", line);
    await this.press("Enter");
  }

  /** Keys by the names that tmux has for them. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.run("send-keys", ...keys);
  }

  /** As a person pastes it: with the brackets that the program has asked for. */
  async paste(text: string): Promise<void> {
    await this.run("set-buffer", text);
    await this.run("paste-buffer", "-p", "-r");
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.run("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** A value that tmux knows of the terminal, e.g. `alternate_on`. */
  async value(name: string): Promise<string> {
    return (await this.run("display-message", "-p", `#{${name}}`)).trim();
  }

  /** What was last sent to the clipboard. */
  async clipboard(): Promise<string> {
    return this.run("show-buffer");
  }

  /** Waits until the screen shows it, and returns the screen. */
  async shows(what: string, pattern: RegExp): Promise<string> {
    let screen = "";
    try {
      await until(what, async () => pattern.test((screen = await this.screen())), 60_000);
    } catch (error) {
      throw new Error(`${(error as Error).message}; the screen:\n${screen}`);
    }
    return screen;
  }

  /** Ends this tmux server alone, and what runs in it. */
  async close(): Promise<void> {
    await this.run("kill-server");
  }

  private run(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, LANG: "C.UTF-8", TMUX: "" };
    return new Promise((resolve, reject) => {
      execFile("tmux", ["-u", "-L", this.name, ...args], { env }, (error, stdout) => {
        if (error) reject(new Error(error.message, { cause: error }));
        else resolve(stdout);
      });
    });
  }
}
