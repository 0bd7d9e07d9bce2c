/**
 * Who may know whom: the table of rooms in ARCHITECTURE.md. `types` stands for files that hold types alone.
 * @type {import("dependency-cruiser").IConfiguration}
 */
const SPEC_TYPES = "^src/spec/(types|route-types)\\.ts$";
/** Which route takes a request, and what its upstream is asked for. */
const ROUTES = "^src/spec/(route-of|route-target)\\.ts$";
/** The types of a plan, and look-ups in it by name. */
const PLAN = "^src/plan/(types|plan)\\.ts$";
const PLAN_TYPES = "^src/plan/types\\.ts$";

/** room -> what it may import from src, besides itself. */
const MAY = {
  base: [],
  spec: ["^src/base/"],
  page: ["^src/base/", SPEC_TYPES],
  // and the values that a spec has when nothing was asked for
  servers: ["^src/base/", "^src/page/", SPEC_TYPES, ROUTES, "^src/spec/defaults\\.ts$"],
  plan: ["^src/base/", "^src/servers/", SPEC_TYPES],
  render: ["^src/base/", "^src/servers/", SPEC_TYPES, PLAN],
  switch: ["^src/base/", "^src/servers/adapter\\.ts$", SPEC_TYPES, PLAN_TYPES, "^src/render/types\\.ts$"],
  verify: ["^src/base/", "^src/servers/", SPEC_TYPES, ROUTES, PLAN],
  apply: ["^src/(base|spec|page|servers|plan|render|switch|verify)/"],
  // and two tables that every server answers by, and what its own adapter writes for it
  proxy: [
    "^src/base/",
    SPEC_TYPES,
    ROUTES,
    "^src/spec/(path-rules|normalised-path)\\.ts$",
    "^src/servers/(probe-path|mime|proxy-document)\\.ts$",
  ],
  // and the parts of the proxy that hold requests
  gate: ["^src/base/", SPEC_TYPES, "^src/servers/gate-doors\\.ts$", "^src/proxy/"],
  // and what asks backends through their protocol, and what tells systemd
  workers: ["^src/base/", SPEC_TYPES, "^src/proxy/(cgi/|backend/where\\.ts$|process/notify\\.ts$)"],
  tui: ["^src/base/", "^src/[a-z]+/types\\.ts$"],
};

const rooms = Object.entries(MAY).map(([room, allowed]) => ({
  name: `${room}-knows-only-the-rooms-under-it`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: [`^src/${room}/`, ...allowed] },
}));

module.exports = {
  forbidden: [
    ...rooms,
    {
      name: "leaves-are-loaded-by-cli-alone",
      comment:
        "proxy, gate, workers and tui are reached only from cli, and only by import(); the gate is made of parts of the proxy",
      severity: "error",
      from: { path: "^(src|bench)/", pathNot: "^(src/(cli|proxy|gate|workers|tui)/|bench/proxy-)" },
      to: { path: "^src/(proxy|gate|workers|tui)/" },
    },
    {
      name: "leaves-are-loaded-late",
      severity: "error",
      from: { path: "^src/cli/" },
      to: { path: "^src/(proxy|gate|workers|tui)/", dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "pure-rooms-touch-no-machine",
      comment: "spec, servers, plan, render and page: no disk, no network, no programs; the doors excepted",
      severity: "error",
      from: {
        path: "^src/(spec|servers|plan|render|page)/",
        pathNot: "^src/(spec/load|render/templates|page/source)\\.ts$",
      },
      to: {
        path: "^(node:)?(fs|fs/promises|net|http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads|os|timers|timers/promises|process)$",
        dependencyTypes: ["core"],
      },
    },
    {
      name: "pure-rooms-touch-no-machine-through-a-package",
      severity: "error",
      from: {
        path: "^src/(spec|servers|plan|render|page)/",
        pathNot: "^src/(spec/load|render/templates|page/source)\\.ts$",
      },
      to: { path: "fs-extra|^src/base/(durable|write-atomic|run|log|clock)\\.ts$" },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "nothing-imports-tests",
      severity: "error",
      from: { path: "^(src|bin)/" },
      to: { path: "^(test|bench)/" },
    },
    {
      name: "bench-uses-test-support-alone",
      severity: "error",
      from: { path: "^bench/" },
      to: { path: "^test/", pathNot: "^test/support/" },
    },
    {
      name: "no-development-package-at-run-time",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "resolves",
      comment: "all but what bin/build.mjs makes of the templates",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "/compiled-templates\\.js$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // bench/peers has packages of its own, which are installed only when they are to be measured
    exclude: { path: "^(build|bench/peers)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js", ".mjs"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
