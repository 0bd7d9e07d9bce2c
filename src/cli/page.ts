import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { wallMs } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { findProgram } from "../base/run.js";
import { suggest } from "../base/suggest.js";
import type { ModeValues, Site } from "../spec/types.js";
import type { Context } from "./context.js";
import { loadSpecOf } from "./machine.js";
import { chooseSites } from "./sites.js";

/** Options of `fence page`, as commander hands them over. */
export interface PageOptions {
  locale?: string;
  message?: string;
  reason?: string;
  for?: number;
  open?: true;
}

/** What is promised of the built-in page; docs/page.md says why. */
const BYTES_MAX = { page: 4096, brotli: 2048, answer: 14_336 } as const;

/** `fence page`: the page of a site as clients would get it, and how large it is. */
export async function showPage(
  context: Context,
  options: PageOptions,
  name: string[] = [],
): Promise<ExitName> {
  const spec = await loadSpecOf(context);
  const [chosen] = chooseSites(spec, name);
  const site = spec.sites.find((one) => one.name === chosen) as Site;
  const [{ bodies, languagesOf, varyOf }, { refusing }] = await Promise.all([
    import("../page/bodies.js"),
    import("../apply/refusing.js"),
  ]);
  const { html } = refusing(spec, () => bodies(site, valuesOf(site, options)));
  const language = options.locale === undefined ? null : localeOf(languagesOf(site), options.locale);
  const { body } = html.find((one) => language === null || one.language === language) ?? { body: "" };
  const bytes = Buffer.byteLength(body);
  const sizes = {
    page: bytes,
    brotli: brotliCompressSync(body).length,
    answer: bytes + headBytes(site, bytes, varyOf(site)),
  };
  const file = options.open === true ? written(site, body) : null;
  if (context.json) {
    const told = { site: site.name, language: language ?? languagesOf(site)[0] ?? null };
    context.out.line(
      JSON.stringify({ schema: "fence/page@1", ...told, languages: languagesOf(site), bytes: sizes, file }),
    );
  } else {
    if (file === null) context.out.write(body);
    else context.out.line(file);
    if (!context.quiet) for (const line of sizeLines(sizes)) context.err.line(line);
  }
  if (file !== null) await openInBrowser(file, context);
  return "ok";
}

function valuesOf({ maintenance }: Site, options: PageOptions): ModeValues {
  const { retryAfterSec, message, reason } = maintenance;
  const leftMs = options.for ?? null;
  return {
    mode: "down",
    generation: 0,
    retryAfterSec,
    untilMs: leftMs === null ? null : Math.ceil((wallMs() + leftMs) / 1000) * 1000,
    leftSec: leftMs === null ? null : Math.ceil(leftMs / 1000),
    message: options.message ?? message,
    reason: options.reason ?? reason,
    hold: null,
  };
}

/** @throws FenceError usage */
function localeOf(languages: readonly string[], locale: string): string {
  const found = languages.find((tag) => tag.toLowerCase() === locale.toLowerCase());
  if (found !== undefined) return found;
  const near = suggest(locale, languages);
  throw new FenceError("usage", `the page has no language ${JSON.stringify(locale)}`, {
    hint:
      languages.length === 0
        ? "it is HTML of your own, which is sent as it is"
        : `${near === null ? "" : `did you mean ${near}? `}its languages are ${languages.join(", ")}`,
  });
}

/** Of the head in HTTP/1.1, as all servers send it. */
function headBytes(site: Site, length: number, vary: string): number {
  const { status, header, headers } = site.maintenance;
  const fields = [
    `HTTP/1.1 ${status} Service Unavailable`,
    "Content-Type: text/html; charset=utf-8",
    `Content-Length: ${length}`,
    "Content-Language: en",
    ...headers.map(({ name, value }) => `${name}: ${value}`),
    `${header}: 1`,
    "Cache-Control: no-store",
    `Vary: ${vary}`,
    "X-Content-Type-Options: nosniff",
    "Retry-After: 604800",
    "Date: Sun, 06 Nov 1994 08:49:37 GMT",
    "Server: lighttpd/1.4.69",
    "Connection: keep-alive",
  ];
  return Buffer.byteLength(`${fields.join("\r\n")}\r\n\r\n`);
}

function sizeLines(sizes: Readonly<Record<keyof typeof BYTES_MAX, number>>): string[] {
  const text = { page: "the page", brotli: "compressed (brotli)", answer: "the whole answer" } as const;
  return (Object.keys(text) as (keyof typeof text)[]).map((key) => {
    const over = sizes[key] > BYTES_MAX[key] ? `, over the ${BYTES_MAX[key]} that it should stay below` : "";
    return `${text[key]}: ${sizes[key]} bytes${over}`;
  });
}

function written(site: Site, body: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "fence-page-")), `${site.name}.html`);
  writeFileSync(file, body);
  return file;
}

/** What the desktop opens pages with, or BROWSER. @throws FenceError no-browser: the file is written all the same */
async function openInBrowser(file: string, context: Context): Promise<void> {
  const named = context.env["BROWSER"];
  const program = findProgram(named ?? "xdg-open");
  const fail = (why: string): FenceError =>
    new FenceError("no-browser", `${file} is written, but ${why}`, {
      hint: "Open it by hand, or set BROWSER.",
    });
  if (program === null) throw fail(`there is no program ${named ?? "xdg-open"}`);
  const child = spawn(program, [file], { detached: true, stdio: "ignore" });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(fail(error.message)));
  });
  child.unref();
}
