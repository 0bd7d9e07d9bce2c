import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "../cli/run-fence.js";
import { look, Played } from "./states.js";
import { pictureOf } from "./picture.js";

// Ink asks for the colours of this process once, when it is loaded.
process.env["FORCE_COLOR"] = "1";

test("the picture in the documents is a frame of the program (UPDATE=1 draws it anew)", async () => {
  const { frameText } = await import("../../src/tui/frame-text.js");
  const played = new Played({}, 80, 9, null);
  [0, 40, 130, 330, 500, 520, 560, 700].forEach((requests, second) => {
    const { sites, atMs, ...rest } = look();
    const counted = sites.map((one) => (one.name === "shop" ? { ...one, requests } : one));
    played.tell({ kind: "looked", look: { ...rest, sites: counted, atMs: atMs + second * 1000 } });
  });
  const picture = pictureOf(frameText(played.state, true));
  const file = path.join(ROOT, "docs/pictures/tui.svg");
  if (process.env["UPDATE"] === "1") writeFileSync(file, picture);
  assert.equal(picture, readFileSync(file, "utf8"));
  assert.match(picture, /class="yellow"[^]*class="green"/);
});
