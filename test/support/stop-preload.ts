import { existsSync, writeFileSync } from "node:fs";

/**
 * Stops the fence that it is loaded into at one step, so that a test may end whatever it wants meanwhile: by
 * FENCE_TEST_STOP, events as `--json` tells them ("drain start"), one after the other, the last of which is the place.
 * It is told by the file FENCE_TEST_STOPPED, and goes on once there is one with `.go` behind its name.
 */
const places = (process.env["FENCE_TEST_STOP"] ?? "").split(",");
const file = process.env["FENCE_TEST_STOPPED"] ?? "";
const cell = new Int32Array(new SharedArrayBuffer(4));
const write = process.stdout.write.bind(process.stdout);

function look(text: string): void {
  const { ev, phase } = JSON.parse(text) as { ev?: string; phase?: string };
  if (`${ev} ${phase}` !== places[0]) return;
  places.shift();
  if (places.length > 0) return;
  writeFileSync(file, "");
  while (!existsSync(`${file}.go`)) Atomics.wait(cell, 0, 0, 5);
}

process.stdout.write = (text: string) => {
  const isTaken = write(text);
  if (places.length > 0 && text.startsWith("{")) look(text);
  return isTaken;
};
