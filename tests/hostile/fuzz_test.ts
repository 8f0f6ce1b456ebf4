/** Whatever comes in, what reads it answers or refuses in its own words. `FUZZ_RUNS=20000` for the proof, `FUZZ_SEED=N` to replay. */
import * as fc from "fast-check";
import {
  ModelError,
  SessionError,
  ToolError,
  UserError,
} from "../../core/protocol/error.ts";
import { FRAGMENTS, READERS } from "./readers.ts";
import { anyCharacter } from "../support/any_character.ts";

const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 300);
const SEED = Deno.env.get("FUZZ_SEED");

const words = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 8 }) },
  ),
  { maxLength: 40 },
).map((parts) => parts.join(""));

// Right in form and wrong in every field.
const TYPES = [
  "message",
  "reasoning",
  "function_call",
  "custom_tool_call",
  "local_shell_call",
  "web_search_call",
  "function_call_output",
  "compaction",
  "hologram",
  "response.created",
  "response.output_item.added",
  "response.output_item.done",
  "response.output_text.delta",
  "response.output_text.done",
  "response.function_call_arguments.delta",
  "response.function_call_arguments.done",
  "response.reasoning_summary_text.delta",
  "response.reasoning_summary_part.added",
  "response.completed",
  "response.incomplete",
  "response.failed",
  "error",
  "user.input",
  "approval.decision",
  "response_item",
  "session_meta",
];
const KEYS = [
  "id",
  "item",
  "item_id",
  "call_id",
  "role",
  "content",
  "text",
  "delta",
  "name",
  "arguments",
  "input",
  "output",
  "summary",
  "action",
  "status",
  "response",
  "usage",
  "input_tokens",
  "input_tokens_details",
  "error",
  "code",
  "message",
  "incomplete_details",
  "resets_at",
  "payload",
  "timestamp",
  "images",
  "jsonrpc",
  "method",
  "params",
  "__proto__",
  "constructor",
];
const { value: wrong } = fc.letrec<{ value: unknown; object: unknown }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(null, true, 0, -1, 1e308, "", "x", "\0", [], {}),
      fc.constantFrom(...TYPES),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.tuple(
      fc.constantFrom(...TYPES),
      fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 6 }),
    ).map(([type, rest]) => ({ type, ...rest })),
  }),
);
const typed = wrong.map((value) => JSON.stringify(value));

for (const [name, read] of Object.entries(READERS)) {
  Deno.test(`whatever comes as ${name} is read or refused`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(words, typed), async (text) => {
        try {
          await read(text);
        } catch (error) {
          if (!isRefusal(error)) throw error;
        }
      }),
      {
        numRuns: RUNS,
        ...(SEED !== undefined && { seed: Number(SEED) }),
      },
    );
  });
}

function isRefusal(error: unknown): boolean {
  return [UserError, ModelError, ToolError, SessionError, SyntaxError]
    .some((kind) => error instanceof kind);
}
