/** One line of advice for the model when the sandbox is why a command failed. */
import type { CommandResult } from "../../core/protocol/command.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import {
  approvalName,
  isSandboxed,
  mayEscalate,
} from "../../core/policy/decide.ts";
import { saysNoNetwork } from "../gate/missing.ts";

/** Hints for a result; none when it succeeded or no sandbox was in the way. */
export function buildHints(
  result: CommandResult,
  settings: TurnSettings,
): readonly string[] {
  const { sandbox } = settings;
  if (result.exitCode === 0 || result.backend === "none") return [];
  if (!isSandboxed(sandbox)) return [];
  const cause = causeOf(result, settings);
  if (cause === undefined) return [];
  const way = mayEscalate(settings.approval)
    ? `if it matters, call again with "sandbox_permissions": "require_escalated" and a "justification"`
    : `the approval policy "${
      approvalName(settings.approval)
    }" allows no way around it`;
  return [`${cause}; ${way}.`];
}

function causeOf(
  { output, denied }: CommandResult,
  { sandbox }: TurnSettings,
): string | undefined {
  const offline = isSandboxed(sandbox) &&
    sandbox.mode !== "danger-full-access" &&
    !sandbox.networkAccess;
  if (offline && saysNoNetwork(output.tail || output.head)) {
    return "network access is off in the sandbox, which is probably why this failed";
  }
  return denied
    ? `the ${sandbox.mode} sandbox probably stopped this`
    : undefined;
}
