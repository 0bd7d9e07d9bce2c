import { Box } from "ink";
import { timeText } from "../../base/time-text.js";
import { footerText, noticeText } from "../lines/footer.js";
import type { Line } from "../lines/line.js";
import { screenLines } from "../lines/screen-lines.js";
import type { State } from "../state.js";
import { ChangeScreen } from "./change-screen.js";
import { LineList } from "./line-list.js";
import { QuestionScreen } from "./question-screen.js";
import { SitesTable } from "./sites-table.js";
import { StyledLine } from "./styled-line.js";

/** The whole screen: one line on what is seen, the screen itself, a notice, and the keys. */
export function Frame({ state }: { state: State }) {
  const notice = noticeText(state);
  const rows = Math.max(1, state.rows - (notice === null ? 2 : 3));
  return (
    <Box flexDirection="column" width={state.columns} height={state.rows} overflow="hidden">
      <StyledLine line={headLine(state)} />
      <Body state={state} rows={rows} />
      {notice === null ? null : <StyledLine line={[{ text: notice, style: "yellow" }]} />}
      <StyledLine line={[{ text: footerText(state), style: "dim" }]} />
    </Box>
  );
}

function Body({ state, rows }: { state: State; rows: number }) {
  const { screen, question, change } = state;
  if (question !== null) return <QuestionScreen state={state} question={question} rows={rows} />;
  if (screen === "sites") return <SitesTable state={state} rows={rows} />;
  const lines = screenLines(state);
  if (screen === "change" && change !== null)
    return <ChangeScreen change={change} lines={lines} scroll={state.scroll} rows={rows} />;
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      <LineList lines={lines.slice(state.scroll)} />
    </Box>
  );
}

function headLine({ look, face, filter, isFiltering }: State): Line {
  const parts = [
    ...(face.isReadOnly ? ["read-only"] : []),
    ...(filter !== "" && !isFiltering ? [`only /${filter}`] : []),
    ...(look === null ? ["looking ..."] : [timeText(look.atMs), look.specText]),
  ];
  return [
    { text: "fence", style: "bold" },
    { text: `  ${parts.join("  ")}`, style: "dim" },
  ];
}
