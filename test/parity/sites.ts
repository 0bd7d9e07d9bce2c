/** Where things are in one run. */
export interface Places {
  folder: string;
  port: number;
  apiPort: number;
  deadPort: number;
  closingPort: number;
  php: string;
  perl: string;
  uwsgi: string;
  scgi: string;
}

export interface ParitySite {
  name: string;
  /** Lines of `[site.<name>]` without `servers`. */
  lines: string;
  /** What it is switched to before the cases run. */
  mode?: "down" | "hold";
}

export function upstreams(at: Places): string {
  const upstream = (name: string, lines: string): string => `[upstream.${name}]\n${lines}\n`;
  const live = `"127.0.0.1:${at.port}"`;
  return [
    upstream("app", `backends = [${live}]`),
    upstream("api", `backends = ["127.0.0.1:${at.apiPort}"]`),
    upstream("dead", `backends = ["127.0.0.1:${at.deadPort}"]`),
    upstream("half", `backends = ["127.0.0.1:${at.deadPort}", ${live}]`),
    upstream("closing", `backends = ["127.0.0.1:${at.closingPort}"]`),
    upstream("slow", `backends = [${live}]\nread_timeout = "1s"`),
    upstream("least", `backends = [${live}]\nbalance = "least-connection"`),
    upstream("sticky", `backends = [${live}]\nbalance = "sticky"`),
    upstream("hash", `backends = [${live}]\nbalance = "hash"`),
    upstream("by-cookie", `backends = [${live}]\nbalance = "hash"\nhash_by = { cookie = "sid" }`),
    upstream("random", `backends = [${live}]\nbalance = "random"`),
    upstream("named", `backends = ["localhost:${at.port}"]`),
    upstream(
      "php",
      `backends = ["unix:${at.php}"]\nprotocol = "fastcgi"\ncgi = { root = "${at.folder}/php", index = "app.php" }`,
    ),
    upstream(
      "perl",
      `backends = ["unix:${at.perl}"]\nprotocol = "fastcgi"\ncgi = { root = "${at.folder}/php", split = [] }`,
    ),
    upstream("scgi", `backends = ["unix:${at.scgi}"]\nprotocol = "scgi"`),
    upstream("uwsgi", `backends = ["unix:${at.uwsgi}"]\nprotocol = "uwsgi"`),
  ].join("");
}

export function sites(at: Places): ParitySite[] {
  const own = (name: string, upstream = "app", lines = ""): ParitySite => ({
    name,
    lines: `hosts = ["${name}.test"]\nupstream = "${upstream}"\n${lines}`,
  });
  const route = (path: string, dir: string, more = ""): string =>
    `{ path = "${path}", dir = "${at.folder}/${dir}"${more} }`;
  const files = `route = [${route("/static/", "static")}, ${route("/static/deep/", "deep")}, ${route(
    "/media/",
    "media",
    ', fallback = { base = "https://elsewhere.test/bucket" }',
  )}, ${route("/last/", "media", ', fallback = { base = "https://elsewhere.test/b", append = "last-segment" }')}]`;
  const rules = `pass = ["/open", { exact = "/exact.txt" }, { regex = "^/re[0-9]+$" }]\nhealth = { path = "/health", while_down = "ok" }`;
  return [
    own("plain"),
    { name: "wild", lines: 'hosts = ["*.wild.test"]\nupstream = "app"' },
    own("files", "app", files),
    {
      name: "bare",
      lines: `hosts = ["bare.test"]
route = [${route("/static/", "static")}]`,
    },
    {
      name: "routes",
      lines: `hosts = ["routes.test", "other.routes.test"]\nupstream = "app"\nroute = [
${routesOf(at).join(",\n")}\n]`,
    },
    own(
      "trusted",
      "app",
      `exceptions = { trusted_proxies = ["127.0.0.1"] }
route = [{ path = "/api/", upstream = "api", strip_prefix = true }, { path = "/uwsgi/", upstream = "uwsgi" }]`,
    ),
    own("dead", "dead"),
    own("half", "half"),
    own("closing", "closing"),
    own("slow", "slow"),
    ...["least", "sticky", "hash", "by-cookie", "random", "named"].map((name) => own(name, name)),
    own(
      "asks",
      "app",
      'rewrite = { request = { set = { "X-Env" = "prod $x" }, remove = ["X-Secret", "Accept-Language"] } }',
    ),
    own(
      "answers",
      "app",
      'rewrite = { response = { set = { "X-Frame-Options" = "DENY" }, remove = ["X-Powered-By"] } }',
    ),
    own(
      "leads",
      "app",
      `rewrite = { location = [{ from = "http://127.0.0.1:9000/app/", to = "/shop/" }, { from = "http://127.0.0.1:9000", to = "https://public.test" }, { from = "/app/", to = "/" }] }`,
    ),
    own(
      "paths",
      "app",
      'rewrite = { cookie_path = [{ from = "/app/", to = "/" }, { from = "/old", to = "/new" }] }',
    ),
    own("domains", "app", 'rewrite = { cookie_domain = [{ from = "app.internal", to = "public.test" }] }'),
    own("drops", "app", 'rewrite = { cookie_domain = [{ from = "app.internal", to = "" }] }'),
    own("sent", "app", `${COMPRESSED}sendfile = { roots = ["${at.folder}/sent"] }`),
    own(
      "accel",
      "app",
      `${COMPRESSED}sendfile = { accel = [{ prefix = "/protected/", dir = "${at.folder}/sent" }] }`,
    ),
    own(
      "small",
      "app",
      'compress = { types = ["text/html", "text/plain"], min_bytes = 100, encodings = ["gzip"] }',
    ),
    own("php", "php"),
    own("perl", "perl"),
    own("scgi", "scgi"),
    own("uwsgi", "uwsgi"),
    own("mixed", "app", `${mixedRoutes}${mixedRewrite}`),
    own("mixed-sent", "app", `${mixedRoutes}sendfile = { roots = ["${at.folder}/sent"] }`),
    own(
      "mixed-accel",
      "app",
      `${mixedRoutes}sendfile = { accel = [{ prefix = "/protected/", dir = "${at.folder}/sent" }] }`,
    ),
    down(own("down", "app", `${files}\nexceptions = { ${rules.replaceAll("\n", ", ")} }`)),
    down(own("allowed", "app", 'exceptions = { allow = ["127.0.0.0/8"] }')),
    down(own("behind", "app", 'exceptions = { allow = ["192.0.2.0/24"], trusted_proxies = ["127.0.0.1"] }')),
    down(
      own("parts", "app", 'maintenance = { paths = ["/shop"], status = 502, headers = { "X-Own" = "y" } }'),
    ),
    down(own("cors", "app", 'maintenance = { cors_origins = ["https://app.test"] }')),
    down(own("passes-down", "app", passing(at))),
    hold(own("passes-hold", "app", passing(at))),
    down(own("ok-down", "app", HEALTH_OK)),
    hold(own("ok-hold", "app", HEALTH_OK)),
    hold(own("held", "app", shutRoutes(at))),
    hold(own("held-parts", "app", 'maintenance = { paths = ["/shop"] }')),
    hold(own("held-half", "half")),
    ...(["down", "hold"] as const).map((mode) => ({ name: `names-${mode}`, mode, lines: namesOf(mode) })),
    hold({
      name: "held-api",
      lines: 'hosts = ["held-api.test"]\nroute = [{ path = "/api/", upstream = "api" }]',
    }),
    hold(own("held-mixed", "app", mixedRoutes)),
    hold(own("held-sent", "app", `sendfile = { roots = ["${at.folder}/sent"] }`)),
    hold(
      own(
        "held-accel",
        "app",
        `sendfile = { accel = [{ prefix = "/protected/", dir = "${at.folder}/sent" }] }`,
      ),
    ),
  ];
}

/** Of a site whose names are routed otherwise. */
const namesOf = (mode: string): string => `hosts = ["names-${mode}.test", "other.names-${mode}.test"]
upstream = "app"
route = [
{ path = "/tenant/", upstream = "api", strip_prefix = true, hosts = ["other.names-${mode}.test"] },
{ path = { regex = "^/v[0-9]+/" }, upstream = "api", add_prefix = "/all", hosts = ["names-${mode}.test"] },
]
exceptions = { pass = ["/tenant/open", { regex = "^/v[0-9]+/open$" }] }`;

const COMPRESSED = 'compress = { types = ["text/plain"], min_bytes = 1000, encodings = ["gzip"] }\n';

/** Each protocol, each kind of route. */
const mixedRoutes = `route = [
{ path = "/php/", upstream = "php" },
{ path = { exact = "/app.php" }, upstream = "php" },
{ path = "/perl/", upstream = "perl" },
{ path = "/scgi/", upstream = "scgi" },
{ path = { regex = "^/uwsgi[0-9]/" }, upstream = "uwsgi" },
]
`;
const mixedRewrite = `rewrite = { ${[
  'request = { set = { "X-Asked" = "told" } }',
  'response = { set = { "X-Frame-Options" = "DENY" }, remove = ["X-App"] }',
  'location = [{ from = "/elsewhere", to = "/here" }]',
].join(", ")} }`;

const down = (site: ParitySite): ParitySite => ({ ...site, mode: "down" });
const hold = (site: ParitySite): ParitySite => ({ ...site, mode: "hold" });

const HEALTH_OK = 'exceptions = { health = { path = "/health", while_down = "ok" } }';

/** Of the sites that some pass while they are shut, and of one that nobody passes. */
const shutRoutes = ({ folder }: Places): string => `route = [
{ path = "/static/", dir = "${folder}/static" },
{ path = "/media/", dir = "${folder}/media", fallback = { base = "https://elsewhere.test/bucket" } },
{ path = "/api/", upstream = "api", strip_prefix = true },
{ path = { exact = "/exact" }, upstream = "api" },
{ path = { regex = "^/v[0-9]+/" }, upstream = "api", add_prefix = "/all" },
]
rewrite = { request = { set = { "X-Env" = "prod" }, remove = ["X-Secret"] }, location = [{ from = "/app/", to = "/" }] }
compress = { types = ["text/plain"], min_bytes = 100, encodings = ["gzip"] }
`;

const passing = (at: Places): string =>
  `${shutRoutes(at)}exceptions = { ${[
    'allow = ["192.0.2.0/24"]',
    'trusted_proxies = ["127.0.0.1"]',
    'pass = ["/open", "/api/open", { exact = "/exact" }, { regex = "^/v[0-9]+/open$" }]',
    'health = { path = "/api/health", while_down = "pass" }',
  ].join(", ")} }`;

/** Of the site `routes`: none is where its rank would put it. */
function routesOf({ folder }: Places): string[] {
  return [
    '{ path = { regex = "^/v[0-9]+/" }, upstream = "api" }',
    '{ path = { regex = "^/v1" }, upstream = "app" }',
    '{ path = "/v1/own/", upstream = "app" }',
    '{ path = "/api/", upstream = "api" }',
    '{ path = "/api/own/", upstream = "app" }',
    '{ path = { exact = "/api/own/exact" }, upstream = "api" }',
    `{ path = "/api/static/", dir = "${folder}/static" }`,
    '{ path = "/tenant", upstream = "api", hosts = ["other.routes.test"] }',
    '{ path = "/strip", upstream = "api", strip_prefix = true }',
    '{ path = { prefix = "/add" }, upstream = "api", add_prefix = "/v2" }',
    '{ path = "/both/", upstream = "api", strip_prefix = true, add_prefix = "/v2/" }',
  ];
}
