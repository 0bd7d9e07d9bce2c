import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildPage } from "../../src/spec/build-page.js";
import { ask } from "../support/http-answer.js";
import { httpAt } from "../support/listen.js";
import { createStage } from "../support/lighttpd-stage.js";
import { needs, type Need } from "../support/needs.js";
import { nginxSpec, siteOf, startNginx, type NginxKind } from "../support/nginx.js";
import { freePort } from "../support/world.js";

const LANGUAGES = ["en", "de", "fr", "pt-BR", "pt", "zh-Hant", "zh", "ar"];
const PAGE = buildPage({
  languages: LANGUAGES,
  text: { "pt-BR": { title: "Em manutenção" }, "zh-Hant": { title: "網站維護中" } },
});

/** What a client says, and the language that it gets: the same on every server. */
const CASES: readonly (readonly [string | null, string])[] = [
  [null, "en"],
  ["", "en"],
  ["de", "de"],
  ["DE", "de"],
  ["de-AT", "de"],
  ["de-AT-1996", "de"],
  ["den", "en"],
  ["xx-de", "en"],
  ["sv", "en"],
  ["*", "en"],
  ["sv, *;q=0.5, de;q=0.1", "de"],
  ["sv-SE,sv;q=0.9,fr;q=0.8,en-US;q=0.7", "fr"],
  ["en;q=0.5, de", "de"],
  ["fr, de", "fr"],
  ["de, fr", "de"],
  ["fr;q=0.3, de;q=0.3", "fr"],
  ["fr;q=0.3, de;q=0.31", "de"],
  ["fr;q=0.31, de;q=0.312", "de"],
  ["fr;q=0.05, de;q=0.051", "de"],
  ["fr;q=0.9, de;q=0.95", "de"],
  ["fr;q=0.95, de;q=0.9", "fr"],
  ["fr;q=0.900, de;q=0.9", "fr"],
  ["fr;q=0.1, de;q=1.0", "de"],
  ["fr;q=0.1, de;q=1.", "de"],
  ["de;q=0", "en"],
  ["de;q=0.000, fr;q=0.001", "fr"],
  ["de;q=nonsense, fr;q=0.2", "fr"],
  ["de ; q=0.2 , fr ; q=0.8", "fr"],
  ["de;Q=0.2,fr;Q=0.8", "fr"],
  ["pt-BR", "pt-BR"],
  ["pt-br,pt;q=0.9", "pt-BR"],
  ["pt-PT,pt;q=0.9", "pt"],
  ["zh-Hant-TW", "zh-Hant"],
  ["zh-CN", "zh"],
  ["ar-EG", "ar"],
  [",,de,,", "de"],
  ["en-GB,en;q=0.9,de;q=0.8", "en"],
];

type Get = (headers: Record<string, string>) => Promise<{ status: number; headers: object; body: string }>;
interface Served {
  get: Get;
  end(): Promise<void>;
}

async function onLighttpd(): Promise<Served> {
  const stage = await createStage({ main: { maintenance: { page: PAGE, title: null } } });
  await stage.switch("down");
  return { get: (headers) => ask({ port: stage.port, host: "main.test", headers }), end: () => stage.end() };
}

async function onNginx(kind: NginxKind): Promise<Served & { folder: string }> {
  const port = await freePort();
  const world = await startNginx((folder, backend) => {
    const maintenance = { ...siteOf("main").maintenance, page: PAGE, title: null };
    return nginxSpec(kind, folder, backend.port, [httpAt(port)], [siteOf("main", { maintenance })]);
  });
  // The wait is none of the spec's, so that stock nginx has flags to read.
  await world.switchTo("main", { mode: "down", retryAfterSec: 10 });
  return {
    folder: join(world.folder, "state/servers/web/main"),
    get: (headers) => ask({ port, host: "main.test", headers }),
    end: () => world.end(),
  };
}

const KINDS: readonly { kind: string; need: readonly Need[]; start: () => Promise<Served> }[] = [
  { kind: "lighttpd", need: ["lighttpd"], start: onLighttpd },
  { kind: "nginx", need: ["nginx"], start: () => onNginx("nginx") },
  { kind: "nginx-lua", need: ["nginx-lua"], start: () => onNginx("nginx-lua") },
  { kind: "proxy", need: ["linux"], start: () => onNginx("proxy") },
];

const languageIn = (body: string): string => /<html lang="([^"]*)"/.exec(body)?.[1] ?? "none";

for (const { kind, need, start } of KINDS) {
  describe(`The language of the page on ${kind}`, needs(...need), () => {
    let served: Served;
    before(async () => (served = await start()));
    after(() => served.end());

    test("is the one that the client likes best of those that there are", async () => {
      for (const [accepts, expected] of CASES) {
        const headers: Record<string, string> = accepts === null ? {} : { "Accept-Language": accepts };
        const answer = await served.get(headers);
        const told = answer.headers as Record<string, string>;
        assert.equal(languageIn(answer.body), expected, accepts ?? "no field");
        assert.equal(told["content-language"], expected, accepts ?? "no field");
        assert.equal(told["vary"], "Accept, Accept-Language");
        assert.equal(answer.status, 503);
        assert.equal(Buffer.byteLength(answer.body), Number(told["content-length"]));
      }
    });

    test("is none for the other bodies", async () => {
      for (const type of ["application/json", "text/plain"]) {
        const { headers, body } = await served.get({ Accept: type, "Accept-Language": "de" });
        assert.equal((headers as Record<string, string>)["content-language"], undefined);
        assert.match(body, /Down for maintenance/);
      }
    });
  });
}

for (const kind of ["nginx", "nginx-lua"] as const) {
  test(
    `a variant from before there were several languages has its one page, on ${kind}`,
    needs(kind),
    async () => {
      const served = await onNginx(kind);
      try {
        rmSync(join(served.folder, "down.de.html"));
        const answer = await served.get({ "Accept-Language": "de" });
        assert.equal(answer.status, 503);
        assert.equal(languageIn(answer.body), "en");
        assert.equal((answer.headers as Record<string, string>)["retry-after"], "10");
      } finally {
        await served.end();
      }
    },
  );
}
