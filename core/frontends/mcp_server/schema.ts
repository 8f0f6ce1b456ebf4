/** The tools of this program as an MCP server, with the parameters of Codex. */
import * as z from "zod/mini";
import type { JsonObject } from "../../util/json/json.ts";

/** Arguments of `codex`; the names are Codex's, dashes included. */
export const StartArguments = z.object({
  prompt: z.string().check(z.minLength(1)),
  model: z.optional(z.string()),
  profile: z.optional(z.string()),
  cwd: z.optional(z.string()),
  sandbox: z.optional(
    z.enum(["read-only", "workspace-write", "danger-full-access"]),
  ),
  "approval-policy": z.optional(
    z.enum(["untrusted", "on-failure", "on-request", "never"]),
  ),
  config: z.optional(z.record(z.string(), z.unknown())),
  "base-instructions": z.optional(z.string()),
  "developer-instructions": z.optional(z.string()),
  "compact-prompt": z.optional(z.string()),
});
export type StartArguments = z.infer<typeof StartArguments>;

/** Arguments of `codex-reply`; older clients call the thread a conversation. */
export const ReplyArguments = z.object({
  prompt: z.string().check(z.minLength(1)),
  threadId: z.optional(z.string()),
  conversationId: z.optional(z.string()),
});
export type ReplyArguments = z.infer<typeof ReplyArguments>;

/** Both names of each: ours, and the one that clients of Codex call. */
export const START_TOOLS: readonly string[] = ["codex", "rondo"];
export const REPLY_TOOLS: readonly string[] = ["codex-reply", "rondo-reply"];

/** One tool as `tools/list` shows it. */
interface ServerTool {
  readonly [key: string]: unknown;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonObject & { readonly type: "object" };
  readonly outputSchema: JsonObject & { readonly type: "object" };
}

const RESULT: ServerTool["outputSchema"] = {
  type: "object",
  properties: {
    threadId: { type: "string" },
    session_id: { type: "string", description: "The same as threadId" },
    content: { type: "string" },
  },
  required: ["threadId", "content"],
};

const START_INPUT: ServerTool["inputSchema"] = {
  type: "object",
  properties: {
    "approval-policy": {
      type: "string",
      enum: ["untrusted", "on-failure", "on-request", "never"],
      description: "When to ask for approval before a command runs",
    },
    "base-instructions": {
      type: "string",
      description: "Stands for the instructions of the program itself",
    },
    "compact-prompt": {
      type: "string",
      description: "Asks for the summary when the history grows too long",
    },
    config: {
      type: "object",
      additionalProperties: true,
      description: "Settings by key, over those of config.toml",
    },
    cwd: {
      type: "string",
      description: "Working folder; a relative one starts at the server's",
    },
    "developer-instructions": {
      type: "string",
      description: "Told to the model as the developer's message",
    },
    model: { type: "string", description: "Name of the model" },
    profile: { type: "string", description: "Profile of config.toml" },
    prompt: { type: "string", description: "What the agent is to do" },
    sandbox: {
      type: "string",
      enum: ["read-only", "workspace-write", "danger-full-access"],
      description: "What commands may write to",
    },
  },
  required: ["prompt"],
};

const REPLY_INPUT: ServerTool["inputSchema"] = {
  type: "object",
  properties: {
    conversationId: {
      type: "string",
      description: "Former name of threadId",
    },
    prompt: { type: "string", description: "What the agent is to do next" },
    threadId: {
      type: "string",
      description: "The thread, as the first call gave it",
    },
  },
  required: ["prompt"],
};

/** All of them, in the order in which they are listed. */
export const SERVER_TOOLS: readonly ServerTool[] = [
  ...START_TOOLS.map((name): ServerTool => ({
    name,
    title: "Start a thread",
    description:
      "Runs a coding agent on a task in a folder and returns its last message and the thread's id.",
    inputSchema: START_INPUT,
    outputSchema: RESULT,
  })),
  ...REPLY_TOOLS.map((name): ServerTool => ({
    name,
    title: "Continue a thread",
    description:
      "Gives the agent of a thread its next task and returns its last message.",
    inputSchema: REPLY_INPUT,
    outputSchema: RESULT,
  })),
];
