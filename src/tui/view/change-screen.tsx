import { Box } from "ink";
import { outcomeLines } from "../lines/change-lines.js";
import type { Line } from "../lines/line.js";
import type { ChangeLook } from "../state.js";
import { LineList } from "./line-list.js";
import { StyledLine } from "./styled-line.js";

interface Props {
  change: ChangeLook;
  lines: readonly Line[];
  /** Lines back from the last one. */
  scroll: number;
  rows: number;
}

/** The steps, the last ones where there is no room for all, and below them what came of it. */
export function ChangeScreen({ change, lines, scroll, rows }: Props) {
  const outcome = outcomeLines(change);
  const isAtEnd = lines.length + outcome.length > rows;
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      <LineList lines={lines.slice(0, lines.length - scroll)} wrap="truncate" isAtEnd={isAtEnd} />
      {outcome.map((line, index) => (
        <Box key={index} flexShrink={0}>
          <StyledLine line={line} wrap="wrap" />
        </Box>
      ))}
    </Box>
  );
}
