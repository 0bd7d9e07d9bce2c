import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { inFolder, runProgram, type Ended } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";
import { createWorld } from "../support/world.js";

const EXAMPLES = resolve("examples");
/** What a shell of another host must not look into. */
const REASON = `it's "$HOME" \`id\` ; & %s \\n`;

/** Programs that stand for ssh, which has a shell run its line, and for fence, which tells its arguments. */
const PROGRAMS = {
  ssh: `while [ "$1" != -- ]; do shift; done\necho "host $2"\nexec sh -c "$3"`,
  fence: `printf '<%s>' "$@"; echo`,
};

async function withPrograms(use: (path: string, folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    for (const [name, text] of Object.entries(PROGRAMS)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    await use(`${folder}:${process.env["PATH"] ?? ""}`, folder);
  });
}

function assertSays({ code, stdout, stderr }: Ended, expected: string): void {
  assert.equal(stdout, expected, stderr);
  assert.equal(code, 0, stderr);
}

test("fence-ssh hands each argument on as it is, and refuses to run nothing", async () => {
  await withPrograms(async (PATH) => {
    const program = join(EXAMPLES, "fence-ssh");
    const args = ["me@host", "down", "main", "--reason", REASON, "", "a\nb\n"];
    assertSays(
      await runProgram(program, args, { env: { PATH } }),
      `host me@host\n<down><main><--reason><${REASON}><><a\nb\n>\n`,
    );
    assert.equal((await runProgram(program, ["host"], { env: { PATH } })).code, 64);
  });
});

test("the GitHub action runs fence on the host, and no input becomes a command", async () => {
  const action = parse(readFileSync(join(EXAMPLES, "github/action.yml"), "utf8")) as {
    inputs: Record<string, unknown>;
    runs: { using: string; steps: { run: string; shell: string; env: Record<string, string> }[] };
  };
  assert.equal(action.runs.using, "composite");
  const [step] = action.runs.steps;
  assert.ok(step);
  // An expression in a script would be read as script.
  assert.ok(!step.run.includes("${{"), step.run);
  for (const value of Object.values(step.env)) {
    const [, input = ""] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value) ?? [];
    assert.ok(input in action.inputs, value);
  }
  await withPrograms(async (PATH) => {
    const act = (COMMAND: string, SITE: string, FOR = "") =>
      runProgram("bash", ["-euo", "pipefail", "-c", step.run], {
        env: {
          ...{ PATH, COMMAND, SITE, FOR, HOST: "h", GITHUB_ACTION_PATH: EXAMPLES },
          ...{ GITHUB_REPOSITORY: "a/b", GITHUB_RUN_ID: "7", FENCE_SSH_OPTIONS: "-o ConnectTimeout=10" },
        },
      });
    assertSays(await act("down", "main", "5m"), "host h\n<down><main><--for><5m><--reason><a/b, run 7>\n");
    assertSays(await act("up", "$(id)"), "host h\n<up><$(id)>\n");
    assert.equal((await act("apply; id", "main")).code, 64);
  });
});

test("the GitLab job runs fence on the host", async () => {
  const { [".fence"]: job } = parse(readFileSync(join(EXAMPLES, "gitlab/fence.gitlab-ci.yml"), "utf8")) as {
    ".fence": { script: string[]; variables: Record<string, string> };
  };
  await withPrograms(async (PATH, folder) => {
    mkdirSync(join(folder, "ci"));
    writeFileSync(join(folder, "ci/fence-ssh"), readFileSync(join(EXAMPLES, "fence-ssh")), { mode: 0o755 });
    const env = { PATH, ...job.variables, FENCE_HOST: "h", FENCE_SITE: "main", CI_PIPELINE_ID: "7" };
    const act = (FENCE: string) =>
      runProgram("sh", ["-ec", job.script.join("\n")], { cwd: folder, env: { ...env, FENCE } });
    assertSays(await act("hold"), "host h\n<hold><main><--for><10m><--reason><pipeline 7>\n");
    assertSays(await act("release"), "host h\n<release><main>\n");
    assert.equal((await act("apply")).code, 64);
  });
});

test("the hooks of Kamal hold and release on each host", async () => {
  await withPrograms(async (PATH) => {
    const env = { PATH, KAMAL_HOSTS: "a,b" };
    const hook = (name: string) => runProgram(join(EXAMPLES, "kamal/hooks", name), [], { env });
    const held = "<hold><main><--for><5m><--max-wait><2m><--reason><kamal>\n";
    assertSays(await hook("pre-app-boot"), `host a\n${held}host b\n${held}`);
    assertSays(await hook("post-app-boot"), "host a\n<release><main>\nhost b\n<release><main>\n");
  });
});

/** The words of Capistrano that the tasks use; they tell what would be run, and when. */
const CAPISTRANO = `
$spaces, $tasks = [], {}
def desc(*) = nil
def namespace(name) = ($spaces.push(name); yield; $spaces.pop)
def task(name, &block) = $tasks[[*$spaces, name].join(":")] = block
def roles(*names) = names
def on(_roles) = yield
def fetch(_name, default) = default
def execute(*words) = puts(words.join(" "))
def before(at, name) = (puts "before #{at}"; $tasks.fetch(name).call)
def after(at, name) = (puts "after #{at}"; $tasks.fetch(name).call)
load ARGV.fetch(0)
$tasks.fetch("fence:down").call
$tasks.fetch("fence:up").call
`;

test("the tasks of Capistrano run fence around a release", needs("ruby"), async () => {
  assertSays(
    await runProgram("ruby", ["-w", "-e", CAPISTRANO, join(EXAMPLES, "capistrano/fence.rake")]),
    "before deploy:publishing\nfence hold main --for 5m --reason capistrano\n" +
      "after deploy:finishing\nfence release main\nafter deploy:failed\nfence release main\n" +
      "fence down main --for 20m --reason capistrano\nfence up main\n",
  );
});

/** The words of Deployer that the recipe uses. */
const DEPLOYER = `namespace Deployer;
$all = [];
function set($name, $value) { $GLOBALS["values"]["{{" . $name . "}}"] = $value; }
function task($name, $act) { $GLOBALS["tasks"][$name] = $act; }
function run($line) { echo strtr($line, $GLOBALS["values"]), "\\n"; }
function before($at, $name) { echo "before $at\\n"; $GLOBALS["tasks"][$name](); }
function after($at, $name) { echo "after $at\\n"; $GLOBALS["tasks"][$name](); }
require $argv[1];
`;

test("the recipe of Deployer runs fence around a release", needs("php-cgi"), async () => {
  assertSays(
    await runProgram("php", ["-r", DEPLOYER, join(EXAMPLES, "deployer/fence.php")]),
    "before deploy:symlink\nfence hold main --for 5m --reason deployer\n" +
      "after deploy:success\nfence release main\nafter deploy:failed\nfence release main\n",
  );
});

test(
  "the Ansible role installs a spec, and takes a site of a real nginx down and up",
  needs("ansible", "nginx", "root"),
  async () => {
    const world = await createWorld({ kind: "nginx" });
    try {
      const applied = await world.fence("apply");
      assert.equal(applied.code, 0, applied.stderr);
      await world.start();
      writeFileSync(join(world.folder, "source.toml"), `${readFileSync(world.specFile, "utf8")}\n`);
      const role = (tasks: string) => ({
        "ansible.builtin.include_role": { name: "fence", tasks_from: tasks },
      });
      const isAnswered = (status: number) => ({
        "ansible.builtin.uri": {
          url: `http://127.0.0.1:${world.port}/`,
          headers: { Host: "main.test" },
          status_code: status,
        },
      });
      const play = {
        hosts: "localhost",
        gather_facts: false,
        vars: {
          fence_command: [process.execPath, resolve("bin/fence.js")],
          fence_spec: world.specFile,
          fence_spec_source: join(world.folder, "source.toml"),
        },
        tasks: [
          ...[role("main"), isAnswered(200), role("down"), isAnswered(503), role("up"), role("up")],
          isAnswered(200),
        ],
      };
      const playbook = join(world.folder, "play.json");
      writeFileSync(playbook, JSON.stringify([play]));
      const env = {
        ANSIBLE_ROLES_PATH: join(EXAMPLES, "ansible/roles"),
        ANSIBLE_LOCALHOST_WARNING: "false",
        ANSIBLE_LOCAL_TEMP: join(world.folder, "ansible"),
        HOME: world.folder,
      };
      const { code, stdout, stderr } = await runProgram(
        "ansible-playbook",
        ["-i", "localhost,", "-c", "local", playbook],
        { env },
      );
      assert.equal(code, 0, `${stdout}${stderr}`);
      // The spec, down, up; the second up changes nothing, nor does a config that is as it was.
      assert.match(stdout, /changed=3 /);
    } finally {
      await world.end();
    }
  },
);
