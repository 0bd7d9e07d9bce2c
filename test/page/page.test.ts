import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { PageError } from "../../src/base/page-error.js";
import { PAGE_TEXTS, SHIPPED_LANGUAGES } from "../../src/base/languages.js";
import { bodies, htmlOf, varyOf } from "../../src/page/bodies.js";
import { phrasesOf } from "../../src/page/phrases.js";
import { buildPage } from "../../src/spec/build-page.js";
import { LIMITS } from "../../src/spec/limits.js";
import { logoUrl } from "../../src/spec/logo.js";
import type { Maintenance, ModeValues, Site } from "../../src/spec/types.js";
import { siteOf } from "../support/nginx.js";

const VALUES: ModeValues = {
  mode: "down",
  generation: 12,
  retryAfterSec: 120,
  untilMs: Date.UTC(2026, 10, 25, 14, 30),
  leftSec: 900,
  message: "We are moving to a new database. Orders that you have placed are safe.",
  reason: "database upgrade",
  hold: null,
};
const FULL = {
  languages: [...SHIPPED_LANGUAGES],
  status_url: "https://status.example.com/incidents",
  contact: "help@example.com",
};

function site(maintenance: Partial<Maintenance> = {}): Site {
  return siteOf("main", { maintenance: { ...siteOf("main").maintenance, title: null, ...maintenance } });
}

const spoken = (page: Parameters<typeof buildPage>[0]): Site => site({ page: buildPage(page) });

describe("The built-in page", () => {
  test("stays below 4 kB, and 2 kB compressed, in every language with everything on it", () => {
    for (const { language, body } of bodies(spoken(FULL), VALUES).html) {
      assert.ok(Buffer.byteLength(body) <= 4096, `${language}: ${Buffer.byteLength(body)} bytes`);
      assert.ok(brotliCompressSync(body).length <= 2048, `${language} compressed`);
    }
  });

  test("stays below 14 kB with the largest logo there may be, head and all", () => {
    const svg = Buffer.alloc(LIMITS.logoBytesMax, "<svg xmlns='http://www.w3.org/2000/svg'><!-- ");
    const page = { ...buildPage(FULL), logo: { src: logoUrl(svg), alt: "Example Ltd" } };
    // a head of 1 kB is more than any server sends
    for (const { body } of bodies(site({ page }), VALUES).html)
      assert.ok(Buffer.byteLength(body) + 1024 <= 14_336, String(Buffer.byteLength(body)));
  });

  test("allows its own style and script by their hashes, and asks nobody but its own site", () => {
    const html = htmlOf(spoken(FULL), VALUES, "en");
    const policy = /content="(default-src [^"]*)"/
      .exec(html)?.[1]
      ?.replaceAll("&#x27;", "'")
      .replaceAll("&#x3D;", "=");
    const hash = (tag: string): string => {
      const text = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(html)?.[1] ?? "";
      return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    };
    assert.equal(
      policy,
      `default-src 'none'; style-src ${hash("style")}; script-src ${hash("script")}; img-src data:; ` +
        "connect-src 'self'; base-uri 'none'; form-action 'none'",
    );
    assert.doesNotMatch(html, /http-equiv="?refresh|@import|url\(|src="(?!data:)/i);
  });

  test("has the same script and style in every language, so that one policy fits all", () => {
    const parts = bodies(spoken(FULL), VALUES).html.map(({ body }) => body.replace(/<main>[^]*<\/main>/, ""));
    const fixed = parts.map((part) => /<style>[^]*<\/style>/.exec(part)?.[0]);
    assert.equal(new Set(fixed).size, 1);
  });

  test("says every text in every language, and none in two", () => {
    for (const key of PAGE_TEXTS) {
      const said = SHIPPED_LANGUAGES.map((language) => phrasesOf(language)[key]);
      assert.ok(said.every((text) => text.length > 1));
      // some words are the same in neighbouring languages, whole sentences never are
      if (key === "message" || key === "unsaved") assert.equal(new Set(said).size, said.length, key);
    }
  });

  test("is written from right to left in Arabic, with what is said in English marked as that", () => {
    const html = htmlOf(spoken(FULL), VALUES, "ar");
    assert.match(html, /<html lang="ar" dir="rtl">/);
    assert.match(html, /<p lang="en" dir="ltr">We are moving/);
    assert.match(html, /<span lang="en" dir="ltr">database upgrade<\/span>/);
    assert.match(html, /<h1>الموقع متوقف للصيانة<\/h1>/);
  });

  test("turns every value into text", () => {
    const evil = `</title><script>alert(1)</script>"'&<img src=x>`;
    const texts = Object.fromEntries(PAGE_TEXTS.map((key) => [key, evil]));
    const page = { ...buildPage({ ...FULL, text: { en: texts } }), logo: { src: "data:,", alt: evil } };
    for (const title of [null, evil]) {
      const html = htmlOf(
        site({ page: { ...page, contact: { text: evil, href: evil } }, title }),
        { ...VALUES, message: evil, reason: evil },
        "en",
      );
      assert.equal(html.match(/<script/g)?.length, 1);
      assert.equal(html.match(/<img/g)?.length, 1);
      assert.equal(html.match(/&lt;script&gt;alert\(1\)/g)?.length, 15 + 2);
    }
  });

  test("tells the message of the moment before that of the spec, and a text of its language before both of none", () => {
    const page = buildPage({
      languages: ["en", "de"],
      text: { de: { message: "Auf Deutsch", title: "Wartung" } },
    });
    const told = (message: string, language: string) =>
      htmlOf(site({ page, message: "of the spec", title: "Maintenance" }), { ...VALUES, message }, language);
    assert.match(told("of the spec", "de"), /<h1>Wartung<\/h1>\n<p>Auf Deutsch<\/p>/);
    assert.match(told("of the spec", "en"), /<h1>Maintenance<\/h1>\n<p>of the spec<\/p>/);
    assert.match(told("right now", "de"), /<p lang="en" dir="ltr">right now<\/p>/);
    assert.match(told("", "de"), /<p>Auf Deutsch<\/p>/);
    assert.match(told("", "en"), /<p>We are working on this site/);
  });
});

describe("The other bodies", () => {
  test("name the same things, JSON in 512 bytes", () => {
    const { json, text } = bodies(spoken(FULL), VALUES);
    assert.deepEqual(JSON.parse(json), {
      type: "about:blank",
      title: "Down for maintenance",
      status: 503,
      detail: VALUES.message,
      retryAfter: 900,
      until: "2026-11-25T14:30:00.000Z",
      reason: "database upgrade",
      statusUrl: FULL.status_url,
      reference: "main-12",
      generation: 12,
    });
    assert.ok(Buffer.byteLength(json) <= 512);
    assert.match(
      text,
      /^Down for maintenance\nWe are moving[^]*\nStatus: https:\/\/status\.example\.com\/incidents\n/,
    );
  });

  test("are in the first language of the site", () => {
    const { json, text } = bodies(spoken({ languages: ["de", "en"] }), { ...VALUES, message: "" });
    assert.match(json, /"title":"Wegen Wartung nicht erreichbar"/);
    assert.match(text, /^Wegen Wartung/);
  });
});

describe("A page of the user's own", () => {
  test("is sent as it is when it is HTML, and then there is no choice of language", () => {
    const own = site({ pageHtml: "<p>{{title}} ünï\r\n", page: buildPage(FULL) });
    assert.deepEqual(bodies(own, VALUES).html, [{ language: null, body: "<p>{{title}} ünï\r\n" }]);
    assert.equal(varyOf(own), "Accept");
    assert.equal(varyOf(spoken(FULL)), "Accept, Accept-Language");
  });

  test("is filled in once for each language when it is a template, every value as text", () => {
    const text =
      "{{lang}} {{dir}} {{site}} {{title.text}}|{{message.text}}|{{reason.text}}|{{until}}|{{untilText}}|{{statusUrl}}|" +
      "{{contact.href}}|{{logo.src}}|{{header}}|{{retryAfter}}|{{reference}}|{{text.again}}";
    const page = buildPage(
      { ...FULL, languages: ["en", "ar"] },
      { page: { file: "/p/page.hbs", text }, logo: "data:image/png;base64,AA==" },
    );
    const { html } = bodies(site({ page }), { ...VALUES, message: "<b>" });
    assert.deepEqual(
      html.map(({ language }) => language),
      ["en", "ar"],
    );
    assert.equal(
      html[0]?.body,
      "en ltr main Down for maintenance|&lt;b&gt;|database upgrade|2026-11-25T14:30:00.000Z|2026-11-25 14:30 UTC|" +
        "https://status.example.com/incidents|mailto:help@example.com|data:image/png;base64,AA&#x3D;&#x3D;|" +
        "X-Maintenance-Mode|900|main-12|Try again",
    );
    assert.match(html[1]?.body ?? "", /^ar rtl main الموقع/);
  });

  test("that is wrong is told with its file and line", () => {
    const failing = (text: string): string => {
      const page = buildPage(FULL, { page: { file: "/p/page.hbs", text }, logo: null });
      try {
        bodies(site({ page }), VALUES);
      } catch (error) {
        assert.ok(error instanceof PageError, String(error));
        return error.message;
      }
      throw new Error("nothing was found");
    };
    assert.match(failing("<p>\n{{#if until}}\n"), /^\/p\/page\.hbs:\d+: Parse error on line \d+:/);
    assert.equal(failing("<p>\n  {{nothing}}"), '/p/page.hbs:2:5: "nothing" not defined');
    assert.equal(failing("{{text.nothing}}"), '/p/page.hbs:1:3: "nothing" not defined');
    assert.match(failing("{{> other}}"), /^\/p\/page\.hbs: The partial other could not be found/);
  });
});

test("a logo is told by its bytes", () => {
  const type = (text: string): string => logoUrl(Buffer.from(text, "latin1")).split(";")[0] ?? "";
  assert.equal(type("\x89PNG\r\n\x1a\n..."), "data:image/png");
  assert.equal(type("\xff\xd8\xff\xe0"), "data:image/jpeg");
  assert.equal(type("GIF89a"), "data:image/gif");
  assert.equal(type("RIFF\0\0\0\0WEBPVP8 "), "data:image/webp");
  assert.equal(type('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="x">'), "data:image/svg+xml");
  for (const text of ["", "<html><svg>", "text", "<svgx>"])
    assert.throws(() => logoUrl(Buffer.from(text)), /no SVG, PNG, JPEG, WebP or GIF/);
});
