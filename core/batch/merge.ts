/** Parts of one batch, joined: each task once, none missing. Pure. */
import { usageError, type UserError } from "../protocol/error.ts";
import type { JournalState, Place } from "./journal.ts";

/** A folder with the results of some of the tasks. */
interface Part {
  readonly folder: string;
  readonly state: JournalState;
}

/** Where the result of a task stands. */
export interface MergedTask {
  readonly part: Part;
  readonly place: Place;
}

const NAMED = 5;

/** The results in the order of the tasks. Throws UserError when they do not make a whole. */
export function planMerge(parts: readonly Part[]): readonly MergedTask[] {
  const [first] = parts;
  if (first === undefined) throw cannot("there is no part");
  const tasks = first.state.tasks;
  const other = parts.find(({ state }) => state.tasks.join() !== tasks.join());
  if (other !== undefined) {
    throw cannot(
      `${first.folder} and ${other.folder} are of different tasks, must be of the same file`,
    );
  }
  const found = new Map<number, MergedTask>();
  for (const part of parts) {
    for (const [index, { ended }] of part.state.states) {
      if (ended === undefined) continue;
      const before = found.get(index);
      if (before !== undefined) {
        throw cannot(
          `task ${index} is in ${before.part.folder} and in ${part.folder}, must be in one`,
        );
      }
      found.set(index, { part, place: ended.place });
    }
  }
  const missing = tasks.flatMap((_, index) => found.has(index) ? [] : [index]);
  if (missing.length > 0) {
    const named = missing.slice(0, NAMED).join(", ");
    throw cannot(
      `${missing.length} of ${tasks.length} tasks have no result (${named}${
        missing.length > NAMED ? ", …" : ""
      }), must all have one`,
    );
  }
  return tasks.flatMap((_, index) => found.get(index) ?? []);
}

function cannot(problem: string): UserError {
  return usageError(`Cannot merge: ${problem}`);
}
