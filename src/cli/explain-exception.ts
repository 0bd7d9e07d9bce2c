import type { Decision, Gate, GateRequest } from "../proxy/gate/decide.js";
import type { Places } from "../spec/places.js";
import type { Site } from "../spec/types.js";
import type { Rule } from "./explain-route.js";

type Decide = (gate: Gate, request: GateRequest) => Decision;

/** What the exceptions of a site decide, by the same function as the proxy, and the rule that did; null: none fits. */
export interface Exception {
  decision: Decision;
  rule: Rule | null;
}

/** @param gate of the site */
export function exceptionOf(
  decide: Decide,
  gate: Gate,
  site: Site,
  request: GateRequest,
  places: Places,
): Exception {
  const decision = decide(gate, request);
  return { decision, rule: ruleOf(decision, gate, site, request, places) };
}

function ruleOf(
  decision: Decision,
  gate: Gate,
  site: Site,
  request: GateRequest,
  places: Places,
): Rule | null {
  const { exceptions } = site;
  const { path } = request;
  const at = (key: readonly PropertyKey[], rule: string, why: string): Rule => ({
    rule,
    line: places.lineOf(["site", site.name, ...key]),
    why,
  });
  const isHealth = gate.health?.path(path) === true;
  switch (decision) {
    case "allow": {
      const address = request.client();
      const index = exceptions.allow.findIndex(
        ({ family, first, last }) =>
          address !== null && address.family === family && address.hex >= first && address.hex <= last,
      );
      const text = exceptions.allow[index]?.text ?? "";
      return at(
        ["exceptions", "allow", index],
        `allow ${text}`,
        `the client is ${address?.text ?? "not known"}`,
      );
    }
    case "bypass":
      return { rule: "bypass", line: 0, why: "the cookie is that of a link which has not ended" };
    case "health-ok":
    case "health-down":
      return at(["exceptions", "health"], `health ${path}`, `while_down is "${decision.slice(7)}"`);
    case "preflight":
      return at(["maintenance", "cors_origins"], "cors_origins", "it is a preflight of one of these origins");
    case "down":
      return null;
    case "live": {
      if (!gate.inScope(path))
        return at(["maintenance", "paths"], "paths", "the path is none that goes down");
      if (isHealth) return at(["exceptions", "health"], `health ${path}`, 'while_down is "pass"');
      const index = gate.passes.findIndex((matches) => matches(path)) - (exceptions.acme ? 1 : 0);
      if (index < 0) return at(["exceptions", "acme"], "acme", "an ACME challenge passes");
      const rule = exceptions.pass[index];
      return at(["exceptions", "pass", index], `pass ${rule?.match} ${rule?.value}`, "the path fits");
    }
  }
}
