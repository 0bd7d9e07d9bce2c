import type { WebServerKind } from "./types.js";

/** What one site of a config says that a spec says, too. */
export interface ServedNames {
  hosts: readonly string[];
  listens: readonly StarterListen[];
}

interface StarterListen {
  address: string;
  tls: boolean;
}

/** What is known of a config that is to include what fence writes. */
export interface OwnConfig {
  /** Absolute; null: where its package has it. */
  pidFile: string | null;
  /** No host is in two of them; empty: they are not known. */
  sites: readonly ServedNames[];
}

export interface StarterOptions {
  /** Name of the first site: ASCII letters, digits, `-` and `.` */
  hostname?: string;
  /** For a server that has a config already; not for a proxy. */
  include?: OwnConfig;
}

const EXAMPLE_LISTENS: readonly StarterListen[] = [
  { address: "0.0.0.0:80", tls: false },
  { address: "[::]:80", tls: false },
];

/** A commented fence.toml that is valid as it stands, for `fence init`. */
export function starterSpec(kind: WebServerKind, options: StarterOptions = {}): string {
  const { hostname = "www.example.com", include } = options;
  const listens = include === undefined || include.sites.length === 0 ? EXAMPLE_LISTENS : allListens(include);
  // It is put between quotes as it is.
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(hostname))
    throw new Error(`not a host name: ${hostname}`);
  return `#:schema ./fence.schema.json
# What fence looks after: web servers, upstreams, sites. Every key: docs/spec.md
# The line above is for editors: fence schema > fence.schema.json
#
# fence check    says what is wrong with this file, at its line
# fence plan     shows what fence would write
# fence apply    writes it, after the server's own config test
# fence down main --for 20m; fence up main
#
${(include !== undefined ? includeHead(kind) : HEADS[kind]).map((line) => (line === "" ? "#" : `# ${line}`)).join("\n")}

state_dir = "/var/lib/fence"       # modes and their history; survives a reboot
run_dir = "/run/fence"             # sockets and pid files
output = "rendered"                # what fence writes for the servers, beside this file

[server.web]
kind = "${kind}"
${include !== undefined ? includeLines(kind, include) : kind === "proxy" ? "" : CONFIG_LINE}listen = ${listenText(listens)}
# listen = ["0.0.0.0:80", { address = "0.0.0.0:443", tls = true }]
${include !== undefined ? `\n${firstSite(include, hostname)}` : wholeLines(kind, hostname)}
# What clients get while the site is down:
[site.main.maintenance]
retry_after = "2m"                 # when no end is given with --for or --until
title = "Down for maintenance"
message = "We will be back soon."
# page = "maintenance.html"        # your own page, beside this file
# headers = { "Strict-Transport-Security" = "max-age=31536000" }

# Who and what still passes while it is down:
[site.main.exceptions]
allow = []                         # e.g. ["192.0.2.0/24", "2001:db8::/32"]: they see the live site
# trusted_proxies = ["10.0.0.0/8"] # load balancers whose X-Forwarded-For is believed
# pass = ["/webhooks", { exact = "/status" }, { regex = "^/v[0-9]+/ping$" }]
# health = { path = "/health", while_down = "ok" }
${include === undefined ? "" : otherSites(include)}`;
}

/** Each address once: to nginx TLS is a matter of the address. */
function allListens({ sites }: OwnConfig): StarterListen[] {
  const byAddress = new Map<string, boolean>();
  for (const { address, tls } of sites.flatMap(({ listens }) => listens))
    byAddress.set(address, tls || byAddress.get(address) === true);
  return [...byAddress].map(([address, tls]) => ({ address, tls }));
}

function listenText(listens: readonly StarterListen[]): string {
  const one = ({ address, tls }: StarterListen): string =>
    tls ? `{ address = "${address}", tls = true }` : `"${address}"`;
  return `[${listens.map(one).join(", ")}]`;
}

/** A site that is not on every address of its server says on which. */
function ownListen(site: ServedNames, include: OwnConfig): string {
  const addresses = new Set(site.listens.map(({ address }) => address));
  const all = allListens(include);
  const own = all.filter(({ address }) => addresses.has(address));
  return own.length === all.length ? "" : `listen = ${listenText(own)}\n`;
}

function firstSite(include: OwnConfig, hostname: string): string {
  const [site] = include.sites;
  const lines =
    site === undefined
      ? siteLines(hostname)
      : `[site.main]\nhosts = ${hostsText(site)}\n${ownListen(site, include)}`;
  return `${HOLD_UPSTREAM}${lines}# upstream = "app"\n`;
}

const HOLD_UPSTREAM = `# For fence hold, which has requests wait while a backend is replaced: docs/hold.md
# [upstream.app]
# backends = ["127.0.0.1:8080"]

`;

function otherSites(include: OwnConfig): string {
  const [, ...others] = include.sites;
  return others
    .map((site, index) => {
      const name = `${(site.hosts[0] ?? "").replace(/^\*\./, "").replace(/[^a-z0-9]+/g, "-")}-${index + 2}`;
      return `\n[site.${name}]\nhosts = ${hostsText(site)}\n${ownListen(site, include)}`;
    })
    .join("");
}

function hostsText({ hosts }: ServedNames): string {
  return `[${hosts.map((name) => `"${name}"`).join(", ")}]`;
}

function siteLines(hostname: string): string {
  return `[site.main]
hosts = ["${hostname}"]            # "*.example.com" is every name under it
`;
}

/** What is in the user's own config otherwise. */
function wholeLines(kind: WebServerKind, hostname: string): string {
  return `${SERVER_LINES[kind].map((line) => `${line}\n`).join("")}
[upstream.app]
backends = ["127.0.0.1:8080"]      # or "app.internal:8080", "[::1]:8080", "unix:/run/app.sock"

${siteLines(hostname)}upstream = "app"
# tls = { certificate = "/etc/ssl/main.pem", key = "/etc/ssl/main.key" }

# Files that the web server hands out itself:
# [[site.main.route]]
# path = "/static/"
# dir = "/srv/www/static"
# fallback = { base = "https://bucket.s3.amazonaws.com", append = "path" }   # 302 for a file that is not there
`;
}

function includeLines(kind: WebServerKind, { pidFile }: OwnConfig): string {
  const usual = `/run/${kind === "lighttpd" ? "lighttpd" : "nginx"}.pid`;
  return `config = "include"                 # your own config includes what fence writes, see above
pid_file = "${pidFile ?? usual}"       # what your config says
`;
}

const CONFIG_LINE =
  'config = "standalone"              # "include": your own config includes what fence writes, see above\n';

const WHERE = "where <output> is the absolute path of the folder that is named output below.";

/** What a config of the user's own gets besides. */
const NGINX_LINES = [
  "in http { }, before the server blocks:",
  "",
  "    include <output>/web/gate.http.conf;",
  "",
  "and first in every server { } that has a host of the site, also in one that only redirects:",
  "",
  "    include <output>/web/gate.main.conf;",
  "",
  WHERE,
  "Reload nginx once, then see with fence verify that it works.",
];

const LIGHTTPD_LINES = [
  "at the end of your lighttpd.conf, outside of any block:",
  "",
  '    include "<output>/web/gate.conf"',
  "",
  WHERE,
  "Restart lighttpd once, then see with fence verify that it works. Not a reload: lighttpd ends when it is to open",
  "a new socket as another user than root.",
];

const LINES: Readonly<Record<WebServerKind, readonly string[]>> = {
  lighttpd: LIGHTTPD_LINES,
  "nginx-lua": NGINX_LINES,
  nginx: NGINX_LINES,
  proxy: [],
};

/** How to begin with a config that fence writes whole. */
function head(pidFile: string, lines: readonly string[]): readonly string[] {
  return [
    `You have a config already? Set config = "include" and pid_file = "${pidFile}" (what yours says) below,`,
    "and listen as yours does; leave out upstream, tls and routes, which are yours. Run fence apply, then add",
    ...lines,
  ];
}

/** How to begin; file names are those that the servers' adapters write. */
const HEADS: Readonly<Record<WebServerKind, readonly string[]>> = {
  lighttpd: head("/run/lighttpd.pid", LIGHTTPD_LINES),
  "nginx-lua": head("/run/nginx.pid", NGINX_LINES),
  nginx: head("/run/nginx.pid", NGINX_LINES),
  proxy: [
    "The proxy is fence's own web server; nothing has to be installed. It runs in the foreground, for systemd:",
    "",
    "    fence proxy run web",
  ],
};

function includeHead(kind: WebServerKind): readonly string[] {
  return [
    "For a config that you have. Say below how it listens, where its pid file is, and which hosts it serves. Run",
    "fence apply, then add",
    ...LINES[kind],
  ];
}

const SERVER_LINES: Readonly<Record<WebServerKind, readonly string[]>> = {
  lighttpd: [
    "workers = 0                        # one process that serves by itself",
    '# user = "www-data"',
    '# stat_cache = "inotify"           # a switch shows within milliseconds, not within a second',
  ],
  "nginx-lua": [
    "workers = 2",
    '# user = "www-data"',
    '# module_dir = "/usr/lib/nginx/modules"    # "" when the Lua module is built in or loaded elsewhere',
  ],
  nginx: ["workers = 2", '# user = "www-data"'],
  proxy: [],
};
