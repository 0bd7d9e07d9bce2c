import { BYPASS_COOKIE, BYPASS_PATH } from "../base/bypass.js";
import type { Site, Spec } from "../spec/types.js";
import { ident } from "./ident.js";

type Values = Readonly<Record<string, unknown>>;

/** Of the script that takes the cookie of a bypass out of a request. */
export function cleanValues(): Values {
  return { cookie: ident(BYPASS_COOKIE), cookieText: BYPASS_COOKIE };
}

/** Of the script that answers the link of a bypass. */
export function linkValues(spec: Spec, site: Site): Values {
  return {
    name: ident(site.name),
    cookie: ident(BYPASS_COOKIE),
    path: BYPASS_PATH,
    folder: `${spec.stateDir}/bypass/${site.name}/`,
  };
}
