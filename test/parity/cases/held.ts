import { createHash } from "node:crypto";
import { HANDSHAKE, type Case, type Expect, type Topic } from "../case.js";
import { NAMES } from "./shut.js";

/** It waits, and is then answered. */
const waits = (name: string, ask: string, expect: Partial<Expect>, more: Partial<Case> = {}): Case => ({
  name,
  site: "held",
  ask,
  ...more,
  expect: { status: 200, ...expect, waits: true },
});

const byApi = { "x-by": "api" };
const BODY = "b".repeat(100_000);

export const held: Topic = {
  title: "Who waits while a site is held, once it is released",
  isReleased: true,
  cases: [
    ...["GET", "DELETE", "OPTIONS", "PROPFIND"].map((method) =>
      waits(`${method} gets the backend's answer`, `${method} /a/b?c=d`, {
        headers: { "x-by": null },
        seen: { method, url: "/a/b?c=d", headers: { "x-env": "prod", host: "held.test" } },
      }),
    ),
    waits("HEAD gets its head", "HEAD /a", { headers: { "content-type": "application/json" }, body: "" }),
    ...["POST", "PUT"].map((method) =>
      waits(
        `${method} arrives once, with its body`,
        `${method} /a`,
        { seen: { method, body: BODY } },
        { body: BODY },
      ),
    ),
    waits(
      "A chunked body arrives whole",
      "POST /a",
      { seen: { method: "POST", body: "hello world" } },
      { fields: ["Transfer-Encoding: chunked"], body: "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" },
    ),
    waits(
      "Who expects 100 gets an answer",
      "POST /a",
      { seen: { body: "hello" } },
      { fields: ["Expect: 100-continue"], body: "hello" },
    ),
    waits("HTTP/1.0 waits, too", "GET /a HTTP/1.0", { seen: { url: "/a" } }),
    waits(
      "A handshake is passed on",
      "GET /socket",
      { status: 101, headers: { "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } },
      { fields: HANDSHAKE },
    ),
    waits("A path stays as it was sent", "GET /a%20b/%C3%A4?q=%20", { seen: { url: "/a%20b/%C3%A4?q=%20" } }),
    waits("An encoded slash stays one", "GET /a%2Fb", { seen: { url: "/a%2Fb" } }),
    waits("The client is told as ever", "GET /a", {
      seen: { headers: { "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "held.test" } },
    }),
    waits(
      "Headers are taken out",
      "GET /a",
      { seen: { headers: { "x-secret": null, "x-other": "1" } } },
      {
        fields: ["X-Secret: 1", "X-Other: 1"],
      },
    ),
    waits("A redirect is mapped", "GET /tell/none?status=302&Location=/app/x", {
      status: 302,
      headers: { location: "/x" },
    }),
    waits("A status and its body are passed on", "GET /tell/text?status=404&Set-Cookie=a=1&Set-Cookie=b=2", {
      status: 404,
      headers: { "set-cookie": ["a=1", "b=2"] },
      body: "xxxxx",
    }),
    waits(
      "Text is compressed",
      "GET /tell/text?bytes=5000&Content-Type=text/plain",
      { headers: { "content-encoding": "gzip" } },
      { fields: ["Accept-Encoding: gzip"] },
    ),
    waits("A route has its own upstream", "GET /api/x?y", { headers: byApi, seen: { url: "/x?y" } }),
    waits("An encoded slash stays so behind a prefix that is taken off", "GET /api/a%2Fb", {
      headers: byApi,
      seen: { url: "/a%2Fb" },
    }),
    waits(
      "With a body",
      "POST /api/x",
      { headers: byApi, seen: { method: "POST", url: "/x", body: "hello" } },
      { body: "hello" },
    ),
    waits("A redirect of its upstream is mapped", "GET /api/tell/none?status=302&Location=/app/x", {
      status: 302,
      headers: { ...byApi, location: "/x" },
    }),
    waits("An exact route", "GET /exact?x", { headers: byApi, seen: { url: "/exact?x" } }),
    waits("A regular expression", "GET /v12/x", { headers: byApi, seen: { url: "/all/v12/x" } }),
    waits(
      "A handshake of a route",
      "GET /open/../api/socket",
      { status: 101, headers: { "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } },
      { fields: HANDSHAKE },
    ),
    waits(
      "A path out of one that passes waits",
      "GET /open/../x",
      { seen: { url: /x$/ } },
      {
        site: "passes-hold",
      },
    ),
    waits(
      "Another address behind a trusted proxy waits",
      "GET /api/x",
      {
        headers: { ...byApi, "x-fence-mode": null },
        seen: { url: "/x", headers: { "x-forwarded-proto": "https" } },
      },
      { site: "passes-hold", fields: ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https"] },
    ),
    waits(
      "POST to the health path waits",
      "POST /api/health",
      { seen: { method: "POST", url: "/health" } },
      {
        site: "passes-hold",
        body: "",
      },
    ),
    waits("A part of a site is held", "GET /shop/a", { seen: { url: "/shop/a" } }, { site: "held-parts" }),
    {
      name: "The rest of it is not",
      site: "held-parts",
      ask: "GET /shops",
      expect: { status: 200, seen: { url: "/shops" }, waits: false },
    },
    ...NAMES.map(([host, ask, by, url]) =>
      waits(
        `${ask} of ${host("names")} goes to ${by}`,
        `${ask}x?y`,
        { headers: { "x-by": by === "api" ? "api" : null }, seen: { url: `${url}x?y` } },
        { site: "names-hold", host: host("names-hold") },
      ),
    ),
    waits(
      "One of two backends is gone",
      "POST /a",
      { seen: { body: "hello" } },
      {
        site: "held-half",
        body: "hello",
      },
    ),
    {
      name: "A file of a route is sent meanwhile",
      site: "held",
      ask: "GET /static/a.txt",
      expect: { status: 200, body: "static a\n", unseen: true, waits: false },
    },
    {
      name: "A missing one is looked for elsewhere meanwhile",
      site: "held",
      ask: "GET /media/x/none.png",
      expect: {
        status: 302,
        headers: { location: "https://elsewhere.test/bucket/media/x/none.png" },
        unseen: true,
        waits: false,
      },
    },
    {
      name: "What nothing of a site takes is a 404 meanwhile",
      site: "held-api",
      ask: "GET /x",
      expect: { status: 404, unseen: true, waits: false },
    },
    waits(
      "What its route takes waits",
      "GET /api/x",
      { headers: byApi, seen: { url: "/api/x" } },
      {
        site: "held-api",
      },
    ),
    ...[
      ["FastCGI (php)", "/php/app.php/in/fo", "/in/fo"],
      ["FastCGI (perl)", "/perl/x", "/perl/x"],
      ["scgi", "/scgi/x", "/scgi/x"],
      ["uwsgi", "/uwsgi1/x", "/uwsgi1/x"],
    ].flatMap(([speaks = "", path = "", info = ""]) => [
      waits(
        `${speaks}: the client, scheme, path and a field are told`,
        `GET ${path}?who`,
        { body: `127.0.0.1 http ${info} yes` },
        { site: "held-mixed", fields: ["X-Asked: yes"] },
      ),
      waits(
        `${speaks}: a body arrives whole`,
        `POST ${path}?sum`,
        { body: `${createHash("md5").update(BODY).digest("hex")} ${BODY.length}` },
        { site: "held-mixed", body: BODY },
      ),
    ]),
    waits(
      "X-Sendfile: a file is sent",
      "GET /tell/text?X-Sendfile=%40%2Fsent%2Fa.txt",
      { headers: { "x-sendfile": null }, body: "sent a\n" },
      { site: "held-sent" },
    ),
    waits(
      "X-Accel-Redirect: a file is sent",
      "GET /tell/text?X-Accel-Redirect=/protected/a.txt",
      { headers: { "x-accel-redirect": null }, body: "sent a\n" },
      { site: "held-accel" },
    ),
  ],
};
