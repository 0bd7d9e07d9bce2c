import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import axe from "axe-core";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { buildPage } from "../../src/spec/build-page.js";
import { logoUrl } from "../../src/spec/logo.js";
import { httpAt } from "../support/listen.js";
import { findProgram, needs } from "../support/needs.js";
import { nginxSpec, siteOf, startNginx, type NginxWorld } from "../support/nginx.js";
import { freePort, until } from "../support/world.js";

const PICTURES = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url));
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" width="220" height="48" viewBox="0 0 220 48"><g fill="#0b57a4">' +
  '<path d="M4 12h6v32H4zM18 4h6v40h-6zM32 12h6v32h-6zM0 20h42v5H0zM0 33h42v5H0z"/></g><text x="56" y="33" ' +
  'font-family="sans-serif" font-weight="700" font-size="24" fill="#3d7fc4">Example</text></svg>';
const PAGE = {
  ...buildPage({ status_url: "https://status.example.com", contact: "help@example.com" }),
  logo: { src: logoUrl(Buffer.from(LOGO)), alt: "Example" },
};
const TOLD = {
  message: "We are moving to a new database. Orders that you have placed are safe.",
  reason: "database upgrade",
};
/** A browser that shares two processors with other tests. */
const WAIT_MS = 60_000;

describe("The maintenance page in a browser", needs("nginx", "chromium"), () => {
  let world: NginxWorld;
  let port: number;
  let browser: Browser;
  before(async () => {
    port = await freePort();
    world = await startNginx((folder, backend) => {
      const maintenance = { ...siteOf("main").maintenance, page: PAGE, title: null };
      return nginxSpec("nginx", folder, backend.port, [httpAt(port)], [siteOf("main", { maintenance })]);
    });
    const args = ["--no-sandbox", "--host-resolver-rules=MAP main.test 127.0.0.1"];
    browser = await chromium.launch({ executablePath: findProgram("chromium") ?? "", args });
  });
  after(async () => {
    await browser?.close();
    await world?.end();
  });

  const url = (path = "/"): string => `http://main.test:${port}${path}`;
  const down = (values = {}): Promise<number> => world.switchTo("main", { mode: "down", ...TOLD, ...values });

  /** A page in a context of its own, and all that it asks for. */
  async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; asked: string[] }> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
    return { page, asked };
  }

  async function barriers(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const { violations, incomplete } = await page.evaluate<axe.AxeResults>("axe.run()");
    return [...violations, ...incomplete].map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  }

  test("has no barriers in either scheme, wide or narrow, and fits the window", async () => {
    await down({ untilMs: Date.UTC(2099, 0, 1), leftSec: 60 });
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [390, 1280]) {
        const { page } = await open({ colorScheme, viewport: { width, height: 800 } });
        await page.goto(url());
        assert.deepEqual(await barriers(page), [], `${colorScheme} ${width}`);
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
        const paper = String(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
        const [light = 0] = /\d+/.exec(paper)?.map(Number) ?? [];
        assert.ok(colorScheme === "light" ? light > 200 : light < 60, paper);
        const image = await page.screenshot(pictureOf(colorScheme, width));
        assert.ok(image.length > 5000);
        await page.context().close();
      }
    }
  });

  test("runs from right to left in Arabic, without barriers and with the colours of the system", async () => {
    await down();
    const { page } = await open({
      locale: "ar",
      forcedColors: "active",
      viewport: { width: 600, height: 800 },
    });
    await page.goto(url());
    assert.deepEqual(await barriers(page), []);
    const box = await page.locator(".again").boundingBox();
    assert.ok(box !== null && box.x + box.width > 550, JSON.stringify(box));
    assert.equal(await page.evaluate("getComputedStyle(document.querySelector('h1')).direction"), "rtl");
    await page.context().close();
  });

  test("tells the end in the language and the zone of the visitor, and without a script in UTC", async () => {
    await down({ untilMs: Date.UTC(2099, 10, 25, 14, 30), leftSec: 60 });
    const { page } = await open({ locale: "de-DE", timezoneId: "Asia/Tokyo" });
    await page.goto(url());
    assert.match(await page.locator("time").innerText(), /^25\. November 2099 um 23:30$/);
    const plain = await open({ javaScriptEnabled: false });
    await plain.page.goto(url());
    assert.equal(await plain.page.locator("time").innerText(), "2099-11-25 14:30 UTC");
    assert.equal(await plain.page.locator("[role=status]").innerText(), "");
    await plain.page.context().close();
    await page.context().close();
  });

  test("says so when the end is past", async () => {
    await down({ untilMs: Date.UTC(2020, 0, 1) });
    const { page } = await open();
    await page.goto(url());
    assert.equal(await page.locator("time").innerText(), "This is taking longer than expected.");
    await page.context().close();
  });

  test("loads the site by itself when it is back, fragment and all, and asks nobody else", async () => {
    await down();
    const { page, asked } = await open();
    await page.goto(url("/cart?a=b#item"));
    assert.match(await page.locator("[role=status]").innerText(), /reloads by itself/);
    await until("it has looked", () => asked.some((one) => one.startsWith("HEAD")), WAIT_MS);
    await world.switchTo("main", { mode: "up" });
    await page.waitForSelector("[role=status]", { state: "detached" });
    assert.equal(page.url(), url("/cart?a=b#item"));
    const target = url("/cart?a=b").replace("#item", "");
    assert.deepEqual(
      asked.filter((one) => !one.endsWith(target) && !one.endsWith("/favicon.ico") && !one.endsWith("#item")),
      [],
    );
    await page.context().close();
  });

  test("never sends a form again", async () => {
    await world.switchTo("main", { mode: "up" });
    const { page, asked } = await open();
    await page.goto(url("/form"));
    await page.setContent(`<form method="post" action="${url("/order")}"><button>Send</button></form>`);
    await down();
    await page.locator("button").click();
    await page.waitForSelector("[role=status]:not(:empty)");
    world.backend.seen.length = 0;
    await world.switchTo("main", { mode: "up" });
    await page.waitForSelector("[role=status]", { state: "detached" });
    await until("the backend is asked", () => world.backend.seen.includes("GET /order"), WAIT_MS);
    assert.deepEqual(
      world.backend.seen.filter((one) => one.startsWith("POST")),
      [],
    );
    assert.equal(asked.filter((one) => one.startsWith("POST")).length, 1);
    await page.context().close();
  });

  test("does not look while nobody sees it, and does as soon as somebody does", async () => {
    await down();
    const { page, asked } = await open();
    await page.addInitScript(
      "Object.defineProperty(document, 'hidden', { get: () => window.isHidden ?? true })",
    );
    await page.clock.install();
    await page.goto(url());
    await page.clock.runFor("10:00");
    assert.deepEqual(asked, [`GET ${url()}`]);
    await page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))");
    await page.clock.runFor(1000);
    await until("it has looked", () => asked.includes(`HEAD ${url()}`), WAIT_MS);
    await page.context().close();
  });

  test("runs nothing but its own script, whatever stands in the page", async () => {
    await down();
    const { page } = await open();
    const refused: string[] = [];
    page.on("console", (message) => refused.push(message.text()));
    await page.goto(url());
    await page.evaluate(`{
      const script = document.createElement("script");
      script.textContent = "window.isRun = true";
      document.body.append(script);
      const image = new Image();
      image.src = "http://127.0.0.1:9/x";
      document.body.append(image);
    }`);
    await until(
      "both are refused",
      () => refused.filter((text) => /Content Security Policy/.test(text)).length >= 2,
      WAIT_MS,
    );
    assert.equal(await page.evaluate("window.isRun"), undefined);
    await page.context().close();
  });
});

/** With UPDATE=1 the pictures of the README are made anew. */
function pictureOf(scheme: "light" | "dark", width: number): { path?: string } {
  return process.env["UPDATE"] === "1" && width === 1280 ? { path: `${PICTURES}page-${scheme}.png` } : {};
}
