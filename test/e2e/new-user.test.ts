import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium, type Browser } from "playwright-core";
import { isAlive, processInfo } from "../../src/base/process-info.js";
import { parseSpec } from "../../src/spec/parse.js";
import { ROOT, runProgram, type Ended } from "../cli/run-fence.js";
import { findProgram, needs } from "../support/needs.js";
import { freePort, until } from "../support/world.js";

/** What the README calls the folder of the spec; here it is another. */
const SPEC_FOLDER = "/etc/fence";
const HOST = "www.example.com";
const WAIT_MS = 60_000;

describe("who follows the README", needs("root", "git", "nginx", "chromium"), () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-new-user-"));
  const clone = path.join(folder, "clone");
  const specFolder = path.join(folder, "etc/fence");
  const specFile = path.join(specFolder, "fence.toml");
  const config = path.join(folder, "nginx.conf");
  const pidFile = path.join(folder, "nginx.pid");
  const programs = path.join(folder, "bin");
  const backend = http.createServer((_request, response) => response.end("the live site"));
  let port: number;
  let readme: string;
  let browser: Browser;

  /** Runs a line that the README has as it is, in a shell as a reader does. */
  async function type(line: string, cwd = specFolder): Promise<Ended> {
    assert.ok(readme.includes(line), `the README does not say: ${line}`);
    const PATH = `${programs}:${process.env["PATH"] ?? ""}:/usr/sbin`;
    const env = { PATH, HOME: folder, FENCE_TEST_APT: "0" };
    return runProgram("bash", ["-c", line.replaceAll(SPEC_FOLDER, specFolder)], { cwd, env });
  }

  async function succeeds(line: string, cwd?: string): Promise<string> {
    const { code, stdout, stderr } = await type(line, cwd);
    assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
    return stdout;
  }

  async function makeClone(): Promise<void> {
    if (!existsSync(path.join(ROOT, ".git"))) {
      // Sources that came as an archive: what a clone would have of them.
      const others = ["node_modules", "build"].map((name) => path.join(ROOT, name));
      cpSync(ROOT, clone, { recursive: true, filter: (name) => !others.includes(name) });
      return;
    }
    // Whose checkout it is does not matter here.
    writeFileSync(path.join(folder, ".gitconfig"), "[safe]\n\tdirectory = *\n");
    const cloned = await runProgram("git", ["clone", "--quiet", ROOT, clone], { env: { HOME: folder } });
    assert.equal(cloned.code, 0, cloned.stderr);
  }

  /** The text of a block of code in a language. */
  function block(language: string): string {
    const [, text] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(readme) ?? [];
    assert.ok(text !== undefined, language);
    return text;
  }

  /** The config that the host has, with the lines of fence in their places. */
  function writeConfig(inHttp: string, inServer: string): void {
    const { port: backendPort } = backend.address() as AddressInfo;
    writeFileSync(
      config,
      `pid ${pidFile};
error_log ${folder}/error.log;
events { }
http {
  access_log off;
  ${inHttp}
  server {
    listen 127.0.0.1:${port};
    server_name ${HOST};
    ${inServer}
    location / { proxy_pass http://127.0.0.1:${backendPort}; }
  }
}
`,
    );
  }

  before(async () => {
    // The workers of nginx look into it.
    chmodSync(folder, 0o755);
    mkdirSync(programs);
    writeFileSync(path.join(programs, "nginx"), `#!/bin/sh\nexec /usr/sbin/nginx -c ${config} "$@"\n`, {
      mode: 0o755,
    });
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    port = await freePort();
    writeConfig("", "");
    spawn(path.join(programs, "nginx"), [], { stdio: "ignore" });
    await until("nginx", () => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "");
    await makeClone();
    readme = readFileSync(path.join(clone, "README.md"), "utf8");
    const args = ["--no-sandbox", `--host-resolver-rules=MAP ${HOST} 127.0.0.1`];
    browser = await chromium.launch({ executablePath: findProgram("chromium") ?? "", args });
  });

  after(async () => {
    await browser?.close();
    backend.close();
    backend.closeAllConnections();
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
    const start = processInfo(pid)?.start ?? "";
    if (isAlive(pid, start)) process.kill(pid, "SIGTERM");
    await until("nginx to end", () => !isAlive(pid, start));
    rmSync(folder, { recursive: true, force: true });
  });

  test("sees the demo on a fresh clone", async () => {
    // npm ci would have brought the packages, and tsc compiles what has changed since.
    symlinkSync(path.join(ROOT, "node_modules"), path.join(clone, "node_modules"));
    for (const name of ["src", "test", "bench", ".tsbuildinfo"])
      cpSync(path.join(ROOT, "build", name), path.join(clone, "build", name), { recursive: true });
    const shown = await succeeds("npm run demo -- --toggles 1", clone);
    assert.match(shown, /fence down main .*proven/);
    assert.match(shown, /LOST +0$/m);
  });

  test("takes a site of the nginx that is there down, sees the page, and the site when it is up", async () => {
    assert.ok(readme.includes("npm ci && npm run build && npm link"));
    // What npm link does, in no folder of the host.
    symlinkSync(path.join(clone, "bin/fence.js"), path.join(programs, "fence"));
    await succeeds("mkdir -p /etc/fence && cd /etc/fence", folder);
    await succeeds("fence init --include");

    // The README shows what is to be said there; a host says its own.
    const shown = parseSpec(block("toml"), `${SPEC_FOLDER}/fence.toml`, () => "");
    assert.deepEqual([shown.servers[0]?.config, shown.sites[0]?.hosts], ["include", [HOST]]);
    // What it has found in the config of this host's nginx is none of this test's business.
    let spec = readFileSync(specFile, "utf8").replace(/\n\[site\.(?!main\b)[^]*$/, "\n");
    for (const [key, value] of Object.entries({
      listen: `["127.0.0.1:${port}"]`,
      hosts: `["${HOST}"]`,
      pid_file: `"${pidFile}"`,
      state_dir: `"${folder}/state"`,
      run_dir: `"${folder}/run"`,
    })) {
      const line = new RegExp(`^${key} = .*`, "m");
      assert.match(spec, line);
      spec = spec.replace(line, `${key} = ${value}`);
    }
    writeFileSync(specFile, spec);
    await succeeds("fence check");
    await succeeds("fence apply");
    const [inHttp = "", inServer = ""] = block("nginx").replaceAll(SPEC_FOLDER, specFolder).split("\n");
    writeConfig(inHttp, inServer);
    await succeeds("nginx -t && nginx -s reload");
    // The reload is under way.
    await until("fence verify", async () => (await type("fence verify")).code === 0);

    const told = await succeeds('fence down main --for 20m --reason "database upgrade"');
    assert.match(told, /^main is down \(generation \d+; proven on web in \d/);
    const page = await browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const answer = await page.goto(`http://${HOST}:${port}/`);
    assert.equal(answer?.status(), 503);
    assert.match(await page.locator("main").innerText(), /database upgrade/);
    assert.match(await succeeds("fence status"), /main +down/);

    assert.match(await succeeds("fence up main"), /^main is up/);
    // The page sees it by itself.
    await page.getByText("the live site").waitFor();
  });
});
