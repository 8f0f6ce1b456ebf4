/** The end of a batch: its last lines, and its exit code. */
import type { JournalState } from "../../batch/journal.ts";
import type { Task } from "../../batch/tasks.ts";
import { sumUsage, ZERO_USAGE } from "../../batch/usage.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import type { Batch, OpenJournal } from "./open.ts";
import type { Say } from "./progress.ts";
import { countStates } from "../../batch/counts.ts";

interface Closing {
  readonly batch: Batch;
  readonly journal: OpenJournal;
  readonly say: Say;
  readonly terminal: Terminal;
  readonly planned: readonly Task[];
  readonly states: JournalState["states"];
}

/** Says what came of it. `stopCode` is that of a signal, or 0. */
export async function closeBatch(
  closing: Closing,
  stopCode: number,
): Promise<number> {
  const { batch, journal, say, terminal, planned, states } = closing;
  const counts = countStates(planned, states);
  const isDone = counts.done === counts.tasks;
  const code = stopCode || (isDone ? exitCode("done") : exitCode("failed"));
  const at = batch.host.now().toISOString();
  const reason = stopCode === 0 ? batch.budget.spent ?? "" : "signal";
  journal.writer.write({ type: "closed", at, reason });
  const usage = [...states.values()]
    .reduce((sum, state) => sumUsage(sum, state.usage), ZERO_USAGE);
  say({ type: "batch.completed", ...counts, usage, exit_code: code });
  if (!batch.flags.json) tellPeople(closing, counts);
  await terminal.stdout.flush();
  await terminal.stderr.flush();
  return code;
}

const FAILURES_SHOWN = 20;

function tellPeople(
  { batch, terminal, planned, states }: Closing,
  counts: ReturnType<typeof countStates>,
): void {
  const { stdout, stderr } = terminal;
  const { folder, results } = batch.places;
  if (counts.waiting > 0) {
    const why = batch.budget.spent;
    stderr.write(
      `${counts.waiting} tasks were not run${
        why === undefined ? "" : `: ${why}`
      }; the same command goes on with them\n`,
    );
  }
  const failed = planned.flatMap(({ index, id }) => {
    const ended = states.get(index)?.ended;
    return ended === undefined || ended.exitCode === 0 ? [] : [{ id, ended }];
  });
  for (const { id, ended } of failed.slice(0, FAILURES_SHOWN)) {
    stdout.write(
      `${visibleLine(id)}\t${ended.status}\texit ${ended.exitCode}\n`,
    );
  }
  if (failed.length > FAILURES_SHOWN) {
    stdout.write(
      `and ${
        failed.length - FAILURES_SHOWN
      } more: ${PROGRAM} batch report ${folder}\n`,
    );
  }
  stdout.write(
    `${counts.done} of ${counts.tasks} tasks done: ${results}\n`,
  );
}
