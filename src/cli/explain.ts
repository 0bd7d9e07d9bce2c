import type { ExitName } from "../base/exit.js";
import { FenceError } from "../base/errors.js";
import type { Mode } from "../base/mode.js";
import { specText } from "../spec/load.js";
import { placesOf, type Places } from "../spec/places.js";
import type { Server, Site, Spec } from "../spec/types.js";
import type { RequestHead } from "../proxy/wire/types.js";
import type { Context } from "./context.js";
import { exceptionOf, type Exception } from "./explain-exception.js";
import { takenBy, type Rule, type Taken } from "./explain-route.js";
import { explainLines } from "./explain-view.js";
import { lookAt, planned, type Planned } from "./machine.js";
import { modeInForce } from "./status-view.js";

export interface ExplainOptions {
  method: string;
  header: readonly string[];
  ip: string;
}

/** What one server would do with a request. */
export interface Explained {
  server: Server;
  /** null: no site of the server has the host, on the port that was named. */
  site: { site: Site; rule: Rule; exception: Exception; taken: Taken } | null;
  mode: Mode | "unknown";
}

/** The request as a client would send it, and as the proxy reads it. */
export interface Asked {
  head: RequestHead;
  url: URL;
  ip: string;
}

type Parts = Awaited<ReturnType<typeof partsOfProxy>>;

/** `fence explain URL` */
export async function explain(context: Context, text: string, options: ExplainOptions): Promise<ExitName> {
  const [made, parts] = await Promise.all([planned(context), partsOfProxy()]);
  const asked = askedFor(parts, text, options);
  const places = placesOf(specText(made.spec));
  const found = made.spec.servers.map((server) => siteOn(parts, made.spec, server, asked, places));
  const names = [...new Set(found.flatMap((one) => one?.site.name ?? []))];
  const modes = await modesOf(made, names);
  const explained = made.spec.servers.map((server, index): Explained => {
    const one = found[index] ?? null;
    if (one === null) return { server, site: null, mode: "unknown" };
    const { site, rule } = one;
    const { exception, taken } = within(parts, made.spec, server, site, asked, places);
    return { server, site: { site, rule, exception, taken }, mode: modes(server.name, site.name) };
  });
  if (context.json) context.out.line(JSON.stringify(objectOf(made.spec, asked, explained)));
  else for (const line of explainLines(context.out, made.spec.file, asked, explained)) context.out.line(line);
  return "ok";
}

/** The functions that the proxy decides by. */
async function partsOfProxy() {
  const [{ parseRequestHead }, { decide, gateOf }, { passesBy }, { HostTable }, { Forwarding }, addresses] =
    await Promise.all([
      import("../proxy/wire/request-head.js"),
      import("../proxy/gate/decide.js"),
      import("../proxy/gate/bypass.js"),
      import("../proxy/front/host-table.js"),
      import("../proxy/wire/forwarding.js"),
      import("../proxy/wire/addresses.js"),
    ]);
  return { parseRequestHead, decide, gateOf, passesBy, HostTable, Forwarding, ...addresses };
}

/** @throws FenceError usage: it is none that a client could send */
function askedFor({ parseRequestHead, addressOf }: Parts, text: string, options: ExplainOptions): Asked {
  const usage = (message: string, hint: string): FenceError => new FenceError("usage", message, { hint });
  const shown = JSON.stringify(text);
  const [, scheme, authority = "", target = ""] = /^(https?):\/\/([^/?#]+)([^#]*)$/i.exec(text) ?? [];
  if (scheme === undefined || !URL.canParse(text) || authority.includes("@"))
    throw usage(
      `${shown} is no URL of a site`,
      "Write all of it: fence explain https://www.example.com/path",
    );
  if (addressOf(options.ip) === null)
    throw usage(`${JSON.stringify(options.ip)} is no address`, "Write it like 192.0.2.7 or 2001:db8::7.");
  const wrong = options.header.find((field) => !/^[^\s:]+:[^\r\n]*$/.test(field));
  if (wrong !== undefined)
    throw usage(`${JSON.stringify(wrong)} is no header`, "Write it like --header 'Accept: text/html'.");
  const hosts = options.header.some((field) => /^host:/i.test(field)) ? [] : [`Host: ${authority}`];
  const path = target.startsWith("/") ? target : `/${target}`;
  const lines = [`${options.method} ${path} HTTP/1.1`, ...hosts, ...options.header, "", ""];
  const bytes = Buffer.from(lines.join("\r\n"), "utf8");
  const head = parseRequestHead(bytes, 0, bytes.length);
  if (head === "incomplete" || head.kind !== "request")
    throw usage(
      `no server takes such a request${head === "incomplete" ? "" : `: ${head.status}, ${head.reason}`}`,
      "A space, a quote or a letter beyond ASCII in a URL is written as %HH.",
    );
  return { head, url: new URL(text), ip: options.ip };
}

/** Of the sites that listen on the URL's port, or of all when it names none, the one whose host it is. */
function siteOn(
  { HostTable }: Parts,
  spec: Spec,
  server: Server,
  { head, url }: Asked,
  places: Places,
): { site: Site; rule: Rule } | null {
  const listens = (site: Site): boolean =>
    url.port === "" ||
    (site.listen[server.name] ?? server.listen).some(
      (listen) => listen.kind === "tcp" && listen.port === Number(url.port),
    );
  const sites = spec.sites.filter((site) => site.servers.includes(server.name) && listens(site));
  const rows = sites.flatMap((site) =>
    site.hosts.map((host, index) => [host, { site, host, index }] as const),
  );
  const found = new HostTable(rows).find(head.host);
  if (found === null) return null;
  const { site, host, index } = found;
  const line = places.lineOf(["site", site.name, "hosts", index]);
  const why = host === head.host ? "its host is this one" : "no closer host fits";
  return { site, rule: { rule: host, line, why } };
}

function within(
  { decide, gateOf, passesBy, Forwarding, AddressSet }: Parts,
  spec: Spec,
  server: Server,
  site: Site,
  { head, url, ip }: Asked,
  places: Places,
): { exception: Exception; taken: Taken } {
  const { method, path, fields, sent } = head;
  const trusted = new AddressSet(site.exceptions.trustedProxies.map(({ text }) => text));
  const protocol = url.protocol === "https:" ? "https" : "http";
  const forwarding = new Forwarding({ address: ip, protocol, port: null }, trusted);
  const request = {
    method,
    path,
    fields,
    client: () => forwarding.client(sent),
    hasBypass: () => passesBy(`${spec.stateDir}/servers/${server.name}/${site.name}`, site.name, fields),
  };
  return {
    exception: exceptionOf(decide, gateOf(site), site, request, places),
    taken: takenBy(site, head, places),
  };
}

/** What the clients of a server get now. */
async function modesOf(
  made: Planned,
  sites: readonly string[],
): Promise<(server: string, site: string) => Mode | "unknown"> {
  const cells = sites.length === 0 ? [] : await lookAt(made, sites);
  return (server, site) => {
    const cell = cells.find((one) => one.server === server && one.site === site);
    return cell === undefined ? "unknown" : modeInForce(cell);
  };
}

/** The shape of `fence/explain@1`. */
function objectOf(spec: Spec, { head, ip }: Asked, explained: readonly Explained[]): Record<string, unknown> {
  return {
    schema: "fence/explain@1",
    config: { path: spec.file, sha256: spec.sha256 },
    request: { method: head.method, host: head.host, target: head.target, path: head.path, ip },
    servers: explained.map(({ server, site, mode }) => ({
      server: server.name,
      kind: server.kind,
      mode,
      site:
        site === null
          ? null
          : {
              name: site.site.name,
              host: site.rule,
              ...site.taken,
              decision: site.exception.decision,
              exception: site.exception.rule,
            },
    })),
  };
}
