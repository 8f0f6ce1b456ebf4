/** The lines `exec --input jsonl` reads from stdin, and the answer of `--approvals exec:CMD`. */
import * as z from "zod/mini";
import { DECISION_WORDS } from "../protocol/policy.ts";

// Made with the schemas that have them: most runs read no such lines.
const MEMBERS = {
  decision: () => ({
    decision: z.enum(DECISION_WORDS),
    message: z.optional(z.string()).check(
      z.describe("With deny: the reason the model gets"),
    ),
    prefix: z.optional(z.array(z.string()).check(z.minLength(1))).check(
      z.describe(
        "With approve_prefix: the words to remember; absent: those offered",
      ),
    ),
    sandbox: z.optional(z.nullable(z.array(z.string()))).check(
      z.describe(
        'With approve_prefix: what the sandbox opens for them, "network" or an absolute folder; null: without the sandbox; absent: as the first rule offered',
      ),
    ),
  }),
  message: () => ({
    text: z.optional(z.string()),
    images: z.optional(z.array(z.string())).check(z.describe("Paths of files")),
  }),
};

/** What an approval command prints. */
export const ApprovalAnswer = z.lazy(() => z.object(MEMBERS.decision()));
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>;

/** One line of input. */
export const ExecInput = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("user.input"), ...MEMBERS.message() }).check(
      z.describe("Starts a turn; while one runs, steers it"),
    ),
    z.object({ type: z.literal("steer"), ...MEMBERS.message() }).check(
      z.describe("Joins the running turn; refused when none runs"),
    ),
    z.object({ type: z.literal("interrupt") }),
    z.object({ type: z.literal("commands.list") }).check(
      z.describe("Answered with commands.listed: what runs on after its call"),
    ),
    z.object({ type: z.literal("commands.kill"), session_id: z.int() }).check(
      z.describe("Ends one of them"),
    ),
    z.object({
      type: z.literal("mode.set"),
      mode: z.enum(["plan", "default"]),
    }).check(
      z.describe(
        "Enters plan mode, or leaves it; from the next turn on. Answered with mode.changed",
      ),
    ),
    z.object({
      type: z.literal("approval.decide"),
      approval_id: z.string(),
      ...MEMBERS.decision(),
    }),
    z.object({ type: z.literal("shutdown") }).check(
      z.describe("Ends as the end of stdin does: after the running turn"),
    ),
  ])
);
export type ExecInput = z.infer<typeof ExecInput>;
