import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What the sites have below their folders, and what lies beside these, all of it of the same day. */
export function makeFiles(folder: string, php: string): void {
  const files: Readonly<Record<string, string>> = {
    "static/a.txt": "static a\n",
    "static/sub/index.html": "index\n",
    "deep/a.txt": "deep a\n",
    "media/a.txt": "media a\n",
    "sent/a.txt": "sent a\n",
    "sent/ä b.txt": "umlaut\n",
    "sent/long.txt": "sent ".repeat(1000),
    "sent/sub/index.html": "secret: a folder has no index here\n",
    "sentinel/a.txt": "secret\n",
    "secret.txt": "secret\n",
    "php/app.php": php,
    "php/php/app.php": php,
    "php/sub/app.php": "",
    "php/style.css": "css\n",
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, new Date("2020-01-01"), new Date("2020-01-01"));
  }
  const links = { "in.txt": "a.txt", "out.txt": "../secret.txt", out: ".." };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, "sent", name));
  execFileSync("mkfifo", ["-m", "666", join(folder, "sent/fifo")]);
}
