import Handlebars from "handlebars";
import { PARTIALS, templateOf } from "../base/templates.js";
import { EncodeError, type Encoder } from "../servers/adapter.js";
import { Ident } from "../servers/ident.js";

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
 * A renderer of `templates/<name>.hbs` with the encoders of one server kind as helpers.
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
  for (const name of PARTIALS) engine.registerPartial(name, engine.template(templateOf(name)));
  return (template, values) => engine.template(templateOf(template))(wrap(values));
}
