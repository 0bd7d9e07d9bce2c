import { Box } from "ink";
import { answerLine, questionLines } from "../lines/question-lines.js";
import type { Question, State } from "../state.js";
import { LineList } from "./line-list.js";
import { StyledLine } from "./styled-line.js";

/** Whatever else is cut, the answers are not. */
export function QuestionScreen({
  state,
  question,
  rows,
}: {
  state: State;
  question: Question;
  rows: number;
}) {
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      <LineList lines={questionLines(state, question)} />
      <Box flexShrink={0}>
        <StyledLine line={answerLine(question)} />
      </Box>
    </Box>
  );
}
