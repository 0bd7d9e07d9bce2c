#!/usr/bin/env node
/**
 * Writes fence as a package of Debian: what bin/package.mjs makes, with manual pages, completion, units and the folder
 * of the spec. It depends on Node as another package. The same sources give the same bytes.
 *
 *   node bin/deb.mjs [FOLDER]           the sources are compiled; FOLDER, else build, gets fence_VERSION_all.deb
 *
 * SOURCE_DATE_EPOCH, when it is set, is the time of every file in it.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { createTemplates } from "../build/src/render/templates.js";
import { hostEncoders } from "../build/src/servers/encode-host.js";
import { ident } from "../build/src/servers/ident.js";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** That of files in packages of npm: before 1980 some tools have no dates. */
const EPOCH = Number(process.env["SOURCE_DATE_EPOCH"] ?? 499_162_500);
const SPEC = "/etc/fence/fence.toml";
const PROGRAM = ["bin", "build", "package.json", "schema", "templates"];
const DOCUMENTS = ["README.md", "docs"];
const COMPLETION = {
  bash: "usr/share/bash-completion/completions/fence",
  zsh: "usr/share/zsh/vendor-completions/_fence",
  fish: "usr/share/fish/vendor_completions.d/fence.fish",
};
/** What systemd is told of in the scripts of the package; `DPKG_ROOT`: the host is another one. */
const IF_SYSTEMD = '[ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]';
const RELOAD = `if ${IF_SYSTEMD}; then systemctl daemon-reload || true; fi`;
const STOP = "systemctl stop fence-watch.timer fence-workers.service 'fence-proxy@*.service' || true";
const SCRIPTS = {
  postinst: RELOAD,
  prerm: `if [ "$1" = remove ] && ${IF_SYSTEMD}; then ${STOP}; fi`,
  postrm: RELOAD,
};

const out = path.resolve(process.argv[2] ?? path.join(ROOT, "build"));
const made = path.join(out, "package");
const root = path.join(out, "deb");
const inRoot = (name) => path.join(root, name);

run(process.execPath, path.join(ROOT, "bin/package.mjs"), out);
rmSync(root, { recursive: true, force: true });
const { version } = JSON.parse(readFileSync(path.join(made, "package.json"), "utf8"));
// To dpkg a hyphen begins the revision, and a tilde is what comes before a release.
const debVersion = version.replaceAll("-", "~");
writeProgram();
writeDocuments();
writeUnits();
writeControl();
makeAlike(root);
const file = path.join(out, `fence_${debVersion}_all.deb`);
run("dpkg-deb", "--root-owner-group", "-Zxz", "--threads-max=1", "--build", root, file);
process.stdout.write(`${file}\n`);

function writeProgram() {
  for (const name of PROGRAM)
    cpSync(path.join(made, name), inRoot(`usr/lib/fence/${name}`), { recursive: true });
  mkdirSync(inRoot("usr/bin"), { recursive: true });
  symlinkSync("../lib/fence/bin/fence.js", inRoot("usr/bin/fence"));
  mkdirSync(inRoot("etc/fence"), { recursive: true });
  for (const [shell, name] of Object.entries(COMPLETION)) write(name, fence("completion", shell));
}

function writeDocuments() {
  const folder = "usr/share/doc/fence";
  for (const name of DOCUMENTS)
    cpSync(path.join(made, name), inRoot(`${folder}/${name}`), { recursive: true });
  cpSync(path.join(ROOT, "examples"), inRoot(`${folder}/examples`), { recursive: true });
  const licences = ["LICENSE", "THIRD-PARTY.md"].map((name) => readFileSync(path.join(made, name), "utf8"));
  write(`${folder}/copyright`, licences.join("\n"));
  write(`${folder}/changelog.gz`, packed(readFileSync(path.join(made, "CHANGELOG.md"))));
  const pages = inRoot("usr/share/man/man1");
  mkdirSync(pages, { recursive: true });
  fence("man", "--out", pages);
  for (const name of readdirSync(pages)) {
    write(`usr/share/man/man1/${name}.gz`, packed(readFileSync(path.join(pages, name))));
    rmSync(path.join(pages, name));
  }
}

/** The units that fence renders, for the one spec of a host; a unit for each proxy, by its name. */
function writeUnits() {
  const render = createTemplates(hostEncoders);
  const unit = (name, template, values) => {
    const text = render(`host/${template}`, { spec: SPEC, link: "", ...values });
    const kept = text.split("\n").filter((line) => !line.startsWith("# Link"));
    write(`usr/lib/systemd/system/${name}`, kept.join("\n").replaceAll("INSTANCE", "%i"));
  };
  unit("fence-proxy@.service", "proxy.service", { server: ident("INSTANCE") });
  unit("fence-workers.service", "workers.service", {});
  unit("fence-watch.service", "watch.service", { opens: true });
  unit("fence-watch.timer", "watch.timer", { service: "" });
}

function writeControl() {
  const files = filesBelow("");
  const bytes = files.reduce((sum, name) => sum + statSync(inRoot(name)).size, 0);
  const sums = files.map((name) => {
    const sum = createHash("md5")
      .update(readFileSync(inRoot(name)))
      .digest("hex");
    return `${sum}  ${name}\n`;
  });
  write(
    "DEBIAN/control",
    `Package: fence
Version: ${debVersion}
Architecture: all
Maintainer: The authors of fence <fence@localhost>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: nodejs (>= 20.19)
Suggests: bash-completion, nginx | lighttpd
Section: admin
Priority: optional
Description: take a web site down and up without losing a request
 On lighttpd, on nginx with and without Lua, or by its own proxy: fence writes
 the config of the servers from one file, switches a site in one step without a
 reload, and returns when every worker of every server has proven that it
 follows.
`,
  );
  write("DEBIAN/md5sums", sums.join(""));
  for (const [name, text] of Object.entries(SCRIPTS)) write(`DEBIAN/${name}`, `#!/bin/sh\nset -e\n${text}\n`);
}

/** Regular files of the package, by their names in it, sorted. */
function filesBelow(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(name) : entry.isFile() ? [name] : [];
    });
}

/** Modes and times of a checkout are its own. */
function makeAlike(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) makeAlike(name);
    else if (entry.isFile()) {
      const runs = readFileSync(name).subarray(0, 2).toString("latin1") === "#!";
      chmodSync(name, runs ? 0o755 : 0o644);
      lutimesSync(name, EPOCH, EPOCH);
    } else lutimesSync(name, EPOCH, EPOCH);
  }
  chmodSync(folder, 0o755);
  lutimesSync(folder, EPOCH, EPOCH);
}

function write(name, content) {
  mkdirSync(path.dirname(inRoot(name)), { recursive: true });
  writeFileSync(inRoot(name), content);
}

/** Without a time in it. */
function packed(content) {
  return gzipSync(content, { level: 9 });
}

function fence(...args) {
  return run(process.execPath, path.join(made, "bin/fence.js"), ...args);
}

/** @returns what it printed */
function run(program, ...args) {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", env });
  if (status === 0) return stdout;
  process.stderr.write(
    `deb: ${program} ${args.join(" ")} failed\n${stdout ?? ""}${stderr ?? error?.message}`,
  );
  process.exit(1);
}
