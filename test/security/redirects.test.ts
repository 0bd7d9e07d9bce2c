import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { startProxy, type ProxyWorld } from "../support/proxy.js";
import { exchange } from "../support/raw-client.js";

/** Writings of another host, as browsers may read them. */
const EVIL = [
  "/evil.test",
  "//evil.test",
  "/\\evil.test",
  "\\\\evil.test",
  "%2fevil.test",
  "%2f%2fevil.test",
  "%5cevil.test",
];
const MORE = [
  "@evil.test",
  ".evil.test",
  ":80@evil.test",
  "https:evil.test",
  "https://evil.test",
  "%09/evil.test",
  ";@evil.test",
];
const PREFIXES = [
  "",
  "/",
  "/files",
  "/files/",
  "/files/sub",
  "/files/./",
  "/files/sub/../",
  "/cdn",
  "/cdn/",
  "/cdn/x",
  "/files/..",
  "/cdn/..",
];
const SUFFIXES = ["", "/", "/..", "?//evil.test"];

describe("No client chooses the host that a redirect leads to", needs("root"), () => {
  let world: ProxyWorld;
  before(async () => {
    const dir = temporaryFolder();
    for (const name of ["sub", "evil.test", "@evil.test", "sub/evil.test"]) mkdirSync(join(dir, name));
    const to = (base: string, append: "path" | "last-segment") => ({ base, append });
    const route = (path: string, fallback: ReturnType<typeof to> | null) => ({
      path,
      dir,
      fallback,
      precompressed: false,
    });
    world = await startProxy(null, {
      routes: [
        route("/cdn/", to("https://cdn.test", "path")),
        route("/name/", to("https://cdn.test/base", "last-segment")),
        route("/", null),
      ],
    });
  });
  after(() => world.end());

  test("by a folder without its slash, a fallback or a link of a bypass", async () => {
    const targets = PREFIXES.flatMap((prefix) =>
      [...EVIL, ...MORE, "", "sub"].flatMap((evil) => SUFFIXES.map((suffix) => prefix + evil + suffix)),
    );
    const forms = [
      ...targets,
      ...targets.map((target) => `http://main.test${target}`),
      ...EVIL.map((evil) => `/name/${evil}`),
    ];
    let redirects = 0;
    for (let from = 0; from < forms.length; from += 40) {
      const answers = await Promise.all(
        forms.slice(from, from + 40).map(async (target) => ({
          target,
          text: (
            await exchange(
              world.port,
              `GET ${target} HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n`,
            )
          ).text,
        })),
      );
      for (const { target, text } of answers) {
        const location = /\r\nLocation: (.*)\r\n/i.exec(text)?.[1];
        if (location === undefined) continue;
        redirects += 1;
        const { host, username } = new URL(location, "http://main.test/");
        assert.ok(
          ["main.test", "cdn.test"].includes(host) && username === "",
          `${target} leads to ${location}`,
        );
      }
    }
    assert.ok(redirects > 100, `${redirects} redirects of ${forms.length} requests`);
  });
});
