/** How the files of image formats begin. */
const SIGNATURES: readonly { type: string; begins: RegExp }[] = [
  { type: "image/png", begins: /^\x89PNG\r\n\x1a\n/ },
  { type: "image/jpeg", begins: /^\xff\xd8\xff/ },
  { type: "image/gif", begins: /^GIF8[79]a/ },
  { type: "image/webp", begins: /^RIFF[^]{4}WEBP/ },
  {
    type: "image/svg+xml",
    begins: /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>|<!--[^]*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]/i,
  },
];

/**
 * The image as a data: URL, of the type that its bytes tell. An SVG that a page shows as an image runs no script and
 * fetches nothing (SVG Integration, "secure static mode").
 * @throws Error with a sentence when it is no image that browsers show
 */
export function logoUrl(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString("latin1");
  const found = SIGNATURES.find(({ begins }) => begins.test(text));
  if (found === undefined) throw new Error("it is no SVG, PNG, JPEG, WebP or GIF");
  return `data:${found.type};base64,${buffer.toString("base64")}`;
}
