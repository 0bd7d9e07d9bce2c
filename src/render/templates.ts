import { ownText } from "../base/own-files.js";
import Handlebars from "handlebars";
import { EncodeError, type Encoder } from "../servers/adapter.js";
import { Ident } from "../servers/ident.js";

/** What several templates have in common. */
const PARTIALS: readonly string[] = ["host/hardened"];

/**
 * A string of the spec inside a template. It has no printable form of its own, so that a template that names a value
 * without an encoder fails at once instead of writing raw text into a config.
 */
class Text {
  constructor(readonly value: string) {}

  toString(): string {
    throw new Error("a spec value reached a template without an encoder");
  }
}

/** Wraps every non-empty string below `value`; numbers, booleans, null and identifiers stay as they are. */
function wrap(value: unknown): unknown {
  if (typeof value === "string") return value === "" ? "" : new Text(value);
  if (Array.isArray(value)) return value.map(wrap);
  if (value instanceof Ident || value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wrap(inner)]));
}

function plain(value: unknown, helper: string): string {
  if (value instanceof Text || value instanceof Ident) return value.value;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new Error(`{{${helper}}} was given ${value === undefined ? "nothing" : typeof value}`);
}

export type RenderTemplate = (template: string, values: Readonly<Record<string, unknown>>) => string;

/**
 * A renderer of `templates/<name>.hbs` with the encoders of one server kind as helpers. Templates are compiled once.
 * @throws EncodeError from an encoder; Error for a template that is wrong.
 */
export function createTemplates(encoders: Readonly<Record<string, Encoder>>): RenderTemplate {
  const engine = Handlebars.create();
  for (const [name, encode] of Object.entries(encoders)) {
    engine.registerHelper(name, (value: unknown) => {
      const text = plain(value, name);
      try {
        return encode(text);
      } catch (error) {
        if (error instanceof EncodeError) error.value = text;
        throw error;
      }
    });
  }
  for (const name of PARTIALS) engine.registerPartial(name, read(name));
  const compiled = new Map<string, Handlebars.TemplateDelegate>();
  return (template, values) => {
    let run = compiled.get(template);
    if (!run) {
      run = engine.compile(withPartials(engine, template), { noEscape: true, strict: true });
      compiled.set(template, run);
    }
    return run(wrap(values));
  };
}

/** A template's text; parts that it names, as `{{> "lighttpd/way.conf" …}}`, are templates, too. */
function withPartials(engine: typeof Handlebars, template: string): string {
  const text = read(template);
  for (const [, name = ""] of text.matchAll(/\{\{> "([^"]+)"/g)) {
    if (!(name in engine.partials)) engine.registerPartial(name, withPartials(engine, name));
  }
  return text;
}

function read(template: string): string {
  return ownText(`templates/${template}.hbs`);
}
