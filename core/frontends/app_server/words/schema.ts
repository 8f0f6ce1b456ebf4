/** What clients send, as far as it is used here; other members are passed over. */
import * as z from "zod/mini";
import { GranularApproval } from "../../../protocol/policy.ts";

const Text = z.string();
const OptText = z.nullish(z.string());
const OptFlag = z.nullish(z.boolean());
const OptCount = z.nullish(z.int().check(z.gte(0)));

const Approval = z.union([
  z.enum(["untrusted", "on-failure", "on-request", "never"]),
  z.object({ granular: GranularApproval }),
]);

export const InitializeParams = z.looseObject({
  clientInfo: z.looseObject({ name: Text, version: Text }),
  capabilities: z.nullish(z.looseObject({
    experimentalApi: OptFlag,
    optOutNotificationMethods: z.nullish(z.array(Text)),
  })),
});

const ThreadSettings = {
  model: OptText,
  modelProvider: OptText,
  serviceTier: OptText,
  cwd: OptText,
  approvalPolicy: z.nullish(Approval),
  sandbox: z.nullish(
    z.enum(["read-only", "workspace-write", "danger-full-access"]),
  ),
  permissions: OptText,
  config: z.nullish(z.record(z.string(), z.unknown())),
  baseInstructions: OptText,
  developerInstructions: OptText,
};

export const ThreadStartParams = z.looseObject({
  ...ThreadSettings,
  dynamicTools: z.nullish(z.array(z.unknown())),
  ephemeral: OptFlag,
});
/** The settings of a thread that is opened. */
export type ThreadSetup = z.infer<typeof ThreadStartParams>;

export const ThreadResumeParams = z.looseObject({
  ...ThreadSettings,
  threadId: Text,
  path: OptText,
  excludeTurns: OptFlag,
});

export const ThreadForkParams = z.looseObject({
  ...ThreadSettings,
  threadId: Text,
  path: OptText,
  ephemeral: OptFlag,
  lastTurnId: OptText,
  beforeTurnId: OptText,
  excludeTurns: OptFlag,
});

export const ThreadParams = z.looseObject({ threadId: Text });

export const ThreadReadParams = z.looseObject({
  threadId: Text,
  includeTurns: OptFlag,
});

export const ThreadNameParams = z.looseObject({ threadId: Text, name: Text });

export const ThreadRollbackParams = z.looseObject({
  threadId: Text,
  numTurns: z.int().check(z.gte(1)),
});

export const ThreadRevertParams = z.looseObject({
  threadId: Text,
  beforeTurnId: Text,
});

export const PageParams = z.looseObject({
  cursor: OptText,
  limit: OptCount,
});

export const ThreadListParams = z.looseObject({
  ...PageParams.shape,
  sortKey: OptText,
  sortDirection: z.nullish(z.enum(["asc", "desc"])),
  modelProviders: z.nullish(z.array(Text)),
  archived: OptFlag,
  cwd: z.nullish(z.union([Text, z.array(Text)])),
  searchTerm: OptText,
  includedThreadIds: z.nullish(z.array(Text)),
  excludedThreadIds: z.nullish(z.array(Text)),
});
export type ThreadListParams = z.infer<typeof ThreadListParams>;

export const ThreadPageParams = z.looseObject({
  ...PageParams.shape,
  threadId: Text,
  turnId: OptText,
  sortDirection: z.nullish(z.enum(["asc", "desc"])),
});
