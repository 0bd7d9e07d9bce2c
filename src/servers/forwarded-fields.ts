/** Fields by which proxies tell of the way, beside the ones that all of them know. */
export const FORWARDED_OTHER: readonly string[] = [
  "X-Forwarded-By",
  "X-Forwarded-Prefix",
  "X-Forwarded-Scheme",
  "X-Forwarded-Server",
  "X-Forwarded-Ssl",
];

/** All that a client is not believed. Neither lighttpd nor nginx can name `X-Forwarded-*` as a whole. */
export const FORWARDED_FIELDS: readonly string[] = [
  "Forwarded",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Forwarded-Proto",
  ...FORWARDED_OTHER,
];
