import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { NamedFiles, type NamedFile } from "../../../src/proxy/static/named-file.js";
import { RUNS } from "../../support/http-arbitraries.js";

const FILES = new NamedFiles({
  roots: ["/srv/files/deep", "/srv/files", "/srv/ä b"],
  accel: [
    { prefix: "/protected/", dir: "/srv/files" },
    { prefix: "/protected/other/", dir: "/srv/other" },
  ],
});

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const sendfile = (name: string) => FILES.of({ sendfile: latin1(name), accelRedirect: "" });
const accel = (name: string) => FILES.of({ sendfile: "", accelRedirect: latin1(name) });

/** Every way to write `../` that somebody, somewhere, takes for one, and other ways out. */
function traversals(): string[] {
  const dots = ["..", "%2e%2e", "%2E.", ".%2e", "%2e%2E"];
  const slashes = ["/", "%2f", "%2F", "\\", "%5c", "//", "/./", "/%2e/"];
  const found = dots.flatMap((up) =>
    slashes.flatMap((slash) => [
      `${up}${slash}passwd`,
      `${up}${slash}${up}${slash}etc${slash}passwd`,
      `a${slash}${up}${slash}${up}${slash}passwd`,
      `a${slash}${up}`,
      `deep${slash}${up}${slash}${up}${slash}${up}${slash}etc/passwd`,
      `${slash}${up}${slash}${up}${slash}x`,
    ]),
  );
  return [...found, "a%00.txt", "%00", "a\\..\\b", "a%0ab", "a%", "a%2", "a%zz", "%ff%fe", "a%c0%ae%c0%ae/b"];
}

describe("A file that a backend names", () => {
  test("is one below a root, or below the folder of the longest prefix", () => {
    const rows: [NamedFile | string | null, string, string][] = [
      [sendfile("/srv/files/a"), "/srv/files", "/srv/files/a"],
      [sendfile("/srv/files/deep/a"), "/srv/files", "/srv/files/deep/a"],
      [sendfile("/srv/files//deep///a"), "/srv/files", "/srv/files/deep/a"],
      [sendfile("/srv/files/a%20b%2520c"), "/srv/files", "/srv/files/a b%20c"],
      [sendfile("/srv/files/a b?c#d"), "/srv/files", "/srv/files/a b?c#d"],
      [sendfile("/srv/ä b/ö"), "/srv/ä b", "/srv/ä b/ö"],
      [sendfile("/srv/%c3%a4%20b/x"), "/srv/ä b", "/srv/ä b/x"],
      [sendfile("/srv/files/.hidden"), "/srv/files", "/srv/files/.hidden"],
      [sendfile("/srv/files/..."), "/srv/files", "/srv/files/..."],
      [accel("/protected/a"), "/srv/files", "/srv/files/a"],
      [accel("/protected/a?b=/../c"), "/srv/files", "/srv/files/a"],
      [accel("/protected/a%3fb"), "/srv/files", "/srv/files/a?b"],
      [accel("/protected/other/a"), "/srv/other", "/srv/other/a"],
      [accel("/protected/others/a"), "/srv/files", "/srv/files/others/a"],
    ];
    for (const [found, dir, path] of rows) assert.deepEqual(found, { dir, path });
  });

  test("is none of a folder that nobody allowed, however its name begins", () => {
    for (const name of ["/etc/passwd", "/srv/files", "/srv/filesx/a", "/srv", "/", "/SRV/files/a"])
      assert.equal(sendfile(name), "outside", name);
    for (const name of ["/protected", "/protectedx/a", "/srv/files/a", "/", "/Protected/a"])
      assert.equal(accel(name), "outside", name);
  });

  test("is no path that would have to be repaired", () => {
    for (const name of [
      "srv/files/a",
      "file:///srv/files/a",
      "../a",
      "@named",
      "?",
      "C:\\a",
      " /srv/files/a",
    ]) {
      assert.equal(sendfile(name), "malformed", name);
      assert.equal(accel(name), "malformed", name);
    }
    assert.equal(FILES.of({ sendfile: "/srv/files/a", accelRedirect: "/protected/a" }), "malformed");
    assert.equal(FILES.of({ sendfile: "/srv/files/\xff", accelRedirect: "" }), "malformed");
    assert.equal(FILES.of({ sendfile: "", accelRedirect: "" }), null);
  });

  test("is never reached by climbing, in whatever writing", () => {
    const names = traversals();
    assert.ok(names.length > 240);
    for (const name of names) {
      for (const found of [sendfile(`/srv/files/${name}`), accel(`/protected/${name}`)]) {
        if (found === null || typeof found === "string") continue;
        assert.ok(found.path.startsWith("/srv/files/"), `${name}: ${found.path}`);
        // Percent signs that are left are part of a name: nobody decodes them again.
        assert.ok(
          !found.path.split("/").some((part) => part === "." || part === ".."),
          `${name}: ${found.path}`,
        );
      }
    }
  });

  test("is below one of the folders for any text at all", () => {
    const piece = fc.constantFrom(
      "/",
      "..",
      ".",
      "%2e",
      "%2f",
      "\\",
      "%5c",
      "%00",
      "srv",
      "files",
      "é",
      "?",
      "%",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        for (const found of [
          sendfile(`/srv/files/${pieces.join("")}`),
          accel(`/protected/${pieces.join("")}`),
        ]) {
          if (found === null || typeof found === "string") continue;
          assert.ok(new URL(`file://${encodeURI(found.path)}`).pathname.startsWith("/srv/"), found.path);
          assert.ok(found.path.startsWith(`${found.dir}/`), found.path);
          assert.ok(!/(?:^|\/)\.\.?(?:\/|$)/.test(found.path) && !/[\0\\]/.test(found.path), found.path);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
