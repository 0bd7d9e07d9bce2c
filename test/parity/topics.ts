import type { Topic } from "./case.js";
import { cgi, failures } from "./cases/backends.js";
import { down } from "./cases/down.js";
import { compression, files, sendfile } from "./cases/files.js";
import { cookies, forwarded, locations, rewriting } from "./cases/headers.js";
import { routes } from "./cases/routes.js";
import { methods, paths, refused } from "./cases/proxying.js";

/** All rows of docs/parity.md, in their order. */
export const TOPICS: readonly Topic[] = [
  methods,
  paths,
  refused,
  forwarded,
  rewriting,
  locations,
  cookies,
  files,
  routes,
  sendfile,
  compression,
  failures,
  cgi,
  down,
];
