/** What servers answer to calls, reads and prompts: lenient, because servers are many. */
import * as z from "zod/mini";

const Text = z.nullish(z.string());
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
