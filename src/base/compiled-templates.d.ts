/** What bin/build.mjs makes of the templates. */

/** By their names below `templates/`, without `.hbs`; for `Handlebars.template`. */
export const TEMPLATES: Readonly<Record<string, TemplateSpecification>>;
/** Those that another one names. */
export const PARTIALS: readonly string[];
