import { createHash } from "node:crypto";
import { HANDSHAKE, type Case, type Topic } from "../case.js";

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
    },
    ...[
      ["php", "/app.php"],
      ["perl", "/x"],
      ["scgi", "/x"],
      ["uwsgi", "/x"],
    ].flatMap(([site = "", path = ""]) =>
      ["X-Forwarded-For", "X_Forwarded_For", "x_forwarded-for", "X.Forwarded~For"].map((field): Case => ({
        name: `${site}: a client's ${field} is not told`,
        site,
        ask: `GET ${path}?way`,
        fields: [`${field}: 192.0.2.1`],
        expect: { status: 200, body: "" },
      })),
    ),
    {
      name: "A handshake does not reach a CGI backend",
      site: "uwsgi",
      ask: "GET /?who",
      fields: HANDSHAKE,
      expect: { status: 501 },
      limits: { lighttpd: ["upgrade", { status: 200 }] },
    },
  ],
};

/** [what it speaks, where it is asked, the path that it is told]. */
const MIXED: readonly (readonly [string, string, string])[] = [
  ["FastCGI (php)", "/php/app.php/in/fo", "/in/fo"],
  ["FastCGI (perl)", "/perl/x", "/perl/x"],
  ["scgi", "/scgi/x/y", "/scgi/x/y"],
  ["uwsgi", "/uwsgi1/x", "/uwsgi1/x"],
];

const ANSWERED = { "x-frame-options": "DENY", "x-app": null };

export const mixed: Topic = {
  title: "Routes to FastCGI, SCGI and uwsgi",
  cases: [
    ...MIXED.flatMap(([speaks, path, info]): Case[] => [
      {
        name: `${speaks}: its path and a field that is set are told`,
        site: "mixed",
        ask: `GET ${path}?who`,
        fields: ["X-Asked: evil"],
        expect: { status: 200, headers: ANSWERED, body: `127.0.0.1 http ${info} told` },
      },
      {
        name: `${speaks}: a body arrives whole`,
        site: "mixed",
        ask: `POST ${path}?sum`,
        body: BODY,
        expect: { status: 200, headers: ANSWERED, body: `${md5(BODY)} 200000` },
      },
      {
        name: `${speaks}: a redirect is mapped`,
        site: "mixed",
        ask: `GET ${path}?redirect`,
        expect: { status: 302, headers: { location: "/here" } },
      },
      {
        name: `${speaks}: X-Sendfile`,
        site: "mixed-sent",
        ask: `GET ${path}?file`,
        fields: ["X-File: X-Sendfile: @/sent/a.txt"],
        expect: { status: 200, headers: { "x-sendfile": null }, body: "sent a\n" },
      },
      {
        name: `${speaks}: X-Sendfile out of the roots`,
        site: "mixed-sent",
        ask: `GET ${path}?file`,
        fields: ["X-File: X-Sendfile: @/secret.txt"],
        expect: { status: 502, headers: { "x-sendfile": null }, body: /^(?![^]*secret)/ },
        limits: { lighttpd: ["sendfile", { status: 403 }] },
      },
      {
        name: `${speaks}: X-Accel-Redirect`,
        site: "mixed-accel",
        ask: `GET ${path}?file`,
        fields: ["X-File: X-Accel-Redirect: /protected/a.txt", "Range: bytes=0-3"],
        expect: { status: 206, headers: { "x-accel-redirect": null }, body: "sent" },
      },
    ]),
    {
      name: "An exact path is a script",
      site: "mixed",
      ask: "GET /app.php?who",
      expect: { status: 200, headers: ANSWERED, body: "127.0.0.1 http  told" },
    },
    {
      name: "A field that is set is not told otherwise by one with _",
      site: "mixed",
      ask: "GET /app.php?who",
      fields: ["X_Asked: evil"],
      expect: { status: 200, headers: ANSWERED, body: "127.0.0.1 http  told" },
    },
    {
      name: "A path behind it is the site's own upstream's",
      site: "mixed",
      ask: "GET /app.php/x?who",
      expect: { status: 200, headers: { "x-frame-options": "DENY" }, seen: { url: "/app.php/x?who" } },
    },
    {
      name: "A route to scripts, and no such script",
      site: "mixed",
      ask: "GET /php/none.php",
      expect: { status: 404 },
    },
    {
      name: "What no route takes goes to the site's own upstream",
      site: "mixed",
      ask: "POST /phpx",
      body: "hello",
      expect: { status: 200, seen: { method: "POST", url: "/phpx", body: "hello" } },
    },
  ],
};
