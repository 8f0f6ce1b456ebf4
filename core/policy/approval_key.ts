/** What "the same thing again" means: keys of approvals that last for a session. */
import type { Action } from "../protocol/policy.ts";
import { unreachable } from "../util/assert.ts";
import { quoteWords } from "./shell/quote.ts";
import { type Split, splitCommand } from "./shell/split.ts";

/** One thing that was approved for the session. */
interface Approval {
  readonly key: string;
  /** For the person who is asked. */
  readonly label: string;
}

/**
 * The approvals an action needs, all of them. A command's is the same with or without
 * `cd DIR &&`, harmless variables, wrappers and the shell around it; a patch has one
 * per file. What is approved in the sandbox is not approved outside it.
 */
export function approvalsFor(
  action: Action,
  options: {
    readonly sandboxed: boolean;
    /** Of a patch that leaves the sandbox: the files that do; absent, all. */
    readonly outside?: readonly string[];
  },
): readonly Approval[] {
  const where = options.sandboxed ? "" : ", outside the sandbox";
  const place = options.sandboxed ? "in" : "out";
  switch (action.type) {
    case "command": {
      const split = splitCommand(action.argv, action.cwd);
      const { session } = action;
      const into = session === undefined ? [] : [session];
      const words = [...commandKey(split), ...into];
      const typed = session === undefined ? "" : `, typed into ${session}`;
      return [{
        key: JSON.stringify(["command", place, ...words]),
        label: `${commandLabel(split)} in ${split.cwd}${where}${typed}`,
      }];
    }
    case "patch":
      return action.paths.map((path) => {
        const stays = options.outside?.includes(path) === false;
        return {
          key: JSON.stringify(["patch", stays ? "in" : place, path]),
          label: `changes of ${path}${stays ? "" : where}`,
        };
      });
    default:
      return unreachable(action);
  }
}

/** What "for this session" would remember, in one sentence for the person. */
export function describeScope(
  action: Action,
  options: Parameters<typeof approvalsFor>[1],
): string {
  const labels = approvalsFor(action, options).map(({ label }) => label);
  return `Until this session ends: ${labels.join("; ")}`;
}

// A script that could not be taken apart is only ever the same when its text is.
function commandKey(split: Split): readonly unknown[] {
  const words = split.segments.map((segment) => segment.core);
  return split.kind === "plain" || split.kind === "argv"
    ? [split.cwd, words, split.joiners]
    : [split.cwd, split.kind, words, split.script];
}

function commandLabel(split: Split): string {
  const parts = split.segments.map((segment) => quoteWords(segment.core));
  const text = parts.map((part, at) =>
    at === 0 ? part : `${split.joiners[at - 1] ?? ";"} ${part}`
  ).join(" ");
  return split.kind === "heredoc" ? `${text} with exactly this input` : text;
}
