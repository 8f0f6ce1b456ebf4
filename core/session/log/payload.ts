/** Payloads of log lines: what we wrote, and what Codex writes in the same places. */
import * as z from "zod/mini";
import { typedText } from "../../context/format/tags.ts";
import type { Usage } from "../../protocol/event.ts";
import { textMessage, type WireItem } from "../../protocol/item.ts";
import type { ThreadMeta } from "../../protocol/log.ts";
import type { ApprovalPolicy, SandboxPolicy } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";
import {
  jsonElements,
  jsonSpans,
  withoutJsonMember,
} from "../../util/json/json_text.ts";

const Text = z.catch(z.string(), "");
const Texts = z.catch(z.array(z.string()), []);
const Flag = z.catch(z.boolean(), false);

const Meta = z.lazy(() =>
  z.object({
    id: z.string(),
    timestamp: Text,
    cwd: z.catch(z.string(), "/"),
    originator: Text,
    cli_version: Text,
    source: z.catch(z.string(), "exec"),
    model_provider: Text,
    base_instructions: z.catch(z.object({ text: Text }), { text: "" }),
    forked_from_id: z.catch(z.optional(z.string()), undefined),
  })
);

const Sandbox = z.lazy(() =>
  z.object({
    type: z.catch(z.optional(z.string()), undefined),
    // The member's name in older logs.
    mode: z.catch(z.optional(z.string()), undefined),
    writable_roots: Texts,
    network_access: z.catch(z.union([z.boolean(), z.string()]), false),
    exclude_tmpdir_env_var: Flag,
    exclude_slash_tmp: Flag,
  })
);

const TurnContext = z.lazy(() =>
  z.object({
    cwd: z.string(),
    model: z.string(),
    approval_policy: z.catch(
      z.enum(["untrusted", "on-failure", "on-request", "never"]),
      "on-request",
    ),
    sandbox_policy: z.catch(Sandbox, Sandbox.parse({})),
    effort: z.catch(z.optional(z.string()), undefined),
    collaboration_mode: z.catch(
      z.optional(z.object({ mode: z.string() })),
      undefined,
    ),
  })
);

// Only what tells settings of ours from something else: the checksum vouches for the rest.
const OwnSettings = z.lazy(() =>
  z.looseObject({
    model: z.looseObject({ slug: z.string(), contextWindow: z.number() }),
    cwd: z.string(),
    approval: z.union([z.string(), z.looseObject({})]),
    sandbox: z.looseObject({ mode: z.string() }),
    shell: z.string(),
  })
);

/** The first line; undefined when it names no thread. */
export function parseMeta(payload: unknown): ThreadMeta | undefined {
  const { success, data } = Meta.safeParse(payload);
  if (!success) return undefined;
  return {
    id: data.id,
    createdAt: data.timestamp,
    cwd: data.cwd,
    program: data.originator,
    version: data.cli_version,
    source: parseSource(data.source),
    provider: data.model_provider,
    instructions: data.base_instructions.text,
    ...(data.forked_from_id !== undefined &&
      { forkedFrom: data.forked_from_id }),
  };
}

/**
 * Usage of the last request and of the whole thread, where a line has them. Read by hand:
 * there is such a line for each request, and a long session is opened while the user waits.
 */
export function parseUsage(
  payload: JsonObject,
): { readonly last: Usage | undefined; readonly total: Usage | undefined } {
  const info = asObject(payload["info"]);
  return {
    last: toUsage(asObject(info?.["last_token_usage"])),
    total: toUsage(asObject(info?.["total_token_usage"])),
  };
}

/** What lines before a compaction amount to once their items are gone. JSON. */
export interface Carried {
  readonly generation: number;
  readonly usage: Usage;
  readonly settings: TurnSettings | undefined;
  readonly isPlanning: boolean;
  readonly provider: string | undefined;
  readonly name: string | undefined;
  readonly isInTurn: boolean;
}

/** What a compaction of ours says of the lines before it. */
export interface Before {
  readonly lines: number;
  /** Of all payloads that they refer to. */
  readonly payloadBytes: number;
  readonly carried: Carried;
}

/** Undefined for what is none. Our line's checksum vouches for the rest of its form. */
export function parseBefore(json: string | undefined): Before | undefined {
  const before = json === undefined ? undefined : parseJsonObject(json);
  return asObject(before?.["carried"]) && before as unknown as Before;
}

/** Settings of a turn; of a Codex turn as far as it tells them. */
export function parseSettings(payload: JsonObject): TurnSettings | undefined {
  const own = payload["settings"];
  if (own === undefined) return parseCodexSettings(payload);
  // The value itself, not zod's copy: members stay in their order.
  return OwnSettings.safeParse(own).success
    ? own as unknown as TurnSettings
    : undefined;
}

/** A payload of a foreign log without what that program adds to items for itself. */
export function plainPayload(type: string, payload: string): string {
  if (type === "response_item") return plainItem(payload);
  if (type !== "compacted") return payload;
  const span = jsonSpans(payload)?.find(({ key }) =>
    key === "replacement_history"
  );
  if (span === undefined || payload[span.start] !== "[") return payload;
  const items = jsonElements(payload.slice(span.start, span.end));
  return payload.slice(0, span.start) +
    `[${items.map(plainItem).join(",")}]` + payload.slice(span.end);
}

/** Whether a text is what the user typed. */
export function isTyped(text: string): boolean {
  return typedText(JSON.parse(text) as WireItem) !== undefined;
}

/** The summary in the line of a compaction, as an item; undefined when it has none. */
export function summaryItem(payload: string): string | undefined {
  const message = asObject(JSON.parse(payload))?.["message"];
  return typeof message === "string" && message !== ""
    ? JSON.stringify(textMessage("user", message))
    : undefined;
}

function plainItem(text: string): string {
  return withoutJsonMember(text, "internal_chat_message_metadata_passthrough");
}

function parseSource(source: string): ThreadMeta["source"] {
  if (source === "mcp") return "mcp";
  return source === "exec" ? "exec" : "repl";
}

function toUsage(words: JsonObject | undefined): Usage | undefined {
  if (words === undefined) return undefined;
  return {
    inputTokens: count(words["input_tokens"]),
    cachedInputTokens: count(words["cached_input_tokens"]),
    cacheWriteInputTokens: count(words["cache_write_input_tokens"]),
    outputTokens: count(words["output_tokens"]),
    reasoningOutputTokens: count(words["reasoning_output_tokens"]),
    totalTokens: count(words["total_tokens"]),
  };
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

// The model's figures are not in the file; `known: false` says that these are a guess.
function parseCodexSettings(payload: JsonObject): TurnSettings | undefined {
  const { success, data } = TurnContext.safeParse(payload);
  if (!success) return undefined;
  const approval: ApprovalPolicy = data.approval_policy;
  return {
    model: {
      slug: data.model,
      known: false,
      contextWindow: 272_000,
      autoCompactLimit: 244_800,
      supportsReasoning: true,
      supportsImages: true,
      supportsVerbosity: true,
      parallelToolCalls: true,
      applyPatch: "freeform",
      toolOutputTokens: 10_000,
    },
    ...(data.collaboration_mode?.mode === "plan" && { mode: "plan" }),
    ...(data.effort !== undefined && { reasoningEffort: data.effort }),
    cwd: data.cwd,
    approval,
    sandbox: parseSandbox(data.sandbox_policy),
    shell: "bash",
  };
}

function parseSandbox(policy: z.infer<typeof Sandbox>): SandboxPolicy {
  const networkAccess = policy.network_access === true ||
    policy.network_access === "enabled";
  switch (policy.type ?? policy.mode) {
    case "danger-full-access":
      return { mode: "danger-full-access" };
    case "external-sandbox":
      return { mode: "external-sandbox", networkAccess };
    case "workspace-write":
      return {
        mode: "workspace-write",
        writableRoots: policy.writable_roots,
        networkAccess,
        excludeTmpdirEnvVar: policy.exclude_tmpdir_env_var,
        excludeSlashTmp: policy.exclude_slash_tmp,
        gitCommits: false,
        allowUnixSockets: false,
        denyRead: [],
      };
    default:
      return { mode: "read-only", networkAccess, denyRead: [] };
  }
}
