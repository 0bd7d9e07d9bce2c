import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startFastcgi, type FastcgiBackend } from "../support/fastcgi-backend.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { FASTCGI_CASES, partsOf, textOf, type FastcgiCase } from "../support/proxy-corpus.js";
import { RawClient } from "../support/raw-client.js";
import { answersIn, type Received } from "../support/answers-in-text.js";

/** Nothing has come for so long: nothing more will. */
const QUIET_MS = 120;

describe("The corpus of FastCGI answers over sockets", needs("root"), () => {
  const root = mkdtempSync(join(tmpdir(), "fence-fastcgi-"));
  let current: FastcgiCase;
  let split: ((bytes: Buffer) => Buffer[]) | null = null;
  let backend: FastcgiBackend;
  let world: ProxyWorld;
  before(async () => {
    writeFileSync(join(root, "a.php"), "");
    backend = await startFastcgi(({ socket }) => {
      void (async () => {
        const all = partsOf(current);
        const parts = split === null ? all : split(Buffer.concat(all));
        for (const part of parts) {
          if (socket.destroyed) return;
          socket.write(part);
          await pause(parts.length === 1 ? 0 : 1);
        }
        if (current.closes === "end") socket.end();
        else if (current.closes === "reset") {
          await pause(20);
          socket.resetAndDestroy();
        }
      })();
    });
    const cgi = { root, index: "index.php", split: [".php"], params: [] };
    world = await startProxy([tcp(backend.port)], {}, { protocol: "fastcgi", cgi });
  });
  after(async () => {
    await world?.end();
    await backend?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const send = async (one: FastcgiCase): Promise<Outcome> => {
    current = one;
    const client = new RawClient(world.port);
    client.send(`${one.method} /a.php HTTP/1.1\r\nHost: main.test\r\n\r\n`);
    for (let length = 0; client.end === null;) {
      await pause(QUIET_MS);
      if (client.text.length === length && length > 0) break;
      ({ length } = client.text);
    }
    client.socket.resetAndDestroy();
    return { text: client.text, end: client.end, responses: answersIn(client.text, one.method) };
  };

  const faultsOf = async (cases: readonly FastcgiCase[]): Promise<string[]> => {
    const faults: string[] = [];
    for (const one of cases) {
      const fault = faultOf(one, await send(one));
      if (fault !== null) faults.push(`${one.id}: ${one.why}: ${fault}`);
    }
    return faults;
  };

  test("What is right is passed on, what is wrong is a 502, what is cut is seen as cut", async () => {
    assert.deepEqual(await faultsOf(FASTCGI_CASES), []);
  });

  test("The same with each byte of a short answer in a write of its own, and a long one in two", async () => {
    split = (bytes) =>
      bytes.length > 500
        ? [bytes.subarray(0, 21), bytes.subarray(21)]
        : [...bytes].map((byte) => Buffer.of(byte));
    assert.deepEqual(await faultsOf(FASTCGI_CASES), []);
  });
});

interface Outcome {
  text: string;
  end: RawClient["end"];
  responses: Received[];
}

/** What is wrong with an outcome; null: nothing. */
function faultOf({ expect }: FastcgiCase, { text, end, responses }: Outcome): string | null {
  const [first] = responses;
  const seen = `${end ?? "open"}, ${JSON.stringify(text.slice(0, 200))}`;
  const unsafe = unsafeOf(responses);
  if (unsafe !== null) return `${unsafe}: ${seen}`;
  const isOneOf =
    first !== undefined && expect.status !== undefined && [expect.status].flat().includes(first.status);
  switch (expect.verdict) {
    case "ok": {
      if (first === undefined || !isOneOf || first.isComplete === false) return seen;
      if (expect.body !== undefined && first.body !== textOf(expect.body)) return `another body: ${seen}`;
      const relayed = (expect.absent ?? []).find((part) => text.toLowerCase().includes(part));
      if (relayed !== undefined) return `${relayed} was relayed: ${seen}`;
      for (const [name, count] of Object.entries(expect.count ?? {}))
        if (first.head.toLowerCase().split(`\r\n${name}:`).length - 1 !== count)
          return `not ${count} ${name}: ${seen}`;
      return null;
    }
    case "cut":
      // A reset may overtake what was sent; what must not be is an answer that looks whole.
      return first === undefined
        ? end === null
          ? seen
          : null
        : first.status >= 500 || first.isComplete === false
          ? null
          : seen;
    default:
      return isOneOf ? null : seen;
  }
}

function unsafeOf(responses: readonly Received[]): string | null {
  if (responses.length > 1) return "more than one answer";
  const { head = "" } = responses[0] ?? {};
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[^\r]\n/.test(head))
    return "a control character in the head";
  if (/\r\n[ \t]/.test(head)) return "a folded field";
  const framings = head.match(/\r\n(?:content-length|transfer-encoding):/gi) ?? [];
  return framings.length > 1 ? "more than one framing" : null;
}
