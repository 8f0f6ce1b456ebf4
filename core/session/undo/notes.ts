/** Notes of what turns did to files, one JSON line each, and the turns they tell of. */
import * as z from "zod/mini";
import { unreachable } from "../../util/assert.ts";
import { splitLines } from "../../util/json/jsonl.ts";
import { FileState, isSameState, type TurnRecord } from "./plan.ts";
import { parseJson } from "../../util/json/json.ts";

export const Note = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("before"),
    turn: z.string(),
    at: z.string(),
    path: z.string(),
    state: FileState,
  }),
  z.object({
    type: z.literal("turn"),
    turn: z.string(),
    messages: z.number(),
    after: z.array(z.object({ path: z.string(), state: FileState })),
  }),
  z.object({ type: z.literal("undone"), turns: z.array(z.string()) }),
]);
/** Before a change; at the end of its turn; when turns were taken back. */
export type Note = z.infer<typeof Note>;

/** Turns that changed files and were not taken back, oldest first. Torn notes are passed over. */
export function parseTurnRecords(text: string): readonly TurnRecord[] {
  const { lines, torn } = splitLines(text);
  const turns = new Map<string, TurnRecord>();
  for (const line of [...lines, torn]) {
    const { data } = Note.safeParse(parseJson(line));
    if (data !== undefined) addNote(turns, data);
  }
  return [...turns.values()].filter(hasChanges);
}

// A patch may have been kept for and then have failed.
function hasChanges({ files }: TurnRecord): boolean {
  return files.some(({ before, after }) =>
    after === undefined || !isSameState(before, after)
  );
}

function addNote(turns: Map<string, TurnRecord>, note: Note): void {
  switch (note.type) {
    case "before": {
      const { turn, at, path, state } = note;
      const record = turns.get(turn) ??
        { turnId: turn, at, messagesBefore: 0, files: [] };
      const files = [...record.files, { path, before: state }];
      turns.set(turn, { ...record, files });
      return;
    }
    case "turn":
      return endTurn(turns, note);
    case "undone":
      for (const turn of note.turns) turns.delete(turn);
      return;
    default:
      return unreachable(note);
  }
}

function endTurn(
  turns: Map<string, TurnRecord>,
  note: Extract<Note, { type: "turn" }>,
): void {
  const record = turns.get(note.turn);
  if (record === undefined) return;
  const after = new Map(note.after.map((one) => [one.path, one.state]));
  const files = record.files.map((file) => {
    const state = after.get(file.path);
    return state === undefined ? file : { ...file, after: state };
  });
  turns.set(note.turn, { ...record, files, messagesBefore: note.messages });
}
