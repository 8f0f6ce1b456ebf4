/** What a hook says: its exit code and its output as a verdict, and many verdicts as one. Pure. */
import * as z from "zod/mini";
import {
  type HookEventName,
  type HookVerdict,
  NO_VERDICT,
} from "../../protocol/hooks.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Decision } from "../../protocol/policy.ts";
import { headBytes } from "../../util/text/text.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import type { ProgramResult } from "./run_program.ts";
import { parseJson } from "../../util/json/json.ts";

const Text = z.optional(z.string());
const GivenDecision = z.lazy(() =>
  z.looseObject({
    behavior: Text,
    message: Text,
    interrupt: z.optional(z.boolean()),
  })
);
const Output = z.lazy(() =>
  z.looseObject({
    continue: z.optional(z.boolean()),
    stopReason: Text,
    systemMessage: Text,
    decision: Text,
    reason: Text,
    hookSpecificOutput: z.optional(z.looseObject({
      additionalContext: Text,
      permissionDecision: Text,
      permissionDecisionReason: Text,
      decision: z.optional(GivenDecision),
    })),
  })
);

const NO_REASON = "a hook refused it without a reason";

/** The exit code that says no. */
const BLOCKED = 2;

/** Events whose plain output is for the model. */
const TELLS_MODEL: readonly HookEventName[] = [
  "SessionStart",
  "UserPromptSubmit",
];

/** What a hook that has ended says. */
export function parseHookOutput(
  name: HookEventName,
  command: string,
  result: ProgramResult,
): HookVerdict {
  const { exitCode, stdout, stderr, stopped } = result;
  const what = `Hook ${name} (${visibleLine(command, 60)})`;
  if (stopped !== undefined) {
    return note(`${what} did not finish in time and was stopped`);
  }
  if (exitCode === BLOCKED) return blocked(name, stderr.trim() || NO_REASON);
  if (exitCode !== 0) {
    const why = visibleLine(stderr, 200);
    return note(
      `${what} ended with ${exitCode}${why === "" ? "" : `: ${why}`}`,
    );
  }
  const text = stdout.trim();
  if (!text.startsWith("{")) {
    return text !== "" && TELLS_MODEL.includes(name)
      ? { ...NO_VERDICT, context: [bounded(text)] }
      : NO_VERDICT;
  }
  const parsed = Output.safeParse(parseJson(text));
  if (!parsed.success) return note(`${what} wrote an answer that is not valid`);
  return parseOutput(name, parsed.data);
}

/** All verdicts as one, in the order of the hooks: the first no is the answer. */
export function joinVerdicts(verdicts: readonly HookVerdict[]): HookVerdict {
  const first = <K extends keyof HookVerdict>(key: K): HookVerdict[K] =>
    verdicts.find((one) => one[key] !== undefined)?.[key] as HookVerdict[K];
  const block = first("block");
  const stop = first("stop");
  const decision = verdicts.find((one) =>
    one.decision?.type === "deny" ||
    one.decision?.type === "abort"
  )?.decision ?? first("decision");
  return {
    ...(block === undefined ? {} : { block }),
    ...(stop === undefined ? {} : { stop }),
    ...(decision === undefined ? {} : { decision }),
    context: verdicts.flatMap((one) => one.context),
    messages: verdicts.flatMap((one) => one.messages),
  };
}

function parseOutput(
  name: HookEventName,
  output: z.infer<typeof Output>,
): HookVerdict {
  const specific = output.hookSpecificOutput ?? {};
  const context = specific.additionalContext?.trim() ?? "";
  const messages = output.systemMessage === undefined
    ? []
    : [output.systemMessage];
  const isRefused = output.decision === "block" ||
    specific.permissionDecision === "deny";
  const reason = specific.permissionDecisionReason ?? output.reason ??
    NO_REASON;
  const decision = name === "PermissionRequest"
    ? parseDecision(specific.decision)
    : undefined;
  return {
    ...(isRefused ? blocked(name, reason) : {}),
    ...(output.continue === false
      ? { stop: bounded(output.stopReason ?? "a hook ended the turn") }
      : {}),
    ...(decision === undefined ? {} : { decision }),
    context: context === "" ? [] : [bounded(context)],
    messages,
  };
}

function parseDecision(
  given: z.infer<typeof GivenDecision> | undefined,
): Decision | undefined {
  if (given?.behavior === "allow") return { type: "approve" };
  if (given?.behavior !== "deny") return undefined;
  if (given.interrupt) return { type: "abort" };
  return {
    type: "deny",
    ...(given.message === undefined ? {} : { message: bounded(given.message) }),
  };
}

function blocked(name: HookEventName, reason: string): HookVerdict {
  const block = bounded(reason);
  return name === "PermissionRequest"
    ? { ...NO_VERDICT, decision: { type: "deny", message: block } }
    : { ...NO_VERDICT, block };
}

function note(message: string): HookVerdict {
  return { ...NO_VERDICT, messages: [message] };
}

function bounded(text: string): string {
  return headBytes(text, LIMITS.hookContextBytes);
}
