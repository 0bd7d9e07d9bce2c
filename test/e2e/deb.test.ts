import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { filesBelow } from "../support/files-below.js";
import { ROOT, runProgram, type Ended } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";

/** Node as another package has brought it. */
const NODE = (version: string): string => `Package: nodejs
Status: install ok installed
Maintainer: none <none@localhost>
Version: ${version}
Architecture: all
Description: for a test

`;
const UNITS = [
  "fence-proxy@.service",
  "fence-workers.service",
  "fence-watch.service",
  "fence-watch.timer",
] as const;

describe("the package of Debian", needs("root", "dpkg"), () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-deb-"));
  const host = path.join(folder, "host");
  const inHost = (name: string): string => path.join(host, name);
  const PATH = `${inHost("usr/bin")}:${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  let file: string;

  const run = async (program: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram(program, args, {
      cwd: folder,
      env: { PATH, HOME: folder },
    });
    assert.equal(code, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout.trim();
  };
  const make = (out: string, mask: string): Promise<string> =>
    // Neither when nor by whose rights it is made may be seen in it.
    run("sh", "-c", `umask ${mask}; exec "$@"`, "sh", process.execPath, path.join(ROOT, "bin/deb.mjs"), out);
  /** dpkg on a tree that stands for a host; scripts are told so, for there is nothing else in it. */
  const dpkg = (root: string, ...args: readonly string[]): Promise<Ended> =>
    runProgram("dpkg", [`--root=${root}`, "--force-script-chrootless", "--path-include=*", ...args], {
      env: { PATH },
    });
  const hostWithNode = (root: string, version: string): void => {
    for (const name of ["info", "updates"])
      mkdirSync(path.join(root, "var/lib/dpkg", name), { recursive: true });
    writeFileSync(path.join(root, "var/lib/dpkg/status"), NODE(version));
  };

  before(async () => {
    file = await make(path.join(folder, "one"), "022");
    hostWithNode(host, "20.19.2-1");
    const { code, stdout, stderr } = await dpkg(host, "--install", file);
    assert.equal(code, 0, `${stdout}${stderr}`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("has the same bytes when it is made again", async () => {
    const digest = (name: string): string => createHash("sha256").update(readFileSync(name)).digest("hex");
    assert.equal(digest(await make(path.join(folder, "two"), "077")), digest(file));
  });

  test("is not installed beside a Node that is too old", async () => {
    const old = path.join(folder, "old");
    hostWithNode(old, "18.19.0+dfsg-6");
    const { code, stderr } = await dpkg(old, "--install", file);
    assert.notEqual(code, 0);
    assert.match(stderr, /fence depends on nodejs \(>= 20\.19\)/);
  });

  test("belongs to root, and nobody else may write to any of it", async () => {
    const listed = (await run("dpkg-deb", "--contents", file)).split("\n");
    assert.ok(listed.length > 50);
    for (const line of listed) assert.match(line, /^(l\S{9}|[-d]rw[-x]r-[-x]r-[-x]) root\/root /);
  });

  test("its fence tells its version, writes a spec, checks and renders it", async () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      version: string;
    };
    assert.equal(await run("fence", "--version"), version);
    const spec = path.join(folder, "fence.toml");
    await run("fence", "-q", "-c", spec, "init", "--kind", "nginx");
    await run("fence", "-c", spec, "check");
    await run("fence", "-c", spec, "render");
    assert.ok(existsSync(path.join(folder, "rendered/web/nginx.conf")));
  });

  test("man shows the page of a command", needs("man"), async () => {
    const { stdout } = await runProgram("man", ["-M", inHost("usr/share/man"), "fence-down"], {
      env: { PATH, MANPAGER: "cat", LANG: "C.UTF-8", MANWIDTH: "100" },
    });
    assert.match(stdout, /FENCE-DOWN\(1\)[^]*--until/);
  });

  test("each shell finds its completion where Debian looks for it", needs("completion-shells"), async () => {
    const share = inHost("usr/share");
    const bash = `source ${share}/bash-completion/completions/fence
      COMP_WORDS=(fence dow); COMP_CWORD=1; _fence; printf '%s\\n' "\${COMPREPLY[@]}"`;
    assert.equal(await run("bash", "--norc", "-c", bash), "down");
    const zsh = `fpath=(${share}/zsh/vendor-completions $fpath)
      autoload -Uz compinit; compinit -u -d ${folder}/zcompdump
      _describe() { print -l -- "\${(@)described%%:*}" }
      words=(fence dow); CURRENT=2; $_comps[fence]`;
    assert.equal(await run("zsh", "-f", "-c", zsh), "down");
    const fish = `source ${share}/fish/vendor_completions.d/fence.fish; complete -C 'fence dow'`;
    assert.match(await run("fish", "--no-config", "-c", fish), /^down\t/);
  });

  test("systemd takes its units without a word", needs("systemd"), async () => {
    const units = UNITS.map((name) => {
      // Of a template systemd looks at an instance; the program is not on this host.
      const unit = path.join(folder, name.replace("@.", "@web."));
      copyFileSync(inHost(`usr/lib/systemd/system/${name}`), unit);
      writeFileSync(unit, readFileSync(unit, "utf8").replace(/^(Exec\w+=-?)fence /gm, "$1/bin/true "));
      return unit;
    });
    assert.match(readFileSync(units[0] ?? "", "utf8"), /"\/etc\/fence\/fence.toml" proxy run %i$/m);
    assert.equal(await run("systemd-analyze", "verify", "--man=no", ...units), "");
  });

  test("nothing of it stays when it is purged, but the spec does", async () => {
    writeFileSync(inHost("etc/fence/fence.toml"), "# mine\n");
    const { code, stdout, stderr } = await dpkg(host, "--purge", "fence");
    assert.equal(code, 0, `${stdout}${stderr}`);
    const left = filesBelow(host).filter((name) => !name.startsWith("var/lib/dpkg/"));
    assert.deepEqual(left, ["etc/fence/fence.toml"]);
  });
});
