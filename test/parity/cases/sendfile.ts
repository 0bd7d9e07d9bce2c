import { ofNginx, type Case, type Expect, type Topic } from "../case.js";

/** The same file by both headers. @param path below the folder, as the backend writes it */
function sent(name: string, path: string, expect: Expect, more: Partial<Case> = {}): Case[] {
  const { ask = "GET", ...rest } = more;
  const hidden = { ...expect, headers: { ...HIDDEN, ...expect.headers } };
  const one = (site: string, field: string, value: string): Case => ({
    name: `${field}: ${name}`,
    site,
    ask: `${ask} /tell/text?${field}=${encodeURIComponent(value)}&X-App=1`,
    ...rest,
    expect: hidden,
  });
  return [
    one("sent", "X-Sendfile", `@/sent/${path}`),
    one("accel", "X-Accel-Redirect", `/protected/${path}`),
  ];
}

const HIDDEN = { "x-sendfile": null, "x-accel-redirect": null };
/** Not a byte of it, and no name. */
const NOTHING = /^(?![^]*(?:secret|fence-parity|\/sent\/))/;
const kept = (status: number): Expect => ({
  status,
  headers: { location: null, "content-range": null },
  body: NOTHING,
});

export const sendfile: Topic = {
  title: "Files that a backend hands over",
  cases: [
    ...sent("a file is sent", "a.txt", { status: 200, body: "sent a\n" }),
    ...sent(
      "a part of it",
      "a.txt",
      { status: 206, headers: { "content-range": "bytes 0-3/7" }, body: "sent" },
      { fields: ["Range: bytes=0-3"] },
    ),
    ...sent(
      "a part beyond its end",
      "a.txt",
      { status: 416, headers: { "content-range": "bytes */7" } },
      {
        fields: ["Range: bytes=7-"],
        limits: { lighttpd: ["no-length", { headers: HIDDEN }] },
      },
    ),
    ...sent(
      "one that is as it was",
      "a.txt",
      { status: 304, body: "" },
      { fields: ["If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT"] },
    ),
    ...sent(
      "one that is not",
      "a.txt",
      { status: 200, body: "sent a\n" },
      { fields: ["If-Modified-Since: Tue, 31 Dec 2019 23:59:59 GMT", 'If-None-Match: "other"'] },
    ),
    ...sent(
      "its head",
      "a.txt",
      { status: 200, headers: { "content-length": "7" }, body: "" },
      { ask: "HEAD" },
    ),
    ...sent("one whose name is encoded", "%C3%A4%20b.txt", { status: 200, body: "umlaut\n" }),
    ...sent(
      "text for who takes it compressed",
      "long.txt",
      { status: 200, headers: { "content-encoding": "gzip", vary: /accept-encoding/i } },
      {
        fields: ["Accept-Encoding: gzip"],
        limits: { proxy: ["sent-plain", { headers: { ...HIDDEN, "content-length": "5000" } }] },
      },
    ),
    ...sent("text for who does not", "long.txt", {
      status: 200,
      headers: { "content-encoding": null, "content-length": "5000" },
    }),
    ...sent("a missing file", "none", kept(404)),
    ...sent("one below a file", "a.txt/x", kept(404), {
      limits: { lighttpd: ["below-file", { status: 403 }] },
    }),
    ...sent("a folder", "sub", kept(403)),
    ...sent("a folder with its slash", "sub/", kept(403)),
    ...sent("a FIFO", "fifo", kept(403), { limits: ofNginx("special", { status: 404 }) }),
    ...sent("a symlink that leads out", "out.txt", kept(403)),
    ...sent("a file behind one", "out/secret.txt", kept(403), {
      limits: ofNginx("behind-symlink", { status: 404 }),
    }),
    ...sent(
      "a symlink that stays within",
      "in.txt",
      { status: 200, body: "sent a\n" },
      {
        limits: {
          lighttpd: ["symlink", kept(403)],
          ...ofNginx("symlink", kept(403)),
        },
      },
    ),
    ...["sub/../../secret.txt", "../secret.txt", "sub/%2e%2e/%2e%2e/secret.txt", "..%2Fsecret.txt"].flatMap(
      (path) =>
        sent(`no way out by \`${path}\``, path, kept(502), {
          limits: { lighttpd: ["sendfile", { status: 403 }], ...ofNginx("accel-dots", { status: 404 }) },
        }),
    ),
    {
      name: "X-Accel-Redirect on a site without it sends nothing",
      site: "plain",
      ask: "GET /tell/text?X-Accel-Redirect=/a",
      expect: { status: 200, headers: { "x-accel-redirect": null }, body: "xxxxx" },
      limits: { lighttpd: ["accel-shown", { headers: {} }] },
    },
    {
      name: "A client that asks for the prefix gets what the backend says",
      site: "accel",
      ask: "GET /protected/a.txt",
      expect: { status: 200, seen: { url: "/protected/a.txt" } },
    },
    {
      name: "A client's X-Accel-Redirect is nothing",
      site: "accel",
      ask: "GET /x",
      fields: ["X-Accel-Redirect: /protected/a.txt"],
      expect: { status: 200, seen: { url: "/x" } },
    },
    {
      name: "A client's X-Sendfile is nothing",
      site: "sent",
      ask: "GET /x",
      fields: ["X-Sendfile: @/sent/a.txt"],
      expect: { status: 200, seen: { url: "/x" } },
    },
    {
      name: "A file outside of the roots is not sent",
      site: "sent",
      ask: "GET /tell/text?X-Sendfile=@/secret.txt",
      expect: kept(502),
      limits: { lighttpd: ["sendfile", { status: 403 }] },
    },
    {
      name: "A folder that only begins like a root is not it",
      site: "sent",
      ask: "GET /tell/text?X-Sendfile=@/sentinel/a.txt",
      expect: kept(502),
      limits: { lighttpd: ["sendfile", { status: 403 }] },
    },
    {
      name: "A path outside of the prefixes is not sent",
      site: "accel",
      ask: "GET /tell/text?X-Accel-Redirect=/elsewhere",
      expect: kept(502),
    },
  ],
};
