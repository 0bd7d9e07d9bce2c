/** Which site a host name is of. */
export class HostTable<T> {
  private readonly exact = new Map<string, T>();
  /** By what follows the star, its dot included. */
  private readonly below = new Map<string, T>();

  constructor(rows: Iterable<readonly [host: string, site: T]>) {
    for (const [host, site] of rows) {
      if (host.startsWith("*.")) this.below.set(host.slice(1), site);
      else this.exact.set(host, site);
    }
  }

  /** @param host in lower case, without port. The exact name goes before a pattern, a longer pattern before a shorter one. */
  find(host: string): T | null {
    const exact = this.exact.get(host);
    if (exact !== undefined) return exact;
    if (this.below.size === 0) return null;
    for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
      const site = this.below.get(host.slice(dot));
      if (site !== undefined && dot > 0) return site;
    }
    return null;
  }
}
