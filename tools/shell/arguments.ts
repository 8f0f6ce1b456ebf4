/** The arguments of the shell tool, and the command they ask for. */
import { ToolError } from "../../core/protocol/error.ts";
import type { CallView } from "../../core/protocol/item.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";
import { resolvePath } from "../../core/util/path.ts";
import { parseInput } from "../define/define_tool.ts";
import {
  type Arguments,
  choice,
  flag,
  list,
  optional,
  positive,
  text,
  unoffered,
} from "../define/parameters.ts";

export interface ShellCall {
  readonly argv: readonly string[];
  /** Absolute. */
  readonly workdir: string;
  readonly timeoutMs: number;
  readonly escalated: boolean;
  readonly justification?: string;
  readonly prefixRule?: readonly string[];
}

export const SHELL_PARAMETERS = {
  command: list(text(), "Program and arguments, one string each", {
    empty: false,
  }),
  justification: optional(text(
    "With require_escalated: one short question to the user that says what the command is for",
  )),
  prefix_rule: optional(list(
    text(),
    "With require_escalated: first words of the command that the user could allow once and for all",
  )),
  sandbox_permissions: optional(choice(
    ["use_default", "require_escalated"],
    "require_escalated asks to run outside the sandbox",
  )),
  timeout_ms: optional(positive(
    `Milliseconds after which the command is ended (${LIMITS.commandTimeoutMs} unless given)`,
  )),
  workdir: optional(text(
    "Folder to run in, absolute or relative to the working folder",
  )),
  /** The older name of require_escalated. */
  with_escalated_permissions: unoffered(flag()),
};

/** The arguments of a call as they were given. Throws ToolError. */
export function shellArgumentsOf(call: CallView, shell: string): unknown {
  const given = parseInput(call);
  const object = asObject(given);
  if (call.form === "local_shell") return fromLocalShell(object ?? {});
  const command = object?.["command"];
  if (typeof command !== "string") return given;
  throw new ToolError(
    `Cannot call shell: "command" is a string, must be a list of strings, such as ${
      JSON.stringify({ command: [shell, "-c", command] })
    }`,
  );
}

/** What is to be run. Throws ToolError for a word that no program can be given. */
export function toShellCall(
  args: Arguments<typeof SHELL_PARAMETERS>,
  cwd: string,
): ShellCall {
  if (args.command.some((word) => word.includes("\0"))) {
    throw new ToolError(
      'Cannot call shell: "command" contains a NUL character, must be text',
    );
  }
  return {
    argv: args.command,
    workdir: resolvePath(cwd, args.workdir || "."),
    timeoutMs: Math.min(
      Math.ceil(args.timeout_ms ?? LIMITS.commandTimeoutMs),
      LIMITS.commandTimeoutMaxMs,
    ),
    escalated: args.sandbox_permissions === "require_escalated" ||
      args.with_escalated_permissions === true,
    ...(args.justification === undefined
      ? {}
      : { justification: args.justification }),
    ...(args.prefix_rule === undefined ? {} : { prefixRule: args.prefix_rule }),
  };
}

// The hosted form calls the same things otherwise.
function fromLocalShell(action: JsonObject): JsonObject {
  return {
    command: action["command"] ?? null,
    workdir: action["working_directory"] ?? null,
    timeout_ms: action["timeout_ms"] ?? null,
  };
}
