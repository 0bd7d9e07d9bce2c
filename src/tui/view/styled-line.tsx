import { Text } from "ink";
import type { Line, Style } from "../lines/line.js";

const COLOURS: readonly Style[] = ["red", "green", "yellow", "cyan"];

/** @param wrap what becomes of what is too long; wide characters are never halved */
export function StyledLine({ line, wrap = "truncate" }: { line: Line; wrap?: "wrap" | "truncate" }) {
  const isEmpty = line.every(({ text }) => text === "");
  return (
    <Text wrap={wrap}>
      {isEmpty
        ? " "
        : line.map(({ text, style }, index) => (
            <Text
              key={index}
              bold={style === "bold"}
              dimColor={style === "dim"}
              {...(style !== undefined && COLOURS.includes(style) ? { color: style } : {})}
            >
              {text}
            </Text>
          ))}
    </Text>
  );
}
