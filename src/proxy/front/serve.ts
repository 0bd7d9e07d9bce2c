import { wallMs } from "../../base/clock.js";
import { PROBE_PATH } from "../../servers/probe-path.js";
import { answerOf, type Answer } from "../answers/answer.js";
import { Exchange } from "../backend/exchange.js";
import type { BackendGroup } from "../backend/backend-group.js";
import { callOf } from "../cgi/call.js";
import type { CgiUpstream } from "../cgi/cgi-upstream.js";
import { faultCause } from "../cgi/faults.js";
import { prepare } from "../cgi/prepare.js";
import { BYPASS_PATH } from "../../base/bypass.js";
import { linkAnswer, passesBy, passLine, withoutCookie } from "../gate/bypass.js";
import { decide } from "../gate/decide.js";
import { downAnswer, HEALTH_OK, preflightAnswer } from "../modes/down-answer.js";
import type { ServedSite } from "../site.js";
import { HeldRequest } from "../hold/held-request.js";
import { serveFile } from "../static/serve-file.js";
import { askedOf } from "../ways.js";
import type { RequestHead } from "../wire/types.js";
import type { Client } from "./client.js";

const NOT_FOUND: Answer = answerOf(404, "Content-Type: text/plain; charset=utf-8\r\n", "404 Not Found\n");

/** What becomes of a request: the site of its host, the site's mode, and what of the site takes the path. */
export function serve(client: Client, request: RequestHead): void {
  const site = client.listener.sites.find(request.host);
  if (site === null) {
    client.reply(NOT_FOUND);
    return;
  }
  client.notes.site = site;
  if (!site.isOpen) return serveShut(client, request, site);
  if (request.path === PROBE_PATH) client.reply(site.modes.probe ?? NOT_FOUND);
  else if (request.path.startsWith(BYPASS_PATH)) serveLink(client, request, site);
  else serveLive(client, request, site);
}

/** A link of `fence bypass new`, in every mode; what nobody made is not there. */
function serveLink(client: Client, { path, sent }: RequestHead, site: ServedSite): void {
  const isSecure = client.forwardingFor(site).protocol(sent) === "https";
  client.reply(linkAnswer(site.modes.active, site.name, path, isSecure) ?? NOT_FOUND);
}

/** While the site is not up, or is and others still wait. */
function serveShut(client: Client, request: RequestHead, site: ServedSite): void {
  const { method, path, fields, sent } = request;
  const { modes } = site;
  modes.refresh();
  if (path === PROBE_PATH && modes.mode !== "down") return client.reply(modes.probe ?? NOT_FOUND);
  if (path.startsWith(BYPASS_PATH)) return serveLink(client, request, site);
  if (site.isOpen) return serveLive(client, request, site);
  const decision = decide(site.gate, {
    method,
    path,
    fields,
    client: () => client.forwardingFor(site).client(sent),
    hasBypass: () => passesBy(modes.active, site.name, fields),
  });
  const isUp = modes.mode === "up";
  const isStaff = decision === "allow" || decision === "bypass";
  if (isStaff && !isUp) client.notes.passLine = passLine(modes.mode, decision);
  if (decision === "live" || isStaff || (isUp && decision.startsWith("health"))) {
    serveLive(client, request, site);
    // While others wait it is a request like any other that the site takes.
    if (!isUp && client.task instanceof Exchange) site.exempts(client.task);
    return;
  }
  if (decision === "health-ok") return client.reply(HEALTH_OK);
  const isPreflight = decision === "preflight";
  const isKept = modes.mode !== "down" && decision !== "health-down";
  if (isKept && asksNobody(request, site)) return serveLive(client, request, site);
  if (isKept && new HeldRequest(client, request, site, isPreflight, serveLive).wait() === null) return;
  if (isPreflight) client.reply(preflightAnswer(fields));
  else client.reply(downAnswer(modes.down, fields, Math.floor(wallMs() / 1000)));
}

/** What comes from the disk alone does not depend on what is changed while the site is held. */
function asksNobody(request: RequestHead, { ways }: ServedSite): boolean {
  const taken = ways.find(request);
  return taken === null || "dir" in taken;
}

function serveLive(client: Client, request: RequestHead, site: ServedSite): void {
  const taken = site.ways.find(request);
  if (taken === null) return client.reply(NOT_FOUND);
  if ("dir" in taken) return serveFile(client, request, taken);
  const { group, cgi } = taken;
  if (cgi !== null) return serveCgi(client, request, site, group, cgi);
  const asked = askedOf(told(request, site), taken);
  const exchange = new Exchange(client.context, client, site, asked, group, client.reader.body);
  client.task = exchange;
  exchange.start();
}

function serveCgi(
  client: Client,
  request: RequestHead,
  site: ServedSite,
  group: BackendGroup,
  upstream: CgiUpstream,
): void {
  const prepared = prepare(client, request, site, upstream, serveAgain);
  if (prepared === null) return;
  const exchange = new Exchange(client.context, client, site, told(request, site), group, client.reader.body);
  client.task = exchange;
  exchange.call = callOf(exchange, upstream, prepared);
  if (exchange.call === null) exchange.fail(faultCause("variables-too-large"));
  else exchange.start();
}

/** The request as the site's backends are told it. */
function told(request: RequestHead, { treatment }: ServedSite): RequestHead {
  const clean = withoutCookie(request);
  return treatment?.rewriting?.request(clean) ?? clean;
}

/** Once more, of a request that was not ready for a backend. */
function serveAgain(client: Client, request: RequestHead): void {
  const site = client.listener.sites.find(request.host);
  // It has had its turn: those who wait are behind it.
  if (site !== null && site.modes.mode === "up") serveLive(client, request, site);
  else serve(client, request);
}
