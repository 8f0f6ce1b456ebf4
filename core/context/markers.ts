/** Short context messages between turns: what happened without the model. */
import { TURN_ABORTED } from "../../prompts/mod.ts";
import { textMessage, type WireItem } from "../protocol/item.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Op } from "../protocol/op.ts";
import { unreachable } from "../util/assert.ts";
import { contextMessage, wrapTag } from "./format/tags.ts";
import { cutMiddle } from "./format/text.ts";

/** Follows a turn that the user interrupted. */
export function turnAbortedItem(): WireItem {
  return contextMessage("turn_aborted", TURN_ABORTED);
}

/** A command that the user ran, with its output. */
export function userShellItem(
  op: Omit<Extract<Op, { type: "user.shell" }>, "type">,
  options: { readonly outputTokens?: number } = {},
): WireItem {
  const tokens = options.outputTokens ?? LIMITS.toolOutputTokens;
  const result = [
    `Exit code: ${op.exitCode}`,
    `Duration: ${(op.durationMs / 1000).toFixed(1)} seconds`,
    "Output:",
    cutMiddle(op.output.trimEnd(), tokens * 4),
  ].join("\n");
  const body =
    `<command>\n${op.command}\n</command>\n<result>\n${result}\n</result>`;
  return contextMessage("user_shell_command", body);
}

/** Says how commands ended that ran on after their call. */
export function commandsEndedItem(texts: readonly string[]): WireItem {
  return contextMessage("command_ended", texts.join("\n\n"));
}

/** Says that the command which decides whether a run is done did not pass. */
export function checkFailedItem(
  check: {
    readonly command: string;
    readonly round: number;
    readonly roundsMax: number;
    readonly exitCode: number | null;
    readonly durationMs: number;
    /** Its output, cut, with what is to be known of it. */
    readonly told: string;
    /** Nothing has become different since the check before. */
    readonly isStuck: boolean;
  },
): WireItem {
  const { command, round, roundsMax, exitCode, told } = check;
  const seconds = (check.durationMs / 1000).toFixed(1);
  const ended = exitCode === null
    ? "could not be run"
    : `ended with exit code ${exitCode} after ${seconds} seconds`;
  return contextMessage(
    "check_failed",
    [
      `This task is not done: it is done when a command of the user passes, and after your answer that command ${ended} (round ${round} of ${roundsMax}).`,
      ...check.isStuck
        ? [
          "Since the round before no file has changed and it said the same: do something else.",
        ]
        : [],
      `<command>\n${command}\n</command>`,
      "<result>",
      `${told.trimEnd()}\n</result>`,
      "Find out why and mend it. The command runs again after your next answer; you cannot change it.",
    ].join("\n"),
  );
}

/** What a hook adds for the model to know. */
export function hookContextItem(text: string): WireItem {
  return contextMessage("hook_context", text.trim());
}

export type LimitKind = "requests" | "tokens" | "tool_calls" | "time" | "cost";

/** Says once that a limit of the run is near, while there is still room to finish. */
export function limitNoticeItem(
  kind: LimitKind,
  amounts: { readonly used: number; readonly max: number },
): WireItem {
  const used = amountText(kind, amounts.used);
  const max = amountText(kind, amounts.max);
  const text =
    `This run may use at most ${max} and has used ${used}: finish what matters most, leave the files in a working state, and give your final message before the limit ends the run.`;
  return textMessage("developer", wrapTag("limit_notice", text));
}

/** Says that the same steps were made again and again. */
export function loopNoticeItem(
  { what, rounds, isFailed }: {
    readonly what: string;
    readonly rounds: number;
    readonly isFailed: boolean;
  },
): WireItem {
  const text = isFailed
    ? `${what} has failed ${rounds} times in a row and will fail again: read the error, try another way, or say in your final message what is in the way.`
    : `${what} has had the same result ${rounds} times in a row: do something else, or give your final message.`;
  return textMessage("developer", wrapTag("loop_notice", text));
}

function amountText(kind: LimitKind, amount: number): string {
  switch (kind) {
    case "requests":
      return `${amount} requests`;
    case "tokens":
      return `${amount} tokens`;
    case "tool_calls":
      return `${amount} tool calls`;
    case "time":
      return `${Math.round(amount / 1000)} seconds`;
    case "cost":
      return `${amount.toFixed(2)} in costs`;
    default:
      return unreachable(kind);
  }
}
