/** The signals of a daemon, from the first moment on. */
export class Signals {
  /** Resolves at SIGTERM or SIGINT. */
  readonly ended: Promise<void>;
  private isAsked = false;
  private reload: (() => Promise<void>) | null = null;
  private reopen: (() => void) | null = null;
  private reloading = Promise.resolve();

  /** @param insisted what a second SIGTERM does, before the process ends at once */
  constructor(insisted: () => void) {
    process.on("SIGHUP", () => {
      this.isAsked = true;
      this.go();
    });
    // Whoever rotates logs sends it. With a listener of its own Node does not open its debugger at it.
    process.on("SIGUSR1", () => this.reopen?.());
    this.ended = new Promise((resolve) => {
      let asked = 0;
      const end = (): void => {
        asked += 1;
        if (asked > 1) {
          insisted();
          process.exit(1);
        }
        resolve();
      };
      process.on("SIGTERM", end).on("SIGINT", end);
    });
  }

  /** What SIGHUP is for, one after the other: each takes what is rendered then. */
  onReload(reload: () => Promise<void>): void {
    this.reload = reload;
    if (this.isAsked) this.go();
  }

  /** What SIGUSR1 is for. */
  onReopen(reopen: () => void): void {
    this.reopen = reopen;
  }

  private go(): void {
    const { reload } = this;
    if (reload !== null) this.reloading = this.reloading.then(reload);
  }
}
