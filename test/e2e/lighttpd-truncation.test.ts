import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { lighty } from "../../src/servers/encode-lighttpd.js";
import { lua } from "../../src/servers/encode-lua.js";
import { ask } from "../support/ask.js";
import {
  modeValues,
  remove,
  serverOn,
  siteNamed,
  specOf,
  startLighttpd,
  temporaryFolder,
  variantText,
} from "../support/lighttpd.js";
import { needs } from "../support/needs.js";
import { freePort } from "../support/world.js";

const folder = temporaryFolder();
after(() => remove(folder));

// mod_magnet's own Lua compiles every beginning of the text and tells which ones it would run.
const COMPILE_PREFIXES = (file: string) => `
local f = io.open(${lua(file)}, "rb")
local text = f:read("*a")
f:close()
local runs = {}
for n = 1, #text do
  if (loadstring or load)(text:sub(1, n)) then runs[#runs + 1] = n end
end
lighty.r.resp_body.set(table.concat(runs, ","))
return 200
`;

test("a variant cut off at any byte is a syntax error, never half a script", needs("lighttpd"), async () => {
  const port = await freePort();
  const server = serverOn(folder, port);
  const range = {
    family: 4,
    text: "192.0.2.0/24",
    first: `${"0".repeat(20)}ffffc0000200`,
    last: `${"0".repeat(20)}ffffc00002ff`,
  } as const;
  const site = siteNamed("main", server, {
    maintenance: { paths: ["/shop"], corsOrigins: ["https://app.test"], title: 'Ö \\ "' },
    exceptions: {
      allow: [range],
      trustedProxies: [range],
      pass: [
        { match: "exact", value: "/a" },
        { match: "prefix", value: "/b" },
      ],
      acme: true,
      health: { path: "/health", whileDown: "ok" },
    },
  });
  const spec = specOf(folder, [server], [site], []);
  const variants = {
    up: variantText(spec, server, site, modeValues("up", 12)),
    down: variantText(spec, server, site, modeValues("down", 12, { untilMs: Date.UTC(2030, 0, 1) })),
  };
  const blocks = Object.entries(variants).map(([name, text]) => {
    writeFileSync(`${folder}/${name}.text`, text);
    writeFileSync(`${folder}/${name}.check.lua`, COMPILE_PREFIXES(`${folder}/${name}.text`));
    return `$HTTP["url"] == "/${name}" { magnet.attract-raw-url-to = ( ${lighty(`${folder}/${name}.check.lua`)} ) }`;
  });
  const config = `server.modules = ( "mod_magnet" )
server.document-root = "/nonexistent"
server.pid-file = "${folder}/server.pid"
server.bind = "127.0.0.1"
server.port = ${port}
${blocks.join("\n")}
`;
  writeFileSync(`${folder}/test.conf`, config);
  const running = await startLighttpd(`${folder}/test.conf`, `${folder}/server.pid`);
  try {
    for (const [name, text] of Object.entries(variants)) {
      const answer = await ask({ port, path: `/${name}` });
      const size = Buffer.byteLength(text);
      // Without the line end it is still the whole script.
      assert.equal(answer.body, `${size - 1},${size}`, name);
    }
  } finally {
    await running.stop();
  }
});
