import type { CgiSettings, Site, Upstream } from "../spec/types.js";
import { FORWARDED_OTHER } from "./forwarded-fields.js";
import { ident, type Ident } from "./ident.js";
import { variableId } from "./nginx-sites.js";

/** One `*_param`: text, or variables of nginx one behind the other. */
export interface CgiParam {
  name: Ident;
  value: string;
  variable: readonly Ident[] | null;
  /** Left out when it is empty. */
  optional: boolean;
}

type Source = { text: string } | { variables: readonly string[]; optional?: true };

const given = (...variables: string[]): Source => ({ variables });
const perhaps = (...variables: string[]): Source => ({ variables, optional: true });
/** The field of the client becomes no variable. */
const NONE: Source = { variables: [], optional: true };

/**
 * The variables of CGI (RFC 3875, 4.1) as the built-in proxy tells them. Those of fields come from nginx itself, which
 * takes names of letters, digits and hyphens alone; one that is named here stands for what the client sent.
 */
export function cgiParams(upstream: Upstream, cgi: CgiSettings, site: Site): CgiParam[] {
  const params = new Map<string, Source>([
    ...requestParams(upstream, cgi),
    ...originParams(site),
    ...ruleParams(site),
    ...cgi.params.map(({ name, value }) => [name, { text: value }] as const),
  ]);
  return [...params].map(([name, source]) => ({
    name: ident(name),
    value: "text" in source ? source.text : "",
    variable: "text" in source || source.variables.length === 0 ? null : source.variables.map(ident),
    optional: "variables" in source && source.optional === true,
  }));
}

/** Whether a path names a script: else all of it is for the application. */
export function hasScripts({ root, split }: CgiSettings): boolean {
  return root !== "" && split.length > 0;
}

function requestParams({ protocol }: Upstream, cgi: CgiSettings): [string, Source][] {
  const script = hasScripts(cgi);
  return [
    // uwsgi and FastCGI are told as any variable; nginx itself puts it first with SCGI, which wants a mark of its version.
    protocol === "scgi" ? ["SCGI", { text: "1" }] : ["CONTENT_LENGTH", given("content_length")],
    ["CONTENT_TYPE", perhaps("content_type")],
    ["QUERY_STRING", given("query_string")],
    ["REQUEST_METHOD", given("request_method")],
    ["REQUEST_URI", given("request_uri")],
    ["SCRIPT_NAME", script ? given("fastcgi_script_name") : { text: "" }],
    ["DOCUMENT_URI", script ? given("fastcgi_script_name", "fastcgi_path_info") : given("uri")],
    ["SERVER_PROTOCOL", given("server_protocol")],
    ["SERVER_NAME", given("host")],
    ...(script
      ? ([["SCRIPT_FILENAME", given("document_root", "fastcgi_script_name")]] as [string, Source][])
      : []),
    ["PATH_INFO", script ? perhaps("fastcgi_path_info") : given("uri")],
    ["HTTP_HOST", given("host", "fence_port")],
    ["HTTP_COOKIE", perhaps("fence_cookie")],
    ["HTTP_PROXY", NONE],
    ["GATEWAY_INTERFACE", { text: "CGI/1.1" }],
    ["SERVER_SOFTWARE", { text: "fence" }],
    ["REDIRECT_STATUS", { text: "200" }],
    ...(cgi.root === "" ? [] : ([["DOCUMENT_ROOT", { text: cgi.root }]] as [string, Source][])),
  ];
}

/** Where the request comes from; X-Forwarded-* is believed, and passed on, of trusted proxies alone. */
function originParams(site: Site): [string, Source][] {
  const hasTrusted = site.exceptions.trustedProxies.length > 0;
  const id = variableId(site.name).value;
  const told = (name: string): Source => (hasTrusted ? perhaps(`fence_${id}_told${name}`) : NONE);
  return [
    ["REQUEST_SCHEME", given(hasTrusted ? `fence_${id}_proto` : "scheme")],
    ["HTTPS", perhaps(hasTrusted ? `fence_${id}_https` : "https")],
    ["REMOTE_ADDR", given("remote_addr")],
    ["REMOTE_PORT", given("remote_port")],
    ["SERVER_ADDR", given("server_addr")],
    ["SERVER_PORT", given(hasTrusted ? `fence_${id}_port` : "server_port")],
    ["HTTP_X_FORWARDED_FOR", told("for")],
    ["HTTP_X_FORWARDED_PROTO", told("proto")],
    ["HTTP_X_FORWARDED_HOST", told("host")],
    ["HTTP_X_FORWARDED_PORT", told("port")],
    ["HTTP_FORWARDED", told("forwarded")],
    ...FORWARDED_OTHER.map((name): [string, Source] => [variableOf(name), NONE]),
  ];
}

function ruleParams({ rewrite: { request } }: Site): [string, Source][] {
  return [
    ...request.remove.map((name): [string, Source] => [variableOf(name), NONE]),
    ...request.set.map(({ name, value }): [string, Source] => [variableOf(name), { text: value }]),
  ];
}

function variableOf(field: string): string {
  const name = field.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  return name === "CONTENT_TYPE" ? name : `HTTP_${name}`;
}
