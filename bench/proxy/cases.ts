/** One workload of the proxy bench: what is asked, and what a right answer is. */
export interface Case {
  name: string;
  title: string;
  /** Who can be asked this: all that pass requests on, or only what is told here. */
  room: "proxied" | "static" | "down" | "sendfile" | "fastcgi";
  measure: "cpu" | "p99" | "memory";
  path: string;
  connections: number;
  /** Sent beside those of a browser. */
  headers: readonly string[];
  /** 0: GET. */
  postBytes: number;
  status: number;
  /** Of the answer; null: whatever the first answer has, and then the same. */
  bodyBytes: number | null;
  workers: 1 | 2;
  /** Part of --quick. */
  isQuick: boolean;
}

const KB = 1024;
const MB = 1024 * KB;

type Given = Pick<Case, "name" | "title" | "path" | "bodyBytes"> & Partial<Case>;

function make(given: Given): Case {
  return {
    room: "proxied",
    measure: "cpu",
    connections: 64,
    headers: [],
    postBytes: 0,
    status: 200,
    workers: 1,
    isQuick: false,
    ...given,
  };
}

/** Files that the bench lays out: name and bytes. */
export const FILES: readonly (readonly [string, number])[] = [
  ["1k.bin", KB],
  ["4k.bin", 4 * KB],
  ["64k.bin", 64 * KB],
  ["1m.bin", MB],
  ["10m.bin", 10 * MB],
];

const get1k = { path: "/1k", bodyBytes: KB } as const;

export const CASES: readonly Case[] = [
  make({ name: "get-1k", title: "GET 1 KB", ...get1k, isQuick: true }),
  make({ name: "get-64k", title: "GET 64 KB", path: "/64k", bodyBytes: 64 * KB, isQuick: true }),
  make({ name: "get-10m", title: "GET 10 MB", path: "/10m", bodyBytes: 10 * MB, connections: 8 }),
  make({ name: "post-16k", title: "POST 16 KB", path: "/post", bodyBytes: 2, postBytes: 16 * KB }),
  make({ name: "chunked", title: "GET 1 KB, chunked", path: "/chunked", bodyBytes: KB }),
  make({ name: "c1000", title: "GET 1 KB, 1,000 connections", ...get1k, connections: 1000 }),
  make({ name: "close", title: "GET 1 KB, one connection each", ...get1k, headers: ["Connection: close"] }),
  make({ name: "workers-2", title: "GET 1 KB, two workers", ...get1k, workers: 2 }),
  make({
    name: "down",
    title: "down: the maintenance answer",
    room: "down",
    path: "/",
    status: 503,
    bodyBytes: null,
    isQuick: true,
  }),
  ...FILES.map(([file, bytes]) =>
    make({
      name: `static-${file.replace(".bin", "")}`,
      title: `static file, ${sizeText(bytes)}`,
      room: "static",
      path: `/files/${file}`,
      bodyBytes: bytes,
      connections: bytes > MB ? 8 : 64,
    }),
  ),
  ...FILES.filter(([file]) => /^(4k|64k|10m)/.test(file)).map(([file, bytes]) =>
    make({
      name: `sendfile-${file.replace(".bin", "")}`,
      title: `X-Accel-Redirect, ${sizeText(bytes)}`,
      room: "sendfile",
      path: `/accel/${file}`,
      bodyBytes: bytes,
      connections: bytes > MB ? 8 : 64,
    }),
  ),
  make({ name: "fastcgi", title: "FastCGI, 1 KB", room: "fastcgi", path: "/app.php", bodyBytes: KB }),
  make({ name: "p99", title: "p99 at 2,000 requests/s", measure: "p99", ...get1k, connections: 20 }),
  make({
    name: "memory",
    title: "memory, 1,000 idle connections",
    measure: "memory",
    ...get1k,
    connections: 1000,
  }),
];

function sizeText(bytes: number): string {
  return bytes >= MB ? `${bytes / MB} MB` : `${bytes / KB} KB`;
}
