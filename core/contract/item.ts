/** The items of exec events: activities as consumers see them. */
import * as z from "zod/mini";

const id = z.string().check(
  z.describe("item_N, in order of first appearance in this process"),
);
const message = z.optional(
  z.string().check(z.describe("Why it was declined or failed before running")),
);

const AgentMessageItem = z.object({
  id,
  type: z.literal("agent_message"),
  text: z.string(),
  phase: z.optional(
    z.enum(["commentary", "final_answer"]).check(
      z.describe("As the server says; without it a message counts as final"),
    ),
  ),
});

const ReasoningItem = z.object({
  id,
  type: z.literal("reasoning"),
  text: z.string(),
});

const CommandExecutionItem = z.object({
  id,
  type: z.literal("command_execution"),
  command: z.string(),
  aggregated_output: z.string().check(
    z.describe("stdout and stderr as one stream; may be cut"),
  ),
  exit_code: z.nullable(z.int()),
  status: z.enum(["in_progress", "completed", "failed", "declined"]),
  cwd: z.string(),
  duration_ms: z.optional(z.int()),
  sandbox: z.optional(
    z.string().check(z.describe("Back end the command ran under")),
  ),
  message,
});

const FileChangeItem = z.object({
  id,
  type: z.literal("file_change"),
  changes: z.array(z.object({
    path: z.string(),
    kind: z.enum(["add", "update", "delete"]),
    moved_to: z.optional(z.string()),
    diff: z.optional(z.string()),
  })),
  status: z.enum(["in_progress", "completed", "failed"]),
  message,
});

const McpToolCallItem = z.object({
  id,
  type: z.literal("mcp_tool_call"),
  server: z.string(),
  tool: z.string(),
  arguments: z.unknown(),
  result: z.nullable(z.object({
    content: z.array(z.unknown()),
    structured_content: z.unknown(),
  })),
  error: z.nullable(z.object({ message: z.string() })),
  status: z.enum(["in_progress", "completed", "failed"]),
});

const WebSearchItem = z.object({
  id,
  type: z.literal("web_search"),
  query: z.string(),
  action: z.unknown(),
  search_id: z.optional(z.string()),
});

const ImageGenerationItem = z.object({
  id,
  type: z.literal("image_generation"),
  status: z.nullable(z.string()),
  revised_prompt: z.nullable(z.string()),
  result: z.nullable(z.string()).check(
    z.describe("The picture in base64; may be cut"),
  ),
});

const ServerItem = z.object({
  id,
  type: z.literal("server_item"),
  name: z.string().check(z.describe("Its type in the Responses API")),
  data: z.unknown().check(
    z.describe("As the server sent it; may be cut"),
  ),
});

const PlanItem = z.object({
  id,
  type: z.literal("todo_list"),
  items: z.array(z.object({
    text: z.string(),
    completed: z.boolean(),
    status: z.enum(["pending", "in_progress", "completed"]),
  })),
});

const ToolCallItem = z.object({
  id,
  type: z.literal("tool_call"),
  name: z.string(),
  arguments: z.string().check(z.describe("As the model wrote them")),
  status: z.enum(["in_progress", "completed", "failed", "declined"]),
  message: z.string(),
});

/** Every kind of item. New kinds may be added within a major version of the schema. */
export const ExecItem = z.discriminatedUnion("type", [
  AgentMessageItem,
  ReasoningItem,
  CommandExecutionItem,
  FileChangeItem,
  McpToolCallItem,
  WebSearchItem,
  ImageGenerationItem,
  ServerItem,
  PlanItem,
  ToolCallItem,
]);
export type ExecItem = z.infer<typeof ExecItem>;

/** What runs on after its call. */
export const ListedCommands = z.array(z.object({
  session_id: z.int(),
  command: z.string(),
  cwd: z.string(),
  tty: z.boolean(),
  running_ms: z.int(),
}));

/** One of the commands of a turn. */
export const EndedCommand = z.object({
  command: z.string(),
  cwd: z.string(),
  exit_code: z.nullable(z.int()),
  status: z.enum(["completed", "failed", "declined"]),
});
