/** A yes for good: its rules go to their file, or hold until the session ends. */
import { errorText } from "../../core/protocol/error.ts";
import type { Decision } from "../../core/protocol/policy.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import type { Approval } from "../../core/policy/approval_key.ts";
import { isBannedPrefix } from "../../core/policy/propose.ts";
import type { ApprovalMemory } from "./approval_memory.ts";
import type { RuleStore } from "./rule_store.ts";

/** Saves what was chosen, one rule for each prefix; never fails, but warns. */
export async function saveRules(
  { prefix, also = [], sandbox }: Extract<
    Decision,
    { readonly type: "approve_prefix" }
  >,
  { rules, memory, context, approvals }: {
    readonly rules: Pick<RuleStore, "save">;
    readonly memory: ApprovalMemory;
    readonly context: ToolContext;
    /** What this command would be remembered by. */
    readonly approvals: readonly Approval[];
  },
): Promise<void> {
  for (const one of [prefix, ...also]) {
    const text = one.join(" ");
    if (isBannedPrefix(one)) {
      context.warn(
        `The rule "${text}" would allow everything: approved once, not saved`,
      );
      continue;
    }
    try {
      await rules.save(one, sandbox);
    } catch (error) {
      context.warn(
        `${errorText(error)}; "${text}" is approved until this session ends`,
      );
      memory.add(context.threadId, approvals);
    }
  }
}
