import { Box } from "ink";
import type { Line } from "../lines/line.js";
import { StyledLine } from "./styled-line.js";

interface Props {
  lines: readonly Line[];
  /** What becomes of long ones. */
  wrap?: "wrap" | "truncate";
  /** Where there is no room for all, the last ones are seen instead of the first. */
  isAtEnd?: boolean;
}

/** As many lines as there is room for. */
export function LineList({ lines, wrap = "wrap", isAtEnd = false }: Props) {
  return (
    <Box
      flexDirection="column"
      flexGrow={1}
      flexShrink={1}
      overflow="hidden"
      justifyContent={isAtEnd ? "flex-end" : "flex-start"}
    >
      {lines.map((line, index) => (
        <Box key={index} flexShrink={0}>
          <StyledLine line={line} wrap={wrap} />
        </Box>
      ))}
    </Box>
  );
}
