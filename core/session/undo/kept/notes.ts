/** Notes of what turns did to files, one JSON line each, and the turns they tell of. */
import * as z from "zod/mini";
import { unreachable } from "../../../util/assert.ts";
import { splitLines } from "../../../util/json/jsonl.ts";
import { FileState, isSameState, type TurnRecord } from "./plan.ts";
import { parseJson } from "../../../util/json/json.ts";

export const Note = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("before"),
    turn: z.string(),
    at: z.string(),
    path: z.string(),
    state: FileState,
    by: z.optional(z.string()),
    messages: z.optional(z.number()),
  }),
  z.object({
    type: z.literal("turn"),
    turn: z.string(),
    messages: z.number(),
    /** When it ended. */
    at: z.optional(z.string()),
    after: z.array(
      z.object({
        path: z.string(),
        state: FileState,
        mixed: z.optional(z.boolean()),
      }),
    ),
    left: z.optional(
      z.array(z.object({ path: z.string(), reason: z.string() })),
    ),
  }),
  z.object({ type: z.literal("undone"), turns: z.array(z.string()) }),
]);
/** Before a change; at the end of its turn; when turns were taken back. */
export type Note = z.infer<typeof Note>;

/** Turns that changed files and were not taken back, oldest first. Torn notes are passed over. */
export function parseTurnRecords(text: string): readonly TurnRecord[] {
  const { lines, torn } = splitLines(text);
  const turns = new Map<string, GrowingRecord>();
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

interface GrowingRecord extends TurnRecord {
  readonly files: TurnRecord["files"][number][];
}

function addNote(turns: Map<string, GrowingRecord>, note: Note): void {
  switch (note.type) {
    case "before": {
      const { turn, at, path, state, by, messages = 0 } = note;
      const record = turns.get(turn) ??
        { turnId: turn, at, messagesBefore: messages, files: [] };
      record.files.push({
        path,
        before: state,
        ...(by !== undefined && { by }),
      });
      turns.set(turn, record);
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
  turns: Map<string, GrowingRecord>,
  note: Extract<Note, { type: "turn" }>,
): void {
  const record = turns.get(note.turn);
  if (record === undefined) return;
  const after = new Map(note.after.map((one) => [one.path, one]));
  const files = record.files.map((file) => {
    const one = after.get(file.path);
    if (one === undefined) return file;
    const isMixed = one.mixed === true;
    return { ...file, after: one.state, ...(isMixed && { isMixed }) };
  });
  turns.set(note.turn, {
    ...record,
    files,
    messagesBefore: note.messages,
    ...(note.at !== undefined && { endedAt: note.at }),
    ...(note.left !== undefined && { left: note.left }),
  });
}
