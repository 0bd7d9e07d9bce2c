import type { Upstream } from "../../../spec/types.js";
import { fieldValue } from "../../wire/field-value.js";
import type { RequestHead } from "../../wire/types.js";
import type { Balance } from "./choosable.js";
import { LeastConnection } from "./least-connection.js";
import { Rendezvous } from "./rendezvous.js";
import { RoundRobin } from "./round-robin.js";
import { TwoChoices } from "./two-choices.js";

export function balanceOf({ balance }: Pick<Upstream, "balance">): Balance {
  switch (balance) {
    case "round-robin":
      return new RoundRobin();
    case "least-connection":
      return new LeastConnection();
    case "random":
      return new TwoChoices();
    case "hash":
    case "sticky":
      return new Rendezvous(new RoundRobin());
  }
}

/** What a rule may look at. */
export interface Asker {
  readonly request: Pick<RequestHead, "target" | "fields">;
  /** The client's address, behind trusted proxies the one that they tell; null: it cannot be told. */
  clientAddress(): string | null;
}

/** What an upstream's rule looks at of a request; null: at nothing. */
export function keyReader({
  balance,
  hashBy,
}: Pick<Upstream, "balance" | "hashBy">): ((asker: Asker) => string | null) | null {
  if (balance === "sticky") return (asker) => asker.clientAddress();
  if (balance !== "hash") return null;
  switch (hashBy.by) {
    case "uri":
      return ({ request }) => request.target;
    case "header":
      return ({ request }) => fieldValue(request.fields, hashBy.name);
    case "cookie":
      return ({ request }) => cookieOf(fieldValue(request.fields, "cookie") ?? "", hashBy.name);
  }
}

/** The first cookie of a name (RFC 6265, 4.2.1); null: there is none. */
function cookieOf(text: string, name: string): string | null {
  for (const pair of text.split(";")) {
    const at = pair.indexOf("=");
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}
