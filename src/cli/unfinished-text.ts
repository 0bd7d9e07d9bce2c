import type { UnfinishedChange } from "../apply/status.js";
import { printable } from "../base/printable.js";
import { timeText } from "../base/time-text.js";

/** A sentence on the change that is under way or was cut short; null when there is none. */
export function unfinishedText(unfinished: UnfinishedChange): string | null {
  const parts = [changeText(unfinished), runText(unfinished)].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}

function runText({ run }: UnfinishedChange): string | null {
  if (run === null) return null;
  const { pid, command, startedAt, sites, step } = run.record;
  const what = `fence run of ${sites.join(", ")} since ${timeText(startedAt)}`;
  return printable(
    run.isAlive
      ? `a ${what} is at its step ${step}: process ${pid} (${command})`
      : `a ${what} was cut short at its step ${step}; its sites are as it left them, and a hold ends by itself`,
  );
}

function changeText({ journal, holder }: UnfinishedChange): string | null {
  if (holder !== null) {
    return printable(
      `another fence is at work since ${timeText(holder.since)}: process ${holder.pid} (${holder.command})`,
    );
  }
  switch (journal.kind) {
    case "none":
      return null;
    case "journal": {
      const { by, startedAt, sites } = journal.journal;
      const names = sites.map(({ site }) => site).join(", ");
      return printable(
        `a change of ${names} by ${by} at ${timeText(startedAt)} was cut short: the next fence finishes or undoes it`,
      );
    }
    case "unknown-version":
      return `a newer fence left a change unfinished (journal version ${journal.version}): use that fence`;
    case "unreadable":
      return `a change was cut short and its journal cannot be read: ${printable(journal.problem)}`;
  }
}
