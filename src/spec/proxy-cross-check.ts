import type { Finding } from "./cross-check.js";
import { itemsOf, valueAt } from "./raw.js";
import type { RawUpstream } from "./schema-upstream.js";
import type { RawSite } from "./schema.js";

type Add = (
  key: readonly PropertyKey[],
  message: string,
  why: string | null,
  fix: string,
  atKey?: boolean,
) => void;

function collect(base: readonly PropertyKey[], look: (add: Add) => void): Finding[] {
  const findings: Finding[] = [];
  look((key, message, why, fix, atKey = false) => {
    findings.push({ path: [...base, ...key], message, why, fix, atKey });
  });
  return findings;
}

/** Keys of an upstream that mean nothing without, or beside, another. */
export function upstreamFindings(name: string, upstream: RawUpstream): Finding[] {
  const { protocol = "http", balance = "round-robin", hash_by, max_connections, queue, cgi } = upstream;
  return collect(["upstream", name], (add) => {
    const addresses = itemsOf<unknown>(valueAt(upstream, ["backends"])).map((one) =>
      typeof one === "string" ? one : valueAt(one, ["address"]),
    );
    listTwice(addresses, false, (index, address) => {
      const why = "it is one backend, however often it is named";
      add(["backends", index], `backend ${address} is here twice`, why, "remove one, or give it a weight");
    });
    if (hash_by !== undefined && balance !== "hash") {
      const why = `balance is "${balance}", which looks at nothing of the kind`;
      add(["hash_by"], 'hash_by is for balance = "hash"', why, 'write balance = "hash", or remove it', true);
    }
    if (queue !== undefined && max_connections === undefined) {
      const why = "without a limit of connections no request ever waits for one";
      add(["queue"], "queue means nothing without max_connections", why, "add max_connections = 64", true);
    }
    if (cgi !== undefined && protocol === "http") {
      const why = "backends that speak HTTP get no CGI variables";
      add(
        ["cgi"],
        "cgi is for fastcgi, scgi and uwsgi",
        why,
        'write protocol = "fastcgi", or remove it',
        true,
      );
    }
    if (protocol === "fastcgi" && valueAt(cgi, ["root"]) === undefined) {
      const why = "the backend is told which script to run as a path below it";
      const fix = `add [upstream.${name}.cgi] with root = "/srv/app"`;
      if (cgi === undefined) add([], `[upstream.${name}] speaks fastcgi and has no cgi.root`, why, fix, true);
      else add(["cgi"], "`root` is missing", why, 'add root = "/srv/app"', true);
    }
  });
}

/** The same of what a site does to messages. */
export function answerFindings(name: string, site: RawSite): Finding[] {
  return collect(["site", name], (add) => {
    for (const side of ["request", "response"] as const) {
      const set = valueAt(site, ["rewrite", side, "set"]);
      const names = Object.keys(set ?? {}).map((header) => header.toLowerCase());
      listTwice(valueAt(site, ["rewrite", side, "remove"]), true, (index, header) => {
        const key = ["rewrite", side, "remove", index];
        add(key, `header ${header} is removed twice`, null, "remove one");
      });
      itemsOf<unknown>(valueAt(site, ["rewrite", side, "remove"])).forEach((header, index) => {
        if (typeof header !== "string" || !names.includes(header.toLowerCase())) return;
        const why = "set takes the place of what was there, so that nothing is left to remove";
        add(["rewrite", side, "remove", index], `header ${header} is set, too`, why, "remove it here");
      });
    }
    const { sendfile } = site;
    if (
      sendfile !== undefined &&
      isBare(valueAt(sendfile, ["roots"])) &&
      isBare(valueAt(sendfile, ["accel"]))
    ) {
      const why = "a backend may have nothing sent";
      add(["sendfile"], "sendfile has neither roots nor accel", why, 'add roots = ["/srv/files"]', true);
    }
    const prefixes = itemsOf(valueAt(sendfile, ["accel"])).map((one) => valueAt(one, ["prefix"]));
    listTwice(prefixes, false, (index, prefix) => {
      add(
        ["sendfile", "accel", index, "prefix"],
        `two entries have the prefix ${prefix}`,
        null,
        "remove one",
      );
    });
    listTwice(valueAt(site, ["compress", "encodings"]), false, (index, encoding) => {
      add(["compress", "encodings", index], `${encoding} is here twice`, null, "remove one");
    });
  });
}

/** Absent, or a list of nothing. */
function isBare(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function listTwice(list: unknown, anyCase: boolean, tell: (index: number, value: string) => void): void {
  const seen = new Set<string>();
  itemsOf<unknown>(list).forEach((value, index) => {
    if (typeof value !== "string") return;
    const key = anyCase ? value.toLowerCase() : value;
    if (seen.has(key)) tell(index, value);
    seen.add(key);
  });
}
