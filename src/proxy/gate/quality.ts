const QUALITY = /;\s*q\s*=\s*([^\s;]*)/i;
/** As nginx reads it: three digits count, anything of another form counts as not named. */
const QUALITY_VALUE = /^(?:(1)(?:\.0*)?|0?\.(\d{1,3})\d*|0\.?)$/;

/** The weight of one element of Accept or Accept-Language by its parameters, in thousandths (RFC 9110, 12.4.2). */
export function qualityOf(parameters: string): number {
  const text = QUALITY.exec(parameters)?.[1];
  if (text === undefined) return 1000;
  const match = QUALITY_VALUE.exec(text);
  if (match === null) return 0;
  return match[1] === "1" ? 1000 : Number((match[2] ?? "").padEnd(3, "0"));
}
