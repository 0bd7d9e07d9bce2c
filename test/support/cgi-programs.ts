import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./needs.js";
import { until } from "./world.js";

/**
 * Real applications, all with the same answers by QUERY_STRING: `sum` the MD5 of the body and CONTENT_LENGTH, `who` the
 * client's address, scheme, path and a field, `304`, `big` so many bytes of one letter, `die` an answer that breaks off,
 * `way` the field X-Forwarded-For, `stderr` a line of error output, `file` the field that the field X-File is, `pid` the process; PHP's `ledger` the MD5 of the body, and a line in the file `ledger`.
 */
export interface CgiProgram {
  /** Where its sockets and scripts are. */
  folder: string;
  socket(name: string): string;
  end(): Promise<void>;
}

export const BIG_BYTES = 8_000_000;

const PHP = `<?php
switch ($_SERVER["QUERY_STRING"]) {
  case "sum":
    $body = file_get_contents("php://input");
    echo md5($body), " ", $_SERVER["CONTENT_LENGTH"] ?? "none";
    break;
  case "who":
    header("X-App: php");
    echo $_SERVER["REMOTE_ADDR"], " ", $_SERVER["REQUEST_SCHEME"], " ", $_SERVER["PATH_INFO"] ?? "", " ", $_SERVER["HTTP_X_ASKED"] ?? "";
    break;
  case "304": http_response_code(304); break;
  case "redirect": header("Location: /elsewhere"); break;
  case "big":
    for ($i = 0; $i < ${BIG_BYTES} / 8000; $i++) echo str_repeat("b", 8000);
    break;
  case "die":
    echo str_repeat("d", 20000);
    flush();
    posix_kill(getmypid(), 9);
    break;
  case "stderr": error_log("told by the application"); echo "ok"; break;
  case "way": echo $_SERVER["HTTP_X_FORWARDED_FOR"] ?? ""; break;
  case "file": header($_SERVER["HTTP_X_FILE"]); break;
  case "pid": echo getmypid(); break;
  case "ledger":
    file_put_contents(__DIR__ . "/ledger", $_SERVER["HTTP_X_ASKED"] . "\n", FILE_APPEND | LOCK_EX);
    echo md5(file_get_contents("php://input"));
}
`;

const PERL = `use strict; use FCGI; use Digest::MD5 qw(md5_hex); use IO::Handle;
my $socket = FCGI::OpenSocket($ARGV[0], 16);
chmod 0666, $ARGV[0];
my $children = 2;
for (1 .. $children - 1) { last unless fork }
my $request = FCGI::Request(\\*STDIN, \\*STDOUT, \\*STDERR, \\my %env, $socket);
while ($request->Accept() >= 0) {
  my $what = $env{QUERY_STRING};
  if ($what eq "304") { print "Status: 304 Not Modified\\r\\n\\r\\n"; next }
  if ($what eq "redirect") { print "Location: /elsewhere\\r\\n\\r\\n"; next }
  if ($what eq "file") { print "Content-Type: text/plain\\n$env{HTTP_X_FILE}\\n\\n"; next }
  print "Content-Type: text/plain\\nX-App: perl\\n\\n";
  if ($what eq "sum") {
    my $body = "";
    my $left = $env{CONTENT_LENGTH} || 0;
    while ($left > 0) { my $got = read(STDIN, $body, $left, length $body); last unless $got; $left -= $got }
    print md5_hex($body), " ", $env{CONTENT_LENGTH} // "none";
  } elsif ($what eq "who") {
    print join " ", $env{REMOTE_ADDR}, $env{REQUEST_SCHEME}, $env{PATH_INFO}, $env{HTTP_X_ASKED} // "";
  } elsif ($what eq "big") { print "b" x 8000 for 1 .. ${BIG_BYTES} / 8000 }
  elsif ($what eq "die") { print "d" x 20000; $request->Flush(); kill 9, $$ }
  elsif ($what eq "way") { print $env{HTTP_X_FORWARDED_FOR} // "" }
  elsif ($what eq "stderr") { print STDERR "told by the application\\n"; print "ok" }
  elsif ($what eq "pid") { print $$ }
}
`;

const PYTHON = `import hashlib, os, signal
def application(env, start):
    what = env["QUERY_STRING"]
    if what == "304":
        start("304 Not Modified", [])
        return []
    if what == "redirect":
        start("302 Found", [("Location", "/elsewhere")])
        return []
    if what == "file":
        start("200 OK", [tuple(env["HTTP_X_FILE"].split(": ", 1))])
        return []
    start("200 OK", [("Content-Type", "text/plain"), ("X-App", "python")] + ([("Content-Length", "40000")] if what == "die" else []))
    if what == "sum":
        length = env.get("CONTENT_LENGTH") or "none"
        body = env["wsgi.input"].read(int(length)) if length != "none" else b""
        return [f"{hashlib.md5(body).hexdigest()} {length}".encode()]
    if what == "who":
        return [" ".join([env["REMOTE_ADDR"], env["REQUEST_SCHEME"], env["PATH_INFO"], env.get("HTTP_X_ASKED", "")]).encode()]
    if what == "way":
        return [env.get("HTTP_X_FORWARDED_FOR", "").encode()]
    if what == "big":
        return [b"b" * 8000] * (${BIG_BYTES} // 8000)
    if what == "die":
        def parts():
            yield b"d" * 20000
            os.kill(os.getpid(), signal.SIGKILL)
        return parts()
    if what == "stderr":
        env["wsgi.errors"].write("told by the application\\n")
        return [b"ok"]
    return [str(os.getpid()).encode()]
`;

/** php-fpm with so many processes, each for one connection at a time. */
export function startPhpFpm(children = 3): Promise<CgiProgram> {
  return start(["php.sock"], (folder) => {
    writeFileSync(join(folder, "root/app.php"), PHP);
    const file = join(folder, "fpm.conf");
    const pool = `[app]\nuser = www-data\ngroup = www-data\nlisten = ${folder}/php.sock\nlisten.mode = 0666
pm = static\npm.max_children = ${children}\nsecurity.limit_extensions =\nphp_admin_flag[log_errors] = on\n`;
    writeFileSync(file, `[global]\nerror_log = ${folder}/fpm.log\ndaemonize = no\n${pool}`);
    return ["php-fpm8.2", "-n", "-d", "extension=posix.so", "-y", file, "-F", "-R"];
  });
}

export function startPerlFastcgi(): Promise<CgiProgram> {
  return start(["perl.sock"], (folder) => {
    const file = join(folder, "app.pl");
    writeFileSync(file, PERL);
    return ["perl", file, join(folder, "perl.sock")];
  });
}

/** uWSGI, which speaks all three protocols, each on a socket of its own. */
export function startUwsgi(): Promise<CgiProgram> {
  return start(["uwsgi.sock", "scgi.sock", "fastcgi.sock"], (folder) => {
    const file = join(folder, "app.py");
    writeFileSync(file, PYTHON);
    const sockets = ["--uwsgi-socket", "--scgi-socket", "--fastcgi-socket"].flatMap((option, index) => [
      option,
      join(folder, ["uwsgi.sock", "scgi.sock", "fastcgi.sock"][index] ?? ""),
    ]);
    const rest = ["--chmod-socket=666", "--buffer-size=65535", "--master", "--processes=2", "--die-on-term"];
    return ["uwsgi-core", "--plugin", "python3", "--wsgi-file", file, ...sockets, ...rest];
  });
}

async function start(
  sockets: readonly string[],
  prepare: (folder: string) => readonly string[],
): Promise<CgiProgram> {
  const folder = mkdtempSync(join(tmpdir(), "fence-cgi-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "root"));
  const [program = "", ...args] = prepare(folder);
  const child = spawn(findProgram(program) ?? program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(`the sockets of ${program}`, () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    return sockets.every((name) => existsSync(join(folder, name)));
  });
  return { folder, socket: (name) => join(folder, name), end: () => end(child, folder) };
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  const hasEnded = new Promise((resolve) => child.once("exit", resolve));
  try {
    // The group: a program may have left processes behind.
    process.kill(-(child.pid ?? 0), "SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await hasEnded;
  } catch {
    // All of it is gone.
  }
  child.stderr?.destroy();
  rmSync(folder, { recursive: true, force: true });
}
