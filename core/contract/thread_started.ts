/** The first line of `exec --json`, and what it shares with later ones. */
import * as z from "zod/mini";

// What a line may carry beside its own fields: the first four with `--events native`.
export const envelope = {
  ts: z.optional(z.string().check(z.describe("ISO 8601 UTC"))),
  seq: z.optional(
    z.int().check(z.describe("Number of the line, from 0, without gaps")),
  ),
  thread_id: z.optional(z.string()),
  turn_id: z.optional(z.nullable(z.string())),
  truncated_bytes: z.optional(
    z.int().check(z.describe("Bytes cut from this line to keep its bound")),
  ),
  full_text_path: z.optional(
    z.string().check(z.describe("File that holds what was cut")),
  ),
};

export const mode = {
  mode: z.optional(z.enum(["plan", "review"])).check(
    z.describe("Absent where the policies alone say what may change"),
  ),
};

const LOOPBACK =
  "Who reaches a server of a command on 127.0.0.1: commands of the thread with the same rights, the command alone, nobody; absent where the network is not closed";

const PROOF =
  "Which run proved that the sandbox holds: this one, or an earlier one on the same machine, which this one repeats before the first command; absent without a sandbox";

export const ThreadStarted = z.object({
  type: z.literal("thread.started"),
  ...envelope,
  ...mode,
  thread_id: z.string(),
  schema: z.string().check(z.describe("major.minor of this contract")),
  version: z.string(),
  model: z.string(),
  provider: z.string(),
  cwd: z.string(),
  resumed: z.boolean(),
  resume: z.optional(
    z.object({
      exact: z.boolean().check(
        z.describe("The next prompt begins with the last one, byte for byte"),
      ),
      cause: z.string().check(z.describe("What drifted; empty when exact")),
      lost_tokens: z.int().check(
        z.describe(
          "Tokens of the last prompt that will not come from the cache",
        ),
      ),
    }).check(
      z.describe("Of a resumed thread whose last request is on record"),
    ),
  ),
  sandbox: z.object({
    mode: z.string(),
    backend: z.string(),
    enforces: z.array(z.string()),
    note: z.string(),
    loopback: z.optional(
      z.enum(["shared", "private", "none"]).check(z.describe(LOOPBACK)),
    ),
    proof: z.optional(
      z.enum(["this_run", "earlier_run"]).check(z.describe(PROOF)),
    ),
  }),
  instruction_files: z.array(z.object({ path: z.string(), bytes: z.int() })),
});
