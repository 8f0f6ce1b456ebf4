/** A yes for good: its rules go to their file, or hold until the session ends. */
import { errorText } from "../../core/protocol/error.ts";
import type { Decision } from "../../core/protocol/policy.ts";
import { isBannedPrefix } from "../../core/policy/propose.ts";
import type { RuleStore } from "./rule_store.ts";

/** Saves what was chosen, one rule for each prefix; never fails, but warns. */
export async function saveRules(
  { prefix, also = [], sandbox }: Extract<
    Decision,
    { readonly type: "approve_prefix" }
  >,
  { rules, warn, remember }: {
    readonly rules: Pick<RuleStore, "save">;
    readonly warn: (message: string) => void;
    /** Keeps the approval of this command until the session ends. */
    readonly remember: () => void;
  },
): Promise<void> {
  for (const one of [prefix, ...also]) {
    const text = one.join(" ");
    if (isBannedPrefix(one)) {
      warn(
        `The rule "${text}" would allow everything: approved once, not saved`,
      );
      continue;
    }
    try {
      await rules.save(one, sandbox);
    } catch (error) {
      warn(
        `${errorText(error)}; "${text}" is approved until this session ends`,
      );
      remember();
    }
  }
}
