import { ownText } from "../base/own-files.js";

/** The parts of the built-in page as they travel, from `templates/page`: without comments, indents and line ends of style. */
export const SOURCE = {
  style: ownText("templates/page/style.css").replaceAll("\n", ""),
  script: ownText("templates/page/script.js")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("//"))
    .join("\n"),
};
