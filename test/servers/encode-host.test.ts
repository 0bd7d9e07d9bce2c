import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { hostEncoders } from "../../src/servers/encode-host.js";

test("Any shell word comes back from sh as it was", () => {
  const words = fc
    .sample(fc.string({ unit: "binary", maxLength: 40 }), 2000)
    .filter((word) => !word.includes("\0"));
  const script = words.map((word) => `printf '%s\\0' ${hostEncoders.sh(word)}`).join("\n");
  const output = execFileSync("/bin/sh", ["-s"], { input: script, encoding: "utf8" });
  assert.deepEqual(output.split("\0").slice(0, -1), words);
});

test("A NUL cannot be a shell word, a control character cannot be a tmpfiles.d field", () => {
  assert.throws(() => hostEncoders.sh("a\0b"), { name: "EncodeError" });
  assert.throws(() => hostEncoders.tmpfiles("a\nb"), { name: "EncodeError" });
});

test("A file of logrotate is quoted; one that it would take for several, or not find the end of, is refused", () => {
  assert.equal(hostEncoders.logrotate("/var/log/a b%'.log"), `"/var/log/a b%'.log"`);
  for (const part of ['"', "\\", "*", "?", "[", "]", "{", "}", "\n"])
    assert.throws(() => hostEncoders.logrotate(`/var/log/${part}.log`), { name: "EncodeError" });
});

test("A tmpfiles.d field is quoted and its specifiers are doubled", () => {
  assert.equal(hostEncoders.tmpfiles('/run/a "b" %h\\'), '"/run/a \\"b\\" %%h\\\\"');
});
