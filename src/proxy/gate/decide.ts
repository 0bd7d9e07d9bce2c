import { PROBE_PATH } from "../../servers/probe-path.js";
import type { Site } from "../../spec/types.js";
import { AddressSet, type Address } from "../wire/addresses.js";
import { fieldValue } from "../wire/field-value.js";
import { exactTest, prefixTest, ruleTest, type PathTest } from "../../spec/path-rules.js";

/** What becomes of a request while its site is down. */
export type Decision = "live" | "allow" | "bypass" | "down" | "health-ok" | "health-down" | "preflight";

/** What the gate looks at. */
export interface GateRequest {
  method: string;
  /** Decoded once and normalised. */
  path: string;
  /** Checked field lines. */
  fields: string;
  /** The client's address; null when it cannot be told. Asked only when it matters. */
  client(): Address | null;
  /** Whether it has a bypass that is valid. Asked last of all. */
  hasBypass(): boolean;
}

/** The exceptions of one site, made ready once. */
export interface Gate {
  inScope: PathTest;
  health: { path: PathTest; whileDown: "pass" | "ok" | "down" } | null;
  passes: readonly PathTest[];
  allow: AddressSet;
  /** Peers whose word on the way of a request is believed. */
  trusted: AddressSet;
  origins: ReadonlySet<string>;
}

export function gateOf(site: Site): Gate {
  const { exceptions, maintenance } = site;
  const { health } = exceptions;
  const scopes = maintenance.paths.map(prefixTest);
  const passes = exceptions.pass.map(ruleTest);
  if (exceptions.acme) passes.unshift(prefixTest("/.well-known/acme-challenge/"));
  return {
    inScope: (path) => scopes.some((matches) => matches(path)),
    health: health === null ? null : { path: exactTest(health.path), whileDown: health.whileDown },
    passes,
    allow: new AddressSet(exceptions.allow.map(({ text }) => text)),
    trusted: new AddressSet(exceptions.trustedProxies.map(({ text }) => text)),
    origins: new Set(maintenance.corsOrigins),
  };
}

/** In this order on every server: probe, scope, health, pass rules, allowed clients, bypass, preflight, down. */
export function decide(gate: Gate, request: GateRequest): Decision {
  const { method, path } = request;
  if (path === PROBE_PATH) return "down";
  if (!gate.inScope(path)) return "live";
  if (gate.health !== null && (method === "GET" || method === "HEAD") && gate.health.path(path)) {
    const { whileDown } = gate.health;
    return whileDown === "pass" ? "live" : whileDown === "ok" ? "health-ok" : "health-down";
  }
  if (gate.passes.some((matches) => matches(path))) return "live";
  if (!gate.allow.isEmpty) {
    const address = request.client();
    if (address !== null && gate.allow.has(address)) return "allow";
  }
  if (request.hasBypass()) return "bypass";
  return method === "OPTIONS" && isPreflight(gate, request.fields) ? "preflight" : "down";
}

function isPreflight(gate: Gate, fields: string): boolean {
  if (gate.origins.size === 0) return false;
  const origin = fieldValue(fields, "origin");
  return (
    origin !== null &&
    gate.origins.has(origin) &&
    (fieldValue(fields, "access-control-request-method") ?? "") !== ""
  );
}
