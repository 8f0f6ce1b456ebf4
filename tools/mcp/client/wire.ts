/** The answers of servers, lenient and limited to the parts that are used. */
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

const Items = z.array(z.unknown());

/** The result of `tools/call`. */
export const CallResult = z.looseObject({
  content: z.nullish(Items),
  structuredContent: z.nullish(z.unknown()),
  isError: z.nullish(z.boolean()),
});
export type CallResult = z.infer<typeof CallResult>;

/** What may stand inside a resource, embedded or read. */
export const ResourceContent = z.looseObject({
  uri: Text,
  mimeType: Text,
  text: Text,
  blob: Text,
});

/** The parts of a result or of a prompt's message. */
export const ContentBlock = z.union([
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({
    type: z.enum(["image", "audio"]),
    data: z.string(),
    mimeType: Text,
  }),
  z.object({
    type: z.literal("resource_link"),
    uri: z.string(),
    name: Text,
    title: Text,
    description: Text,
    mimeType: Text,
  }),
  z.object({ type: z.literal("resource"), resource: ResourceContent }),
]);
export type ContentBlock = z.infer<typeof ContentBlock>;

export const ReadResult = z.looseObject({ contents: z.array(ResourceContent) });

export const PromptResult = z.looseObject({
  messages: z.array(z.looseObject({
    role: z.string(),
    content: z.unknown(),
  })),
});
