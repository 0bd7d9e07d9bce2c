import { wallMs } from "../../base/clock.js";
import { PROBE_PATH } from "../../servers/probe-path.js";
import { answerOf, type Answer } from "../answers/answer.js";
import { Exchange } from "../backend/exchange.js";
import type { BackendGroup } from "../backend/backend-pool.js";
import { callOf } from "../cgi/call.js";
import type { CgiUpstream } from "../cgi/cgi-upstream.js";
import { faultCause } from "../cgi/faults.js";
import { prepare } from "../cgi/prepare.js";
import { decide } from "../gate/decide.js";
import { downAnswer, HEALTH_OK, preflightAnswer } from "../modes/down-answer.js";
import type { ServedSite } from "../site.js";
import { HeldRequest } from "../hold/held-request.js";
import { serveFile } from "../static/serve-file.js";
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
  else serveLive(client, request, site);
}

/** While the site is not up, or is and others still wait. */
function serveShut(client: Client, request: RequestHead, site: ServedSite): void {
  const { method, path, fields, sent } = request;
  const { modes } = site;
  modes.refresh();
  if (path === PROBE_PATH && modes.mode !== "down") return client.reply(modes.probe ?? NOT_FOUND);
  if (site.isOpen) return serveLive(client, request, site);
  const decision = decide(site.gate, {
    method,
    path,
    fields,
    client: () => client.forwardingFor(site).client(sent),
  });
  const isUp = modes.mode === "up";
  if (decision === "live" || (isUp && decision.startsWith("health"))) {
    serveLive(client, request, site);
    // While others wait it is a request like any other that the site takes.
    if (!isUp && client.task instanceof Exchange) site.exempts(client.task);
    return;
  }
  if (decision === "health-ok") return client.reply(HEALTH_OK);
  const isPreflight = decision === "preflight";
  const isKept = modes.mode !== "down" && decision !== "health-down";
  if (isKept && new HeldRequest(client, request, site, isPreflight, serveLive).wait() === null) return;
  if (isPreflight) client.reply(preflightAnswer(fields));
  else client.reply(downAnswer(modes.down, fields, Math.floor(wallMs() / 1000)));
}

function serveLive(client: Client, request: RequestHead, site: ServedSite): void {
  const route = site.routes.find(({ path }) => request.path.startsWith(path));
  if (route !== undefined) return serveFile(client, request, route);
  if (site.upstream === null) return client.reply(NOT_FOUND);
  if (site.cgi !== null) return serveCgi(client, request, site, site.upstream, site.cgi);
  const exchange = new Exchange(client.context, client, site, request, site.upstream, client.reader.body);
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
  const exchange = new Exchange(client.context, client, site, request, group, client.reader.body);
  client.task = exchange;
  exchange.call = callOf(exchange, upstream, prepared);
  if (exchange.call === null) exchange.fail(faultCause("variables-too-large"));
  else exchange.start();
}

/** Once more, of a request that was not ready for a backend. */
function serveAgain(client: Client, request: RequestHead): void {
  const site = client.listener.sites.find(request.host);
  // It has had its turn: those who wait are behind it.
  if (site !== null && site.modes.mode === "up") serveLive(client, request, site);
  else serve(client, request);
}
