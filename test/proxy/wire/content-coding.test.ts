import assert from "node:assert/strict";
import { test } from "node:test";
import { codingsFor, type Coding } from "../../../src/proxy/wire/content-coding.js";

const BOTH: readonly Coding[] = ["br", "gzip"];

test("A client gets the coding that it likes best, of equals the one that is offered first", () => {
  const rows: [accept: string | null, codings: string][] = [
    ["gzip, deflate, br, zstd", "br gzip"],
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["br;q=0.5, gzip;q=0.8", "gzip br"],
    ["br; q=0.5 , gzip ;Q=0.5", "br gzip"],
    ["br;q=1.0, gzip;q=0.001", "br gzip"],
    ["br;q=0, gzip", "gzip"],
    ["br;q=0.000, gzip;q=0.0", ""],
    ["*", "br gzip"],
    ["*;q=0", ""],
    ["*;q=0.3, br;q=0", "gzip"],
    ["gzip;q=0.3, *;q=0.5", "br gzip"],
    ["identity", ""],
    ["identity, gzip;q=0.5", ""],
    ["identity;q=0.5, gzip", "gzip"],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["identity;q=0", ""],
    ["", ""],
    [",,", ""],
    [null, ""],
    ["deflate, zstd", ""],
    ["gzipx, xgzip, brr", ""],
  ];
  for (const [accept, codings] of rows)
    assert.equal(codingsFor(accept, BOTH).join(" "), codings, String(accept));
  assert.deepEqual(codingsFor("br, gzip", ["gzip", "br"]), ["gzip", "br"]);
  assert.deepEqual(codingsFor("br, gzip", ["gzip"]), ["gzip"]);
});

test("A weight that is none counts as a refusal", () => {
  for (const weight of ["2", "-1", "1.1", "0.1234", ".5", "a", "", "0,5", "1e0", "0x1"])
    assert.deepEqual(codingsFor(`gzip;q=${weight}`, ["gzip"]), [], weight);
});
