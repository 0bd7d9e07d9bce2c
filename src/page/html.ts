import { createHash } from "node:crypto";
import Handlebars from "handlebars";
import { PageError } from "../base/page-error.js";
import { templateOf } from "../base/templates.js";
import { SOURCE } from "./source.js";
import type { PageValues } from "./values.js";

/**
 * What the built-in page may do, in the page itself: it then fits the page whatever wiring a server has. The hashes
 * allow its own style and script and nothing that a value could bring in; it asks nobody but its own site.
 */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(SOURCE.style)}`,
  `script-src ${hashOf(SOURCE.script)}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

type Fill = (values: object) => string;
const engine = Handlebars.create();
const builtIn: Fill = engine.template(templateOf("page/page.html"));
const compiled = new Map<string, Fill>();

/** The built-in page: one file, no request but to its own site. */
export function builtInHtml(values: PageValues): string {
  return builtIn({ ...values, policy: POLICY, style: SOURCE.style, script: SOURCE.script });
}

/** A template of the user's own. @throws PageError where it is wrong, or asks for a value that there is not */
export function templateHtml({ file, text }: { file: string; text: string }, values: PageValues): string {
  try {
    const fill = compiled.get(text) ?? engine.compile(text, { strict: true });
    compiled.set(text, fill);
    return fill(values);
  } catch (error) {
    throw new PageError(file, error as Error);
  }
}

/** As `script-src` and `style-src` of CSP name inline text. */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
