import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { listenClosed } from "../base/unix-socket.js";
import { FenceError, type ErrorCode, ERROR_CODES } from "../base/errors.js";

/**
 * Questions and answers between the processes of fence, over a unix socket in a folder that is closed to others: each a
 * JSON object on a line. A question has a number that its answer repeats; a line without one is an event.
 */
export type Answerer = (what: string, given: unknown) => Promise<unknown>;

/** A status of many workers, with the last words of each. */
const ANSWER_CHARS_MAX = 8 * 1024 * 1024;
/** A command of a worker with its environment. */
const QUESTION_CHARS_MAX = 1024 * 1024;
const CONNECTIONS_MAX = 64;

interface Question {
  id: number;
  do: string;
  with: unknown;
}

type Told = { id: number; value: unknown } | { id: number; problem: Problem } | { event: unknown };

interface Problem {
  code: string;
  message: string;
  hint: string | null;
}

/** Answers on a unix socket. */
export class LineServer {
  private readonly server: Server;
  private readonly clients = new Set<Socket>();

  constructor(answer: Answerer) {
    this.server = createServer((socket) => {
      this.clients.add(socket);
      socket.on("close", () => this.clients.delete(socket));
      socket.on("error", () => socket.destroy());
      readLines(socket, QUESTION_CHARS_MAX, (line) => {
        const question = questionIn(line);
        if (question === null) socket.destroy();
        else void this.answerTo(socket, question, answer);
      });
    });
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** Replaces a socket that nobody answers on. @throws Error when somebody does, or it cannot be made */
  async open(path: string): Promise<void> {
    const other = await tryConnect(path);
    if (other !== null) {
      other.destroy();
      throw Object.assign(new Error(`another process answers on ${path}`), { code: "EADDRINUSE" });
    }
    rmSync(path, { force: true });
    await listenClosed(this.server, path);
  }

  /** To whoever is connected. */
  tell(event: unknown): void {
    for (const socket of this.clients) send(socket, { event });
  }

  close(): void {
    this.server.close();
    for (const socket of this.clients) socket.end();
  }

  private async answerTo(socket: Socket, { id, do: what, with: given }: Question, answer: Answerer) {
    try {
      send(socket, { id, value: (await answer(what, given)) ?? null });
    } catch (error) {
      const { message } = error as Error;
      const told = error instanceof FenceError ? { code: error.code, hint: error.hint } : null;
      send(socket, { id, problem: { code: told?.code ?? "internal", message, hint: told?.hint ?? null } });
    }
  }
}

/** Asks on a unix socket. */
export class LineClient {
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (e: Error) => void }
  >();
  private last = 0;
  /** Called with each event. */
  onEvent: (event: unknown) => void = () => {};
  /** Settles when the other side is gone. */
  readonly closed: Promise<void>;

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        for (const { reject } of this.waiting.values()) reject(goneError());
        this.waiting.clear();
        resolve();
      });
    });
    socket.on("error", () => socket.destroy());
    readLines(socket, ANSWER_CHARS_MAX, (line) => this.take(JSON.parse(line) as Told));
  }

  /** null: nobody answers there. @throws FenceError workers-failed: who is there cannot be told */
  static async connect(path: string): Promise<LineClient | null> {
    const socket = await tryConnect(path);
    return socket === null ? null : new LineClient(socket);
  }

  /** @throws FenceError as the other side threw it, or workers-failed when that is gone */
  ask<T>(what: string, given: unknown = null): Promise<T> {
    this.last += 1;
    const id = this.last;
    return new Promise<T>((resolve, reject) => {
      // As those that were asked before its end: whoever waits for `closed`, too, hears of that first.
      if (this.socket.destroyed) return void this.closed.then(() => reject(goneError()));
      this.waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      send(this.socket, { id, do: what, with: given });
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(told: Told): void {
    if ("event" in told) return this.onEvent(told.event);
    const asked = this.waiting.get(told.id);
    this.waiting.delete(told.id);
    if ("value" in told) asked?.resolve(told.value);
    else asked?.reject(errorOf(told.problem));
  }
}

function goneError(): FenceError {
  return new FenceError("workers-failed", "the process that was asked ended before it answered", {
    hint: "fence workers status tells how things are.",
  });
}

function errorOf({ code, message, hint }: Problem): Error {
  if (!(code in ERROR_CODES)) return new Error(message);
  return new FenceError(code as ErrorCode, message, hint === null ? {} : { hint });
}

function send(socket: Socket, value: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

/** null: it is none, but an HTTP request, say. */
function questionIn(line: string): Question | null {
  try {
    const { id, do: what, with: given } = JSON.parse(line) as Partial<Question>;
    return Number.isSafeInteger(id) && typeof what === "string"
      ? ({ id, do: what, with: given } as Question)
      : null;
  } catch {
    return null;
  }
}

function readLines(socket: Socket, charsMax: number, take: (line: string) => void): void {
  let text = "";
  socket.setEncoding("utf8").on("data", (piece: string) => {
    // What comes together with what ended the connection is nothing any more.
    if (socket.destroyed) return;
    text += piece;
    if (text.length > charsMax) return void socket.destroy();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (!socket.destroyed) take(line);
  });
}

/** What is said where nobody listens, and of who listened and has just been killed. */
const NOBODY = new Set(["ENOENT", "ENOTDIR", "ECONNREFUSED", "ECONNRESET"]);

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve(socket));
    socket.once("error", (cause: NodeJS.ErrnoException) => {
      if (NOBODY.has(cause.code ?? "")) return resolve(null);
      reject(unreachable(path, cause));
    });
  });
}

function unreachable(path: string, cause: NodeJS.ErrnoException): FenceError {
  const message = `cannot ask on ${path} (${cause.code ?? "unknown"})`;
  if (cause.code !== "EACCES" && cause.code !== "EPERM")
    return new FenceError("workers-failed", message, { cause });
  const hint = "Only the user who started fence workers may, and root.";
  return new FenceError("workers-failed", message, { cause, hint, exit: "permission" });
}
