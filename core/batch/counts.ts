/** How many tasks of a batch have ended, and how. Pure. */
import type { JournalState } from "./journal.ts";

interface Counts {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly waiting: number;
}

/** Of these tasks, by what a journal says of them. */
export function countStates(
  tasks: readonly { readonly index: number }[],
  states: JournalState["states"],
): Counts {
  const ended = tasks.flatMap(({ index }) => states.get(index)?.ended ?? []);
  const done = ended.filter(({ exitCode }) => exitCode === 0).length;
  return {
    tasks: tasks.length,
    done,
    failed: ended.length - done,
    waiting: tasks.length - ended.length,
  };
}
