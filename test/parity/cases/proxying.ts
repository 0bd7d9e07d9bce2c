import { HANDSHAKE, ofNginx, type Topic } from "../case.js";

export const methods: Topic = {
  title: "Methods and bodies",
  cases: [
    ...["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"].map((method) => ({
      name: `${method} reaches the backend as it is`,
      site: "plain",
      ask: `${method} /a?b=c`,
      ...(method === "POST" || method === "PUT" || method === "PATCH" ? { body: "" } : {}),
      expect: { status: 200, seen: { method, url: "/a?b=c" } },
    })),
    {
      name: "HEAD is answered with a head alone",
      site: "plain",
      ask: "HEAD /a",
      expect: { status: 200, headers: { "content-type": "application/json" }, body: "" },
    },
    {
      name: "A body of known length arrives whole",
      site: "plain",
      ask: "POST /a",
      body: "a".repeat(100_000),
      expect: { status: 200, seen: { method: "POST", body: "a".repeat(100_000) } },
    },
    {
      name: "A chunked body arrives whole",
      site: "plain",
      ask: "POST /a",
      fields: ["Transfer-Encoding: chunked"],
      body: "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
      expect: { status: 200, seen: { method: "POST", body: "hello world" } },
    },
    {
      name: "A client that expects 100 gets it, and its answer",
      site: "plain",
      ask: "POST /a",
      fields: ["Expect: 100-continue"],
      body: "hello",
      expect: { status: 200, seen: { body: "hello" } },
    },
    {
      name: "A status of the backend is passed on with its body",
      site: "plain",
      ask: "GET /tell/text?status=404",
      expect: { status: 404, body: "xxxxx" },
    },
    {
      name: "A 500 of the backend is the backend's",
      site: "plain",
      ask: "GET /tell/text?status=500&X-App=1",
      expect: { status: 500, headers: { "x-app": "1" }, body: "xxxxx" },
    },
    {
      name: "A 204 has no body",
      site: "plain",
      ask: "GET /tell/none?status=204",
      expect: { status: 204, body: "" },
    },
    {
      name: "A 304 keeps its ETag",
      site: "plain",
      ask: "GET /tell/none?status=304&ETag=%22x%22",
      expect: { status: 304, headers: { etag: '"x"' }, body: "" },
    },
    {
      name: "Several cookies stay several",
      site: "plain",
      ask: "GET /tell/text?Set-Cookie=a=1&Set-Cookie=b=2",
      expect: { status: 200, headers: { "set-cookie": ["a=1", "b=2"] } },
    },
    {
      name: "HTTP/1.0 with a Host is served",
      site: "plain",
      ask: "GET /a HTTP/1.0",
      expect: { status: 200, seen: { url: "/a" } },
    },
    {
      name: "A WebSocket handshake is passed on",
      site: "plain",
      ask: "GET /socket",
      fields: HANDSHAKE,
      expect: { status: 101, headers: { "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } },
    },
  ],
};

/** Rows of [name, request line, host, URL at the backend]. */
const PATHS: readonly (readonly [string, string, string, string | RegExp])[] = [
  ["A path is passed on as it was sent", "GET /a%20b/%C3%A4?q=%20", "plain.test", "/a%20b/%C3%A4?q=%20"],
  ["A query without a value stays", "GET /?", "plain.test", /^\/\??$/],
  ["An encoded slash stays encoded", "GET /a%2Fb", "plain.test", /^\/a%2[Ff]b$/],
  ["A host in capitals is the same host", "GET /", "PLAIN.Test", "/"],
  ["A host with a port is the same host", "GET /", "plain.test:8080", "/"],
  ["A host with a dot at its end is the same host", "GET /", "plain.test.", "/"],
  ["A name under a wildcard is the site's", "GET /", "a.b.wild.test", "/"],
  ["A whole URL is taken for its path", "GET http://plain.test/a?b", "plain.test", "/a?b"],
];

export const paths: Topic = {
  title: "Paths and hosts",
  cases: PATHS.map(([name, ask, host, url]) => ({
    name,
    site: "plain",
    ask,
    host,
    expect: { status: 200, seen: { url } },
  })),
};

export const refused: Topic = {
  title: "Requests that reach no backend",
  cases: [
    {
      name: "The name above a wildcard is no site",
      site: "wild",
      host: "wild.test",
      expect: { status: 404, unseen: true },
    },
    {
      name: "A name that ends like a wildcard is no site",
      site: "wild",
      host: "evilwild.test",
      expect: { status: 404, unseen: true },
    },
    {
      name: "A host that no site has is a 404",
      site: "plain",
      host: "other.test",
      expect: { status: 404, unseen: true },
    },
    {
      name: "A host that begins like one is a 404",
      site: "plain",
      host: "plain.test.evil.test",
      expect: { status: 404, unseen: true },
    },
    {
      name: "A dot in a host is no joker",
      site: "plain",
      host: "plainxtest",
      expect: { status: 404, unseen: true },
    },
    {
      name: "HTTP/1.1 without a Host is refused",
      site: "plain",
      host: null,
      expect: { status: 400, unseen: true },
    },
    {
      name: "Two hosts are refused",
      site: "plain",
      fields: ["Host: other.test"],
      expect: { status: 400, unseen: true },
    },
    {
      name: "A space before a colon is refused",
      site: "plain",
      fields: ["X-A : 1"],
      expect: { status: 400, unseen: true },
    },
    {
      name: "Two lengths are refused",
      site: "plain",
      ask: "POST /",
      fields: ["Content-Length: 5", "Content-Length: 6"],
      raw: "POST / HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      expect: { status: 400, unseen: true },
    },
    {
      name: "A length that is no number is refused",
      site: "plain",
      raw: "POST / HTTP/1.1\r\nHost: plain.test\r\nContent-Length: +5\r\n\r\nhello",
      expect: { status: 400, unseen: true },
    },
    {
      name: "A coding of the transfer that nobody knows is refused",
      site: "plain",
      raw: "POST / HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
      expect: { status: null, unseen: true },
      limits: { ...ofNginx("coding", { status: 501 }), lighttpd: ["coding", { status: 501 }] },
    },
    {
      name: "A line of its own in a head is refused",
      site: "plain",
      fields: [" folded"],
      expect: { status: 400, unseen: true },
      limits: { lighttpd: ["folded", { status: 200, unseen: false }] },
    },
    {
      name: "A request line without a version is refused",
      site: "plain",
      raw: "GET / plain\r\nHost: plain.test\r\n\r\n",
      expect: { status: 400, unseen: true },
    },
    {
      name: "CONNECT is refused",
      site: "plain",
      raw: "CONNECT plain.test:443 HTTP/1.1\r\nHost: plain.test:443\r\nConnection: close\r\n\r\n",
      expect: { status: null, unseen: true },
      limits: { proxy: ["connect", { status: 501 }] },
    },
    {
      name: "A site without an upstream has nothing",
      site: "bare",
      ask: "GET /a",
      expect: { status: 404, unseen: true },
    },
  ],
};
