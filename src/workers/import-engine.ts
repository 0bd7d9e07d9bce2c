import { parseDocument } from "yaml";
import { FenceError } from "../base/errors.js";

/** A server of FCGI::Engine::Manager's file, as far as fence takes it over. */
interface EngineServer {
  scriptname: string;
  socket: string;
  pidfile: string;
  name: string;
  nproc: number;
  additionalArgs: readonly string[];
  /** null: the class of the manager itself. */
  plackServer: string | null;
  /** Keys that mean nothing to fence. */
  unknown: readonly string[];
}

/** The second puts the first into the background, for which fence has no need. */
const PLAIN = new Set(["FCGI::Engine::Manager::Server", "FCGI::Engine::Manager::Server::FreeBSD6"]);
const PLACKUP = "FCGI::Engine::Manager::Server::Plackup";
const KNOWN = new Set([
  "scriptname",
  "socket",
  "pidfile",
  "name",
  "nproc",
  "workers",
  "additional_args",
  "server_class",
  "server_type",
]);

/**
 * The [worker.NAME] tables for a YAML or JSON file of FCGI::Engine::Manager.
 * @param file for messages
 * @throws FenceError workers-import, with the line that is wrong
 */
export function importEngine(text: string, file: string): string {
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw refused(`${file} is not YAML: ${fault.message.split("\n")[0] ?? ""}`);
  const value: unknown = document.toJS();
  if (!Array.isArray(value) || value.length === 0)
    throw refused(`${file} is not a list of servers`, "FCGI::Engine::Manager takes a list of hashes.");
  const taken = new Set<string>();
  return value
    .map((one, index) => tableOf(readServer(one, `${file}, server ${index + 1}`), taken))
    .join("\n");
}

function readServer(value: unknown, where: string): EngineServer {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(`${where} is no hash`);
  const given = value as Record<string, unknown>;
  const text = (key: string): string => {
    const found = given[key];
    if (typeof found === "string" && found !== "") return found;
    throw refused(`${where}: ${key} is missing`, "scriptname, socket and pidfile are required.");
  };
  const serverClass = typeof given["server_class"] === "string" ? given["server_class"] : null;
  const isPlack = serverClass === PLACKUP;
  if (serverClass !== null && !isPlack && !PLAIN.has(serverClass))
    throw refused(`${where}: fence knows no server_class ${serverClass}`, "Write its [worker.NAME] by hand.");
  const scriptname = text("scriptname");
  const args: unknown = given["additional_args"] ?? [];
  if (!Array.isArray(args)) throw refused(`${where}: additional_args is no list`);
  const nproc = Number(given["nproc"] ?? given["workers"] ?? 1);
  if (!Number.isInteger(nproc) || nproc < 1) throw refused(`${where}: nproc is no number of processes`);
  return {
    scriptname,
    socket: text("socket"),
    pidfile: text("pidfile"),
    name: typeof given["name"] === "string" ? given["name"] : `${scriptname}.server`,
    nproc,
    additionalArgs: args.map(String),
    plackServer: isPlack ? (typeof given["server_type"] === "string" ? given["server_type"] : "FCGI") : null,
    unknown: Object.keys(given).filter((key) => !KNOWN.has(key)),
  };
}

function tableOf(server: EngineServer, taken: Set<string>): string {
  const { scriptname, additionalArgs, plackServer, nproc, pidfile, unknown } = server;
  const command =
    plackServer === null
      ? ["perl", ...additionalArgs, scriptname]
      : ["plackup", "--server", plackServer, ...additionalArgs, scriptname];
  const name = nameFor(server.name, taken);
  const lines = [
    `# ${printableComment(server.name)}`,
    `[worker.${name}]`,
    `command = [${command.map(quote).join(", ")}]`,
    `socket = ${quote(socketOf(server.socket))}`,
    `count = ${nproc}`,
    `pid_file = ${quote(pidfile)}`,
    "# Perl's FCGI does not answer FCGI_GET_VALUES: name a path that must answer.",
    'ready = { path = "/" }',
    "cgi = { split = [] }",
    ...unknown.map((key) => `# ${printableComment(key)}: not taken over`),
  ];
  return `${lines.join("\n")}\n`;
}

/** `a` to `z`, digits and `-`, as names of the spec are. */
function nameFor(name: string, taken: Set<string>): string {
  const base = name.split("/").at(-1) ?? name;
  const plain = base
    .replace(/\.server$/, "")
    .replace(/\.[A-Za-z0-9]+$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 28);
  const first = plain === "" ? "worker" : plain;
  let candidate = first;
  for (let number = 2; taken.has(candidate); number += 1) candidate = `${first}-${number}`;
  taken.add(candidate);
  return candidate;
}

/** `:port` is every address. */
function socketOf(socket: string): string {
  if (/^:\d+$/.test(socket)) return `0.0.0.0${socket}`;
  return /^[^/]+:\d+$/.test(socket) ? socket.replace(/^localhost:/, "127.0.0.1:") : `unix:${socket}`;
}

/** Strings of JSON are strings of TOML. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function printableComment(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, " ");
}

function refused(message: string, hint?: string): FenceError {
  return new FenceError("workers-import", message, hint === undefined ? {} : { hint });
}
