import { TEMPLATES } from "./compiled-templates.js";

export { PARTIALS } from "./compiled-templates.js";

/**
 * @param name below `templates/`, without `.hbs`
 * @returns what `Handlebars.template` takes
 */
export function templateOf(name: string): TemplateSpecification {
  const specification = TEMPLATES[name];
  if (specification === undefined) throw new Error(`there is no template ${name}`);
  return specification;
}
