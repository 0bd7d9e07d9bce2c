import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HealthRecord } from "../../../src/proxy/backend/health/health-record.js";

describe("What health checks come to", () => {
  const bounds = { passes: 2, fails: 3 };
  const noted = (record: HealthRecord, checks: string): string =>
    [...checks]
      .map((check) => {
        const hasChanged = record.note(check === "+" ? null : "refused", bounds);
        return hasChanged ? (record.isUnhealthy ? "U" : "A") : ".";
      })
      .join("");

  test("A backend is unhealthy after so many failures in a row, and available after so many good ones", () => {
    assert.equal(noted(new HealthRecord(), "+--+---+-++-++"), "......U...A...");
  });

  test("It is available to begin with, and again when it may be another one", () => {
    const record = new HealthRecord();
    assert.equal(record.isUnhealthy, false);
    noted(record, "---");
    assert.deepEqual([record.isUnhealthy, record.problem], [true, "refused"]);
    record.forget();
    assert.deepEqual([record.isUnhealthy, record.problem], [false, null]);
    assert.equal(noted(record, "--"), "..", "what was before does not count");
  });
});
