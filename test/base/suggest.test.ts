import assert from "node:assert/strict";
import { test } from "node:test";
import { suggest } from "../../src/base/suggest.js";

const KEYS = [
  "hosts",
  "servers",
  "listen",
  "upstream",
  "tls",
  "route",
  "maintenance",
  "exceptions",
  "settle",
];

test("A slip of the pen finds its word: a letter lost, added, changed or swapped", () => {
  assert.equal(suggest("upstrem", KEYS), "upstream");
  assert.equal(suggest("hossts", KEYS), "hosts");
  assert.equal(suggest("raute", KEYS), "route");
  assert.equal(suggest("tsl", KEYS), "tls");
  assert.equal(suggest("Listen", KEYS), "listen");
});

test("The beginning of a word finds it", () => {
  assert.equal(suggest("maint", KEYS), "maintenance");
});

test("The nearest one counts", () => {
  assert.equal(suggest("main2", ["main1x", "main", "shop"]), "main");
});

test("What is far from every word finds none", () => {
  for (const word of ["colour", "x", "", "balance"]) assert.equal(suggest(word, KEYS), null, word);
  assert.equal(suggest("main", []), null);
});

test("A word of a megabyte is not compared letter by letter", () => {
  assert.equal(suggest("x".repeat(1_000_000), ["upstream"]), null);
});
