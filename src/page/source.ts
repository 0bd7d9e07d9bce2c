import { readFileSync } from "node:fs";
import { ownFile } from "../base/own-files.js";

const FOLDER = ownFile("templates/page/");

/** The parts of the built-in page as they travel, from `templates/page`: without comments, indents and line ends of style. */
export const SOURCE = {
  template: read("page.html.hbs"),
  style: read("style.css").replaceAll("\n", ""),
  script: read("script.js")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("//"))
    .join("\n"),
};

function read(name: string): string {
  return readFileSync(`${FOLDER}${name}`, "utf8");
}
