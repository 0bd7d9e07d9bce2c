import type { Topic } from "./case.js";
import { cgi, failures, mixed } from "./cases/backends.js";
import { down } from "./cases/down.js";
import { compression, files } from "./cases/files.js";
import { held } from "./cases/held.js";
import { cookies, forwarded, locations, rewriting } from "./cases/headers.js";
import { routes } from "./cases/routes.js";
import { sendfile } from "./cases/sendfile.js";
import { exceptions } from "./cases/shut.js";
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
  mixed,
  down,
  exceptions,
  held,
];
