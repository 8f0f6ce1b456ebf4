/** What clients send about turns, and how they answer; other members are passed over. */
import * as z from "zod/mini";
import { GranularApproval } from "../../../protocol/policy.ts";

const Text = z.string();
const OptText = z.nullish(z.string());

const Approval = z.union([
  z.enum(["untrusted", "on-failure", "on-request", "never"]),
  z.object({ granular: GranularApproval }),
]);

const Sandbox = z.discriminatedUnion("type", [
  z.object({ type: z.literal("dangerFullAccess") }),
  z.object({
    type: z.literal("readOnly"),
    networkAccess: z._default(z.boolean(), false),
  }),
  z.object({
    type: z.literal("externalSandbox"),
    networkAccess: z._default(z.enum(["restricted", "enabled"]), "restricted"),
  }),
  z.object({
    type: z.literal("workspaceWrite"),
    writableRoots: z._default(z.array(Text), []),
    networkAccess: z._default(z.boolean(), false),
    excludeTmpdirEnvVar: z._default(z.boolean(), false),
    excludeSlashTmp: z._default(z.boolean(), false),
  }),
]);
export type SandboxWords = z.infer<typeof Sandbox>;

/** A part of a message. */
export const UserInput = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: Text }),
  z.looseObject({ type: z.literal("image"), url: Text }),
  z.looseObject({ type: z.literal("localImage"), path: Text }),
  z.looseObject({ type: z.literal("skill"), name: Text, path: Text }),
  z.looseObject({ type: z.literal("mention"), name: Text, path: Text }),
]);
export type UserInput = z.infer<typeof UserInput>;

const Turn = {
  threadId: Text,
  input: z.array(UserInput),
  clientUserMessageId: OptText,
};

/** Says model and effort as well, over those beside it. */
const CollaborationMode = z.looseObject({
  mode: z.enum(["plan", "default"]),
  settings: z.looseObject({
    model: Text,
    reasoning_effort: OptText,
    developer_instructions: OptText,
  }),
});

/** Settings that hold from the next turn on. */
const Changes = {
  cwd: OptText,
  approvalPolicy: z.nullish(Approval),
  sandboxPolicy: z.nullish(Sandbox),
  permissions: OptText,
  model: OptText,
  serviceTier: OptText,
  effort: OptText,
  summary: z.nullish(z.enum(["auto", "concise", "detailed", "none"])),
  collaborationMode: z.nullish(CollaborationMode),
};
const SettingsChanges = z.looseObject(Changes);
export type SettingsChanges = z.infer<typeof SettingsChanges>;

export const TurnStartParams = z.looseObject({
  ...Turn,
  ...Changes,
  outputSchema: z.nullish(z.record(z.string(), z.json())),
});

export const ThreadSettingsParams = z.looseObject({
  threadId: Text,
  ...Changes,
});

export const TurnSteerParams = z.looseObject({
  ...Turn,
  expectedTurnId: Text,
});

export const TurnInterruptParams = z.looseObject({
  threadId: Text,
  turnId: Text,
});

export const ReviewParams = z.looseObject({
  threadId: Text,
  delivery: z.nullish(z.literal("inline")),
  target: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("uncommittedChanges") }),
    z.looseObject({ type: z.literal("baseBranch"), branch: Text }),
    z.looseObject({ type: z.literal("commit"), sha: Text, title: OptText }),
    z.looseObject({ type: z.literal("custom"), instructions: Text }),
  ]),
});
export type ReviewWords = z.infer<typeof ReviewParams>["target"];

/** Answers to our own requests. */
export const CommandAnswer = z.looseObject({
  decision: z.union([
    z.enum(["accept", "acceptForSession", "decline", "cancel"]),
    z.looseObject({
      acceptWithExecpolicyAmendment: z.looseObject({
        execpolicy_amendment: z.array(Text).check(z.minLength(1)),
      }),
    }),
  ]),
});

export const ElicitationAnswer = z.looseObject({
  action: z.enum(["accept", "decline", "cancel"]),
  content: z.optional(z.unknown()),
  _meta: z.nullish(z.looseObject({ persist: OptText })),
});
