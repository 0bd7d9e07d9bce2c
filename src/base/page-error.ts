/** A page template of the user's own that cannot be filled in. */
export class PageError extends Error {
  override readonly name = "PageError";

  /** @param cause what Handlebars says: `Parse error on line 3: …`, or a sentence that ends with ` - 3:14` */
  constructor(
    readonly file: string,
    cause: Error,
  ) {
    const [first = "", ...more] = cause.message.split("\n");
    const line = /^(?:Parse|Lexical) error on line (\d+)/.exec(first)?.[1];
    const place = / - (\d+):(\d+)$/.exec(first);
    const at =
      place === null ? (line === undefined ? "" : `:${line}`) : `:${place[1]}:${Number(place[2]) + 1}`;
    const what = place === null ? [first, more.at(-1) ?? ""].join(" ") : first.slice(0, -place[0].length);
    super(`${file}${at}: ${what.replace(/ in (?:\[object Object\]|undefined)$/, "").trim()}`, { cause });
  }
}
