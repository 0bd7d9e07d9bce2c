import type { Topic } from "../case.js";

export const files: Topic = {
  title: "Static routes",
  cases: [
    {
      name: "A file of a route is sent",
      site: "files",
      ask: "GET /static/a.txt",
      expect: { status: 200, headers: { "content-type": /^text\/plain/ }, body: "static a\n", unseen: true },
    },
    {
      name: "HEAD tells its length",
      site: "files",
      ask: "HEAD /static/a.txt",
      expect: { status: 200, headers: { "content-length": "9" }, body: "" },
    },
    {
      name: "The longer route wins",
      site: "files",
      ask: "GET /static/deep/a.txt",
      expect: { status: 200, body: "deep a\n" },
    },
    {
      name: "A folder with an index is that",
      site: "files",
      ask: "GET /static/sub/",
      expect: { status: 200, body: "index\n" },
    },
    {
      name: "A folder without its slash is led there",
      site: "files",
      ask: "GET /static/sub?x",
      expect: { status: 301, headers: { location: "/static/sub/?x" } },
    },
    {
      name: "A missing file is a 404",
      site: "files",
      ask: "GET /static/none",
      expect: { status: 404, unseen: true },
    },
    {
      name: "A part is sent",
      site: "files",
      ask: "GET /static/a.txt",
      fields: ["Range: bytes=0-5"],
      expect: { status: 206, headers: { "content-range": "bytes 0-5/9" }, body: "static" },
    },
    {
      name: "A part beyond the end is a 416",
      site: "files",
      ask: "GET /static/a.txt",
      fields: ["Range: bytes=100-"],
      expect: { status: 416, headers: { "content-range": "bytes */9" } },
      limits: { lighttpd: ["no-length", { headers: { "content-range": null } }] },
    },
    {
      name: "Unchanged since then is a 304",
      site: "files",
      ask: "GET /static/a.txt",
      fields: ["If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT"],
      expect: { status: 304, body: "" },
    },
    {
      name: "A path out of a route is none of its files",
      site: "files",
      ask: "GET /static/../secret.txt",
      expect: { status: 200, seen: { url: /^\/(?:static\/\.\.\/)?secret\.txt$/ } },
    },
    {
      name: "An encoded path out of a route reaches no file",
      site: "files",
      ask: "GET /static/%2e%2e/secret.txt",
      expect: { status: 200, seen: { url: /secret\.txt$/ } },
    },
    {
      name: "A neighbour of a route is the backend's",
      site: "files",
      ask: "GET /statics/a.txt",
      expect: { status: 200, seen: { url: "/statics/a.txt" } },
    },
    {
      name: "A file of a route with a fallback is sent",
      site: "files",
      ask: "GET /media/a.txt",
      expect: { status: 200, body: "media a\n" },
    },
    {
      name: "A missing one is looked for elsewhere",
      site: "files",
      ask: "GET /media/x/none.png?q=1",
      expect: {
        status: 302,
        headers: { location: "https://elsewhere.test/bucket/media/x/none.png", "cache-control": "no-store" },
      },
    },
    {
      name: "Elsewhere by the last segment alone",
      site: "files",
      ask: "GET /last/x/none.png",
      expect: { status: 302, headers: { location: "https://elsewhere.test/b/none.png" } },
    },
    {
      name: "An encoded slash is one of the name's",
      site: "files",
      ask: "GET /media/x%2Fnone.png",
      expect: {
        status: 302,
        headers: { location: "https://elsewhere.test/bucket/media/x%2Fnone.png" },
      },
    },
    {
      name: "POST to a missing one is a 404",
      site: "files",
      ask: "POST /media/none",
      body: "",
      expect: { status: 404, unseen: true },
    },
  ],
};

const zipped = { "content-encoding": "gzip" };

export const compression: Topic = {
  title: "Answers compressed",
  cases: [
    {
      name: "Text is compressed for who takes it",
      site: "small",
      ask: "GET /tell/text?bytes=5000&Content-Type=text/plain",
      fields: ["Accept-Encoding: gzip"],
      expect: { status: 200, headers: { ...zipped, vary: /accept-encoding/i } },
    },
    {
      name: "And not for who does not",
      site: "small",
      ask: "GET /tell/text?bytes=5000&Content-Type=text/plain",
      expect: { status: 200, headers: { "content-encoding": null }, body: "x".repeat(5000) },
    },
    {
      name: "Not of another type",
      site: "small",
      ask: "GET /tell/text?bytes=5000&Content-Type=image/png",
      fields: ["Accept-Encoding: gzip"],
      expect: { status: 200, headers: { "content-encoding": null } },
    },
    {
      name: "Not a small one",
      site: "small",
      ask: "GET /tell/text?bytes=50&Content-Type=text/plain&Content-Length=50",
      fields: ["Accept-Encoding: gzip"],
      expect: { status: 200, headers: { "content-encoding": null } },
    },
    {
      name: "Not one that is compressed already",
      site: "small",
      ask: "GET /tell/text?bytes=5000&Content-Type=text/plain&Content-Encoding=br",
      fields: ["Accept-Encoding: gzip"],
      expect: { status: 200, headers: { "content-encoding": "br" } },
    },
    {
      name: "Not on a site that does not ask for it",
      site: "plain",
      ask: "GET /tell/text?bytes=5000&Content-Type=text/plain",
      fields: ["Accept-Encoding: gzip"],
      expect: { status: 200, headers: { "content-encoding": null } },
    },
  ],
};
