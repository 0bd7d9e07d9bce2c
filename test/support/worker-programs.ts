import type { Need } from "./needs.js";

/**
 * Programs that know nothing of fence: each answers with its name and its pid, after `?sleep=MS` when that is asked for.
 * Perl's also waits for a file beside the one of its behaviour, with `?wait=ENDING`, and hears no SIGTERM after `?deaf`.
 */
export interface WorkerProgram {
  /** Name of its file in the folder of programs, and what is in it. */
  file: string;
  text: string;
  /** Of the path of its file. */
  command: (file: string) => readonly string[];
  protocol: "fastcgi" | "scgi" | "http";
  /** What it answers well to. */
  path: string;
  env: Readonly<Record<string, string>>;
  /** Scripts by name, as PHP has them; others take every path. */
  hasScripts: boolean;
  needs: readonly Need[];
}

/**
 * Perl's FCGI. It reads once how it is to behave, at its start, as code is read. half: all after the first two hang. late
 * and curt: a handler that runs only when the next request has come, which is answered, or not.
 */
const PERL = `use strict; use FCGI; use POSIX (); use Time::HiRes qw(sleep);
# Within a request the environment is that of the request.
my $place = $ENV{APP_HOW};
open my $file, "<", $place or die; my $how = <$file>; chomp $how;
if ($how eq "die") { print STDERR "cannot load the module of the day\\n"; exit 3 }
sleep 1 while $how eq "hang";
if ($how eq "half") { my $count = 1; $count++ until mkdir "$place.$count"; sleep 1 while $count > 2 }
$SIG{TERM} = "IGNORE" if $how eq "ignore";
my $left = 0;
$SIG{TERM} = sub { $left = 1 } if $how eq "late";
$SIG{TERM} = sub { exit 0 } if $how eq "curt";
# Within a request STDERR is a stream to the web server.
open my $log, ">&", \\*STDERR or die;
my $request = FCGI::Request();
# libfcgi would end the request first, which is not to be relied upon.
$SIG{TERM} = "DEFAULT" if $how =~ /good|new/;
my $term = POSIX::SigSet->new(POSIX::SIGTERM());
sub accepted {
  POSIX::sigprocmask(POSIX::SIG_BLOCK(), $term) if $how =~ /late|curt/;
  my $result = $request->Accept();
  POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $term);
  return $result >= 0;
}
while (accepted()) {
  if ($how eq "500") { print "Status: 500 Internal Server Error\\r\\n\\r\\nbroken"; next }
  my $query = $ENV{QUERY_STRING} || "";
  sleep $1 / 1000 if $query =~ /sleep=(\\d+)/;
  $SIG{TERM} = "IGNORE" if $query =~ /deaf/;
  if ($query =~ /wait=(\\w+)/) { sleep 0.01 until -e "$place.$1" }
  syswrite $log, "said $1\\n" if $query =~ /say=(\\w+)/;
  my $body = "$how $$ " . ($ENV{APP_NOTE} || "");
  print "Content-Type: text/plain\\r\\nContent-Length: ", length $body, "\\r\\n\\r\\n$body";
  $request->Finish();
  kill 9, $$ if $query eq "kill";
  exit 0 if $left;
}
`;

const PHP = `<?php
if (preg_match("/sleep=(\\d+)/", $_SERVER["QUERY_STRING"] ?? "", $found)) usleep(1000 * (int)$found[1]);
header("Content-Type: text/plain");
$body = "php " . getmypid();
header("Content-Length: " . strlen($body));
echo $body;
`;

const ENGINE = `use strict; use FCGI::Engine; use Time::HiRes qw(sleep);
FCGI::Engine->new_with_options(handler_class => "App", handler_method => "answer")->run;
package App;
sub new { bless {}, shift }
sub answer {
  Time::HiRes::sleep($1 / 1000) if ($ENV{QUERY_STRING} || "") =~ /sleep=(\\d+)/;
  my $body = "engine $$";
  print "Content-Type: text/plain\\r\\nContent-Length: ", length $body, "\\r\\n\\r\\n$body";
}
BEGIN { $INC{"App.pm"} = __FILE__ }
`;

const PYTHON = `import os, re, time
def application(env, start):
    found = re.search(r"sleep=(\\d+)", env["QUERY_STRING"])
    if found: time.sleep(int(found[1]) / 1000)
    body = f"python {os.getpid()}".encode()
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

/** It keeps connections, and ends at the second request on one: as when it ends in the moment in which that one comes. */
const HTTP = `const { createServer } = require("node:http");
if (Number(process.env.LISTEN_PID) !== process.pid || process.env.LISTEN_FDS !== "1") process.exit(9);
createServer((request, response) => {
  const { socket, url } = request;
  if (socket.isUsed) process.exit(1);
  socket.isUsed = true;
  const answer = () => response.end("node " + process.pid);
  const sleep = Number(/sleep=(\\d+)/.exec(url)?.[1] ?? 0);
  request.resume().on("end", () => setTimeout(answer, sleep));
}).listen({ fd: 3 });
`;

const FASTCGI = { path: "/", env: {}, hasScripts: false, protocol: "fastcgi" } as const;

const PHP_CGI = {
  ...FASTCGI,
  file: "app.php",
  text: PHP,
  command: () => ["php-cgi", "-n"],
  path: "/app.php",
  env: { PHP_FCGI_MAX_REQUESTS: "0" },
  hasScripts: true,
  needs: ["php-cgi"],
} as const;

export const WORKER_PROGRAMS = {
  perl: { ...FASTCGI, file: "app.pl", text: PERL, command: (file) => ["perl", file], needs: ["perl-fcgi"] },
  engine: {
    ...FASTCGI,
    file: "engine.pl",
    text: ENGINE,
    command: (file) => ["perl", file],
    needs: ["fcgi-engine"],
  },
  php: PHP_CGI,
  /** Each process ends by itself after so many requests: more than it can answer before it is seen to take any. */
  "php-short": { ...PHP_CGI, env: { PHP_FCGI_MAX_REQUESTS: "1000" } },
  scgi: {
    ...FASTCGI,
    file: "app.py",
    text: PYTHON,
    command: (file) => [
      ...["uwsgi-core", "--plugin", "python3", "--protocol", "scgi", "--socket", "fd://0"],
      ...["--die-on-term", "--need-app", "--wsgi-file", file],
    ],
    protocol: "scgi",
    needs: ["uwsgi"],
  },
  http: {
    ...FASTCGI,
    file: "app.cjs",
    text: HTTP,
    command: (file) => [process.execPath, file],
    protocol: "http",
    needs: [],
  },
} as const satisfies Record<string, WorkerProgram>;
