import type { ExitName } from "../base/exit.js";
import { printable } from "../base/printable.js";
import type { Spec } from "../spec/types.js";
import type { Adrift } from "../workers/adrift.js";
import type { ProcessFacts, SetFacts, StatusFacts } from "../workers/types.js";
import type { Context } from "./context.js";
import { tableLines, type Cell } from "./table.js";
import { spanText, timeText } from "../base/time-text.js";
import { workersFolder } from "./workers-command.js";

const HEAD = ["WORKER", "STATE", "PID", "GENERATION", "AGE", "MEMORY", "CONNECTIONS", "REQUESTS", "RESTARTS"];
const UNKNOWN = "n/a";

/** `fence workers status`. Exit code 3, as init scripts have it, when one of them does not run as it should. */
export async function showWorkers(context: Context, spec: Spec, name: string | null): Promise<ExitName> {
  const { SupervisorClient } = await import("../workers/client.js");
  const client = await SupervisorClient.connect(workersFolder(spec));
  if (client === null) return showAdrift(context, spec);
  try {
    const facts = await client.status(name);
    if (context.json) context.out.line(JSON.stringify({ schema: "fence/workers-status@1", ...facts }));
    else for (const line of workerLines(context, facts)) context.out.line(line);
    // A supervisor that starts knows of none yet, and so cannot say that they run.
    const isWell = facts.sets.length > 0 && facts.sets.every(isAsWanted);
    return isWell ? "ok" : "no";
  } finally {
    client.close();
  }
}

function isAsWanted({ state }: SetFacts): boolean {
  return state === "runs" || state === "stopped";
}

async function showAdrift(context: Context, spec: Spec): Promise<ExitName> {
  const { adriftIn } = await import("../workers/adrift.js");
  const adrift = adriftIn(workersFolder(spec));
  const nothing = { supervisor: null, keeper: null, sets: [] };
  if (context.json)
    context.out.line(JSON.stringify({ schema: "fence/workers-status@1", ...nothing, adrift }));
  else {
    context.out.line("no supervisor of workers runs");
    for (const one of adrift) context.out.line(adriftText(one));
  }
  return "no";
}

function adriftText({ worker, pid, state, program }: Adrift): string {
  if (state === "serves") return `${worker}: process ${pid} serves on; fence workers start takes it over`;
  if (state === "gone") return `${worker}: process ${pid} is gone`;
  return `${worker}: pid ${pid} is another process by now (${printable(program ?? "")})`;
}

function workerLines(context: Context, { supervisor, keeper, sets }: StatusFacts): string[] {
  const { out } = context;
  const head = `supervisor ${supervisor.pid} (fence ${supervisor.version}) since ${timeText(supervisor.sinceMs)}`;
  if (keeper === null) return [`${head} is starting`];
  return [
    `${head}, keeper ${keeper.pid}`,
    ...tableLines(HEAD, sets.flatMap(rowsOf), out),
    ...sets.flatMap(notesOf),
  ];
}

function rowsOf(set: SetFacts): Cell[][] {
  if (set.processes.length === 0)
    return [[set.worker, stateCell(set.state), "none", ...fill(String(set.generation))]];
  return set.processes.map((process) => [set.worker, processState(process), ...processCells(process)]);
}

function fill(generation: string): string[] {
  return [generation, "", "", "", "", ""];
}

function stateCell(state: SetFacts["state"]): Cell {
  return state === "failing" || state === "short" ? { text: state, style: "red" } : state;
}

function processState({ state }: ProcessFacts): Cell {
  return state === "runs" ? state : { text: state, style: "yellow" };
}

function processCells(process: ProcessFacts): string[] {
  const { pid, generation, ageSec, memoryBytes, connections, requests, restarts } = process;
  return [
    String(pid),
    String(generation),
    spanText(ageSec * 1000),
    memoryBytes === null ? UNKNOWN : `${(memoryBytes / 1_048_576).toFixed(1)} MiB`,
    String(connections ?? UNKNOWN),
    String(requests ?? UNKNOWN),
    String(restarts),
  ];
}

/** What a table has no place for. */
function notesOf({
  worker,
  socket,
  waiting,
  doing,
  trouble,
  pidFileLie,
  processes,
  count,
  state,
}: SetFacts): string[] {
  const running = processes.filter((process) => process.state === "runs").length;
  const wait = waiting === null ? "closed" : `${waiting} waiting`;
  return [
    `${worker}: ${state}, ${running} of ${count}, ${socket}, ${wait}${doing === null ? "" : `, ${doing} under way`}`,
    ...(trouble === null
      ? []
      : [
          `${worker}: ${trouble.deaths} ${trouble.deaths === 1 ? "death" : "deaths"} in a row since ${timeText(trouble.sinceMs)}; the last one ${printable(trouble.why)}`,
          ...(trouble.breakerOpen ? [`${worker}: the breaker is open: starts are tried one at a time`] : []),
          ...trouble.lastWords.map((line) => `  ${printable(line)}`),
        ]),
    ...(pidFileLie === null ? [] : [`${worker}: ${printable(pidFileLie)}`]),
  ];
}
