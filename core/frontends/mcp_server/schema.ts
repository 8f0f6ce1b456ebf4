/** The tools of this program as an MCP server, with the parameters of Codex. */
import * as z from "zod/mini";
import type { JsonObject } from "../../util/json/json.ts";

const Prompt = z.string().check(z.minLength(1));

function text(description: string): z.ZodMiniOptional<z.ZodMiniString> {
  return z.optional(z.string().check(z.describe(description)));
}

function oneOf<const T extends readonly string[]>(
  words: T,
  description: string,
): z.ZodMiniOptional<z.ZodMiniEnum<z.core.util.ToEnum<T[number]>>> {
  return z.optional(z.enum(words).check(z.describe(description)));
}

/** Arguments of `codex`; the names are Codex's, dashes included. */
export const StartArguments = z.object({
  "approval-policy": oneOf(
    ["untrusted", "on-failure", "on-request", "never"],
    "When to ask for approval before a command runs",
  ),
  "base-instructions": text(
    "Stands for the instructions of the program itself",
  ),
  "compact-prompt": text(
    "Asks for the summary when the history grows too long",
  ),
  config: z.optional(
    z.record(z.string(), z.unknown()).check(
      z.describe("Settings by key, over those of config.toml"),
    ),
  ),
  cwd: text("Working folder; a relative one starts at the server's"),
  "developer-instructions": text(
    "Told to the model as the developer's message",
  ),
  model: text("Name of the model"),
  profile: text("Profile of config.toml"),
  prompt: Prompt.check(z.describe("What the agent is to do")),
  sandbox: oneOf(
    ["read-only", "workspace-write", "danger-full-access"],
    "What commands may write to",
  ),
});
export type StartArguments = z.infer<typeof StartArguments>;

/** Arguments of `codex-reply`; older clients call the thread a conversation. */
export const ReplyArguments = z.object({
  conversationId: text("Former name of threadId"),
  prompt: Prompt.check(z.describe("What the agent is to do next")),
  threadId: text("The thread, as the first call gave it"),
});
export type ReplyArguments = z.infer<typeof ReplyArguments>;

/** Both names of each: ours, and the one that clients of Codex call. */
export const START_TOOLS: readonly string[] = ["codex", "rondo"];
export const REPLY_TOOLS: readonly string[] = ["codex-reply", "rondo-reply"];

/** One tool as `tools/list` shows it. */
interface ServerTool {
  readonly [key: string]: unknown;
  readonly name: string;
  readonly inputSchema: JsonObject & { readonly type: "object" };
}

const RESULT = {
  type: "object",
  properties: {
    threadId: { type: "string" },
    session_id: { type: "string", description: "The same as threadId" },
    content: { type: "string" },
  },
  required: ["threadId", "content"],
};

/** All of them, in the order in which they are listed. */
export function serverTools(): readonly ServerTool[] {
  return [
    ...START_TOOLS.map((name) => ({
      name,
      title: "Start a thread",
      description:
        "Runs a coding agent on a task in a folder and returns its last message and the thread's id.",
      inputSchema: inputSchema(StartArguments),
      outputSchema: RESULT,
    })),
    ...REPLY_TOOLS.map((name) => ({
      name,
      title: "Continue a thread",
      description:
        "Gives the agent of a thread its next task and returns its last message.",
      inputSchema: inputSchema(ReplyArguments),
      outputSchema: RESULT,
    })),
  ];
}

function inputSchema(schema: z.ZodMiniType): ServerTool["inputSchema"] {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, {
    io: "input",
  });
  return { ...made as JsonObject, type: "object" };
}
