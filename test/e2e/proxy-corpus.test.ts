import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import {
  partsOf,
  REQUEST_CASES,
  RESPONSE_CASES,
  type RequestCase,
  type ResponseCase,
} from "../support/proxy-corpus.js";
import { RawClient } from "../support/raw-client.js";
import { startRawBackend, type RawBackend } from "../support/raw-backend.js";

/** Nothing has come for so long: nothing more will. */
const QUIET_MS = 60;
const HOSTS = ["fence.test", "*.fence.test"];

interface Seen {
  statuses: number[];
  forwarded: { method: string; body: string; fields: string }[];
  end: RawClient["end"];
}

describe("The corpus of requests over sockets", needs("root"), () => {
  const forwarded: Seen["forwarded"] = [];
  let backend: http.Server;
  let world: ProxyWorld;
  before(async () => {
    backend = http.createServer((request, response) => {
      let body = "";
      request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const fields = request.rawHeaders.map((text, index) =>
          index % 2 === 0 ? `${text}: ` : `${text}\r\n`,
        );
        forwarded.push({ method: request.method ?? "", body, fields: fields.join("") });
        response.end("ok");
      });
    });
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    world = await startProxy([tcp((backend.address() as AddressInfo).port)], { hosts: HOSTS });
  });
  after(async () => {
    await world?.end();
    backend?.closeAllConnections();
    backend?.close();
  });

  const send = async (one: RequestCase): Promise<Seen> => {
    forwarded.length = 0;
    const client = new RawClient(world.port, { allowHalfOpen: true });
    client.socket.setNoDelay(true);
    for (const part of partsOf(one)) {
      client.socket.write(part);
      await pause(1);
    }
    if (one.fin === true) client.socket.end();
    // On a busy machine the answer to what is refused may be long in coming; the end of the connection is behind it.
    if (one.expect.verdict === "reject") await client.ended();
    for (let length = -1; client.end === null && length !== client.text.length + forwarded.length;) {
      length = client.text.length + forwarded.length;
      await pause(QUIET_MS);
    }
    client.socket.destroy();
    const statuses = [...client.text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
    return {
      statuses: statuses.filter((status) => status >= 200),
      forwarded: [...forwarded],
      end: client.end,
    };
  };

  test("No request is taken for two, and what is to be refused is refused", async (context) => {
    const faults: string[] = [];
    for (const one of REQUEST_CASES) {
      // A busy machine may bring a request of the case before late; a fault of the proxy shows each time.
      let fault = requestFault(one, await send(one));
      for (let again = 0; fault !== null && again < 2; again += 1) fault = requestFault(one, await send(one));
      if (fault !== null) faults.push(`${one.id}: ${one.why}: ${fault}`);
    }
    tell(context, REQUEST_CASES.length, faults);
  });
});

/** Prints how many outcomes of which kind were wrong. */
function tell(context: TestContext, cases: number, faults: readonly string[]): void {
  const count = (kind: string): number => faults.filter((fault) => fault.includes(`: ${kind}: `)).length;
  const [unsafe, policy, refused] = [count("unsafe"), count("policy"), count("legal refused")];
  context.diagnostic(`${cases} cases: unsafe ${unsafe}, policy ${policy}, legal refused ${refused}`);
  assert.deepEqual(faults, []);
}

/** What is wrong with an outcome; null: nothing. */
function requestFault({ expect }: RequestCase, { statuses, forwarded, end }: Seen): string | null {
  const seen = `statuses ${statuses.join(",") || "none"}, ${forwarded.length} forwarded`;
  const most = expect.forwarded ?? (expect.verdict === "reject" || expect.verdict === "wait" ? 0 : 1);
  // What is of no site never gets to a backend, which is right whatever the case is about.
  const isOfNoSite = statuses.length > 0 && statuses.every((status) => status === 404);
  if (forwarded.length > most) return `unsafe: more than ${most} requests: ${seen}`;
  if (expect.verdict === "accept" && !isOfNoSite) {
    if (forwarded.length !== most && expect.selfOk !== true && expect.waitOk !== true)
      return `legal refused: ${seen}`;
    if (expect.body !== undefined && forwarded.length > 0 && forwarded[0]?.body !== expect.body)
      return `unsafe: another body: ${JSON.stringify(forwarded[0]?.body.slice(0, 80))}`;
  }
  const fields = forwarded.map((one) => one.fields).join("");
  const has = (part: string): boolean => fields.toLowerCase().includes(part.toLowerCase());
  const relayed = (expect.forwardAbsentBytes ?? []).find(has);
  if (relayed !== undefined) return `policy: ${relayed} was relayed`;
  const lost = (expect.forwardHas ?? []).find((part) => forwarded.length > 0 && !has(part));
  if (lost !== undefined) return `policy: ${lost} was lost`;
  if (expect.verdict === "reject") {
    const last = statuses.at(-1);
    if (last === undefined)
      return expect.waitOk === true || end !== null ? null : `unsafe: no answer: ${seen}`;
    if (!isOfNoSite && last < 400) return `unsafe: taken: ${seen}`;
  }
  return null;
}

describe("The corpus of responses over sockets", needs("root"), () => {
  let current: ResponseCase;
  let backend: RawBackend;
  let world: ProxyWorld;
  before(async () => {
    backend = await startRawBackend(({ socket }) => {
      void (async () => {
        for (const part of partsOf(current)) {
          socket.write(part);
          await pause(5);
        }
        if (current.closes === "end") socket.end();
        else if (current.closes === "reset") {
          await pause(20);
          socket.resetAndDestroy();
        }
      })();
    });
    world = await startProxy([tcp(backend.port)], { hosts: HOSTS });
  });
  after(async () => {
    await world?.end();
    await backend?.close();
  });

  test("What is cut or malformed never looks whole to the client, and what is right is passed on", async (context) => {
    const faults: string[] = [];
    for (const one of RESPONSE_CASES) {
      current = one;
      const fault = responseFault(one, await ask(world.port, one.method));
      const kind = one.expect.verdict === "ok" ? "legal refused" : "unsafe";
      if (fault !== null) faults.push(`${one.id}: ${one.why}: ${kind}: ${fault}`);
    }
    tell(context, RESPONSE_CASES.length, faults);
  });
});

interface Outcome {
  status: number | null;
  body: string;
  isWhole: boolean;
}

function ask(port: number, method: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const outcome: Outcome = { status: null, body: "", isWhole: false };
    const options = { host: "127.0.0.1", port, method, agent: false, headers: { Host: "fence.test" } };
    const request = http.request(options, (response) => {
      outcome.status = response.statusCode ?? null;
      response.setEncoding("latin1").on("data", (chunk: string) => (outcome.body += chunk));
      response.on("error", () => resolve(outcome));
      response.on("end", () => resolve({ ...outcome, isWhole: response.complete }));
    });
    request.on("error", () => resolve(outcome));
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ ...outcome, status: response.statusCode ?? null });
    });
    request.end();
    setTimeout(() => resolve(outcome), 1500).unref();
  });
}

function responseFault({ expect, closes }: ResponseCase, { status, body, isWhole }: Outcome): string | null {
  // A deadline of the proxy ends it, long after this test.
  if (closes === "never" && status === null) return null;
  const seen = `status ${status}, ${isWhole ? "whole" : "cut"}, ${JSON.stringify(body.slice(0, 80))}`;
  switch (expect.verdict) {
    case "ok":
      if (!isWhole || (expect.body !== undefined && body !== expect.body)) return seen;
      return expect.status === undefined || [expect.status].flat().includes(status ?? 0) ? null : seen;
    case "bad502":
      // What was found wrong behind the head can only be cut.
      return status === 502 || !isWhole ? null : seen;
    case "cut":
      return isWhole && status !== 502 ? seen : null;
    case "status":
      return expect.status === undefined || [expect.status].flat().includes(status ?? 0) ? null : seen;
    case "either":
      return null;
  }
}
