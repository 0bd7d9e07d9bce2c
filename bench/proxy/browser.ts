/** With the request line and Host some 400 bytes, as a browser sends. */
export const BROWSER_FIELDS: readonly string[] = [
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Cookie: sid=4f3c2b1a09e8d7c6b5a4; theme=dark",
];
