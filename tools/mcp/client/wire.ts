/** What servers answer, as far as we look at it: lenient, because servers are many. */
import * as z from "zod/mini";

const Text = z.nullish(z.string());

/** One answer to any of the listing methods. */
export const Page = z.looseObject({
  tools: z.optional(z.unknown()),
  prompts: z.optional(z.unknown()),
  resources: z.optional(z.unknown()),
  resourceTemplates: z.optional(z.unknown()),
  nextCursor: z.nullish(z.string()),
});

export interface PageItems {
  readonly items: readonly unknown[];
  readonly next?: string;
}

const Hint = z.nullish(z.boolean());

/** One tool of `tools/list`. */
export const WireTool = z.object({
  name: z.string().check(z.minLength(1)),
  title: Text,
  description: Text,
  inputSchema: z.nullish(z.record(z.string(), z.unknown())),
  annotations: z.nullish(z.looseObject({
    readOnlyHint: Hint,
    destructiveHint: Hint,
    openWorldHint: Hint,
  })),
  /** `required`: a call only begins the work, and its result is fetched later. */
  execution: z.nullish(z.looseObject({ taskSupport: Text })),
});
export type WireTool = z.infer<typeof WireTool>;

/** One prompt of `prompts/list`. */
export const WirePrompt = z.object({
  name: z.string().check(z.minLength(1)),
  description: Text,
  arguments: z.nullish(z.array(z.object({
    name: z.string(),
    description: Text,
    required: z.nullish(z.boolean()),
  }))),
});

/** The state of work that a call began (MCP 2025-11-25, tasks). */
export const TaskState = z.looseObject({
  taskId: z.string(),
  status: z.string(),
  statusMessage: Text,
  pollInterval: z.nullish(z.number()),
});
export type TaskState = z.infer<typeof TaskState>;

export const TaskCreated = z.looseObject({ task: TaskState });
