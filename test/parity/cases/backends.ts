import { createHash } from "node:crypto";
import type { Case, Topic } from "../case.js";

export const failures: Topic = {
  title: "Backends that fail",
  cases: [
    {
      name: "Nobody listens",
      site: "dead",
      expect: { status: 502 },
      limits: { lighttpd: ["own-502", { status: 503 }] },
    },
    {
      name: "GET goes to the other backend",
      site: "half",
      ask: "GET /a",
      expect: { status: 200, seen: { url: "/a" } },
    },
    {
      name: "So does a POST, which nobody has begun",
      site: "half",
      ask: "POST /a",
      body: "hello",
      expect: { status: 200, seen: { method: "POST", body: "hello" } },
    },
    {
      name: "A backend that closes without an answer",
      site: "closing",
      ask: "POST /a",
      body: "x",
      expect: { status: 502 },
      limits: { lighttpd: ["retry", { status: 500 }] },
    },
    { name: "A backend that is silent", site: "slow", ask: "GET /tell/slow", expect: { status: 504 } },
    ...["least", "sticky", "hash", "by-cookie", "random", "named"].map((site): Case => ({
      name: `The upstream ${site} answers`,
      site,
      ask: "GET /a",
      fields: ["Cookie: sid=1"],
      expect: { status: 200, seen: { url: "/a" } },
    })),
  ],
};

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const BODY = "a".repeat(200_000);

/** The same of every application that speaks something else than HTTP. */
function ofApplication(site: string, path: string, info: string): Case[] {
  const speaks = site === "php" || site === "perl" ? `FastCGI (${site})` : site;
  return [
    {
      name: `${speaks}: the client, scheme, path and a field are told`,
      site,
      ask: `GET ${path}?who`,
      fields: ["X-Asked: yes"],
      expect: { status: 200, body: `127.0.0.1 http ${info} yes` },
    },
    {
      name: `${speaks}: a body arrives whole`,
      site,
      ask: `POST ${path}?sum`,
      body: BODY,
      expect: { status: 200, body: `${md5(BODY)} 200000` },
    },
    {
      name: `${speaks}: a chunked body has a length`,
      site,
      ask: `POST ${path}?sum`,
      fields: ["Transfer-Encoding: chunked"],
      body: "5\r\nhello\r\n0\r\n\r\n",
      expect: { status: 200, body: `${md5("hello")} 5` },
    },
    {
      name: `${speaks}: a redirect`,
      site,
      ask: `GET ${path}?redirect`,
      expect: { status: 302, headers: { location: "/elsewhere" } },
    },
    { name: `${speaks}: a 304`, site, ask: `GET ${path}?304`, expect: { status: 304, body: "" } },
    {
      name: `${speaks}: error output is none of the client's`,
      site,
      ask: `GET ${path}?stderr`,
      expect: { status: 200, body: "ok" },
    },
    { name: `${speaks}: HEAD has no body`, site, ask: `HEAD ${path}?who`, expect: { status: 200, body: "" } },
  ];
}

export const cgi: Topic = {
  title: "FastCGI, SCGI and uwsgi",
  cases: [
    ...ofApplication("php", "/app.php/in/fo", "/in/fo"),
    ...ofApplication("perl", "/some/path", "/some/path"),
    ...ofApplication("scgi", "/some/path", "/some/path"),
    ...ofApplication("uwsgi", "/some/path", "/some/path"),
    {
      name: "PHP: a folder is its index",
      site: "php",
      ask: "GET /?who",
      fields: ["X-Asked: yes"],
      expect: { status: 200, body: "127.0.0.1 http  yes" },
    },
    {
      name: "PHP: a path that names no script is a 404",
      site: "php",
      ask: "GET /none.php",
      expect: { status: 404 },
    },
    {
      name: "PHP: a file that is no script is a 404",
      site: "php",
      ask: "GET /style.css",
      expect: { status: 404 },
      limits: { lighttpd: ["no-file", { status: 403 }] },
    },
    {
      name: "PHP: a picture with the name of a script behind it runs nothing",
      site: "php",
      ask: "GET /style.css/x.php",
      expect: { status: 404 },
      limits: { lighttpd: ["no-file", { status: 403 }] },
    },
    {
      name: "PHP: a folder without its slash is led there",
      site: "php",
      ask: "GET /sub?x",
      expect: { status: 301, headers: { location: "/sub/?x" } },
    },
    {
      name: "PHP: a client sets no variable by a field with _",
      site: "php",
      ask: "GET /app.php?who",
      fields: ["X_Asked: evil"],
      expect: { status: 200, body: "127.0.0.1 http  " },
      limits: { lighttpd: ["underscore", { body: "127.0.0.1 http  evil" }] },
    },
    {
      name: "A handshake does not reach a CGI backend",
      site: "uwsgi",
      ask: "GET /?who",
      fields: [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ],
      expect: { status: 501 },
      limits: { lighttpd: ["upgrade", { status: 200 }] },
    },
  ],
};
