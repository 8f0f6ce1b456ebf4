/** What commands print with `--json`, beside exec and policy: one JSON value each. */
import * as z from "zod/mini";
import type { DeepReadonly } from "../util/json/json.ts";
import { BatchStatus } from "./batch.ts";
import { PolicyReport } from "./policy_report.ts";

const Text = z.string();
const Flag = z.boolean();
const Count = z.int();
const Open = z.looseObject({});

const Session = z.object({
  id: Text,
  name: z.optional(Text),
  title: Text,
  cwd: Text,
  createdAt: Text,
  updatedAt: Text,
  path: Text,
  sizeBytes: Count,
  isArchived: Flag,
  provider: Text,
  program: Text,
  version: Text,
});

const SessionMeta = z.object({
  id: Text,
  createdAt: Text,
  cwd: Text,
  program: Text,
  version: Text,
  source: z.enum(["exec", "repl", "mcp"]),
  provider: Text,
  instructions: Text,
  forkedFrom: z.optional(Text),
});

const SessionEntry = z.object({
  line: Count.check(z.describe("Of the log")),
  at: Text,
  kind: z.enum([
    "user",
    "assistant",
    "context",
    "reasoning",
    "call",
    "output",
    "other",
    "compacted",
    "rolled_back",
    "turn_end",
  ]),
  name: Text.check(z.describe("The tool of a call, else empty")),
  text: Text,
  isDropped: Flag.check(z.describe("No longer in the prompt")),
});

const Usage = z.object({
  inputTokens: Count,
  cachedInputTokens: Count,
  cacheWriteInputTokens: Count,
  outputTokens: Count,
  reasoningOutputTokens: Count,
  totalTokens: Count,
});

/** Fields as Codex names them, so that programs that read its list read ours. */
const ServerView = z.object({
  name: Text,
  enabled: Flag,
  required: Flag,
  source: Text,
  transport: z.looseObject({ type: z.enum(["stdio", "streamable_http"]) }),
  enabled_tools: z.nullable(z.array(Text)),
  disabled_tools: z.array(Text),
  startup_timeout_sec: z.number(),
  tool_timeout_sec: z.number(),
  auth_status: z.enum(["unsupported", "bearer_token", "oauth", "none"]),
});

export type ServerView = DeepReadonly<z.infer<typeof ServerView>>;

const SessionListing = z.object({
  sessions: z.array(Session),
  cwd: z.optional(Text),
  elsewhere: Count.check(z.describe("Passed over: of other folders")),
  more: Count.check(z.describe("Older files that were not looked at")),
});
export type SessionListing = DeepReadonly<z.infer<typeof SessionListing>>;

const SessionView = z.object({
  path: Text,
  meta: z.optional(SessionMeta),
  name: z.optional(Text),
  entries: z.array(SessionEntry),
  problems: z.array(Text),
});
export type SessionView = DeepReadonly<z.infer<typeof SessionView>>;

const SearchResult = z.object({
  hits: z.array(
    z.object({ session: Session, line: Count, snippet: Text }),
  ),
  sessionsSearched: Count,
  elsewhere: Count,
});
export type SearchResult = DeepReadonly<z.infer<typeof SearchResult>>;

const SessionCheck = z.object({
  path: Text,
  id: Text,
  sizeBytes: Count,
  lines: Count,
  protectedLines: Count.check(z.describe("Those that a checksum covers")),
  items: Count.check(z.describe("Of the present history")),
  generation: Count.check(
    z.describe("How often it was compacted or rolled back"),
  ),
  openCalls: Count,
  unfinishedTurn: Flag,
  payloads: Count.check(z.describe("Large ones beside the log")),
  payloadBytes: Count,
  problems: z.array(Text),
});
export type SessionCheck = DeepReadonly<z.infer<typeof SessionCheck>>;

const PruneReport = z.object({
  removed: z.array(z.object({ path: Text, sizeBytes: Count })),
  inUse: z.array(Text).check(z.describe("Old ones that are open for writing")),
  checkpointBytes: Count.check(z.describe("Given back by files kept for undo")),
  payloadBytes: Count.check(
    z.describe("Given back by payloads that no session refers to any more"),
  ),
  dryRun: Flag,
});
export type PruneReport = DeepReadonly<z.infer<typeof PruneReport>>;

const CacheRow = z.object({
  request: Count,
  at: Text,
  inputItems: Count,
  usage: z.nullable(Usage),
  cause: Text.check(
    z.describe("Why less was cached than could be, or what happened before"),
  ),
});
export type CacheRow = DeepReadonly<z.infer<typeof CacheRow>>;

const ServerCheck = z.object({
  name: Text,
  server: Text.check(z.describe("Name and version as it gives them")),
  connect_ms: z.number(),
  list_ms: z.number(),
  tools: z.array(z.object({ name: Text, on: Flag })),
  prompts: z.array(Text),
  resources: z.array(Text),
  problem: z.nullable(Text).check(z.describe("Why it is of no use")),
});
export type ServerCheck = DeepReadonly<z.infer<typeof ServerCheck>>;

const Fate = z.enum(["works", "ignored", "refused"]);

/** By the topic of `rondo schema`, then by command. */
export const REPORTS: Readonly<
  Record<string, Readonly<Record<string, z.core.$ZodType>>>
> = {
  policy: {
    "policy explain|test|lint|rules": PolicyReport,
  },
  sessions: {
    "sessions list": SessionListing,
    "sessions show": SessionView,
    "sessions search": SearchResult,
    "sessions verify": SessionCheck,
    "sessions prune": PruneReport,
    "sessions cache": z.array(CacheRow),
  },
  batch: {
    "batch status": BatchStatus,
  },
  mcp: {
    "mcp list": z.array(ServerView),
    "mcp get": ServerView,
    "mcp test": ServerCheck,
  },
  doctor: {
    "doctor": z.object({
      program: Text,
      version: Text,
      runtime: Open,
      os: Text,
      arch: Text,
      uid: z.nullable(Count),
      ok: Flag,
      exit_code: Count.check(z.describe("What a turn would end with")),
      checks: z.array(
        z.looseObject({
          name: Text,
          status: z.enum(["ok", "warning", "failed"]),
          summary: Text,
        }),
      ),
    }),
    "doctor provider": z.object({
      provider: Text,
      base_url: Text,
      model: Text,
      wire_api: z.enum(["responses", "chat"]),
      reached: Flag,
      requests: Count,
      duration_ms: Count,
      findings: z.array(z.object({
        name: Text,
        verdict: z.enum(["supported", "not_supported", "unknown"]).check(
          z.describe("unknown: it could not be found out"),
        ),
        detail: Text,
      })),
      context_window: z.nullable(Count),
      settings: z.record(Text, z.union([Text, Flag])).check(
        z.describe("Of [model_providers.NAME], as far as they are certain"),
      ),
      written: z.nullable(Text).check(z.describe("The file")),
      problem: z.nullable(Text).check(z.describe("Why nothing was asked")),
    }),
  },
  trust: {
    "trust [--show]": z.object({
      folder: Text,
      level: z.nullable(z.enum(["trusted", "untrusted"])),
      files: z.array(z.object({
        file: Text,
        decision: z.nullable(Text),
        sha256: Text,
        asks: z.array(Text),
      })),
      warnings: z.array(Text),
    }),
    "trust --yes|--revoke": z.object({ done: z.array(Text) }),
  },
  login: {
    "login status": z.object({ isReady: Flag, text: Text }),
  },
  explain: {
    "config explain": z.array(z.object({
      key: Text,
      value: z.nullable(Text).check(
        z.describe("As TOML on one line; secrets as ***"),
      ),
      origin: z.object({
        layer: Text,
        file: z.optional(Text),
        line: z.optional(Count),
      }),
      fate: Fate,
      description: z.optional(Text),
    })),
  },
  features: {
    "features list": z.array(
      z.object({ name: Text, enabled: Flag, fate: Fate }),
    ),
  },
};
