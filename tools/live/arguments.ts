/** The arguments of exec_command and write_stdin, and what they ask for. */
import { ToolError } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { resolvePath } from "../../core/util/path.ts";
import {
  type Arguments,
  choice,
  flag,
  list,
  optional,
  positive,
  text,
} from "../define/parameters.ts";

const { start, min, max } = LIMITS.yieldMs;

export const EXEC_PARAMETERS = {
  cmd: text("Command line for the shell", { empty: false }),
  justification: optional(text(
    "With require_escalated: one short question to the user that says what the command is for",
  )),
  login: optional(flag(
    "Whether the shell reads the profile first (default false: the variables are the user's own)",
  )),
  max_output_tokens: optional(positive(
    `Most tokens of output to return (default ${LIMITS.toolOutputTokens})`,
  )),
  prefix_rule: optional(list(
    text(),
    "With require_escalated: first words of the command that the user could allow once and for all",
  )),
  sandbox_permissions: optional(choice(
    ["use_default", "require_escalated"],
    "require_escalated asks to run outside the sandbox",
  )),
  shell: optional(
    text("Shell to use (default: the user's bash, zsh or sh, else /bin/sh)"),
  ),
  tty: optional(flag("Whether it gets a terminal (default false)")),
  workdir: optional(text(
    "Folder to run in, absolute or relative to the working folder",
  )),
  yield_time_ms: optional(positive(
    `Milliseconds to wait for its end (default ${start}, from ${min} to ${max})`,
  )),
};

export const STDIN_PARAMETERS = {
  chars: optional(text("What to type; nothing only reads")),
  max_output_tokens: EXEC_PARAMETERS.max_output_tokens,
  session_id: positive("Session that exec_command named"),
  yield_time_ms: optional(positive(
    `Milliseconds to wait (default ${LIMITS.yieldMs.input}, at most ${max}; without chars from ${LIMITS.pollMs.min} to ${LIMITS.pollMs.max})`,
  )),
};

export interface ExecCall {
  readonly argv: readonly string[];
  /** As the model wrote it. */
  readonly script: string;
  /** Absolute. */
  readonly workdir: string;
  readonly hasTerminal: boolean;
  readonly yieldMs: number;
  readonly tokensMax: number;
  readonly escalated: boolean;
  readonly justification?: string;
  readonly prefixRule?: readonly string[];
}

/** What is to be run. Throws ToolError for a text that no program can be given. */
export function toExecCall(
  args: Arguments<typeof EXEC_PARAMETERS>,
  place: {
    readonly cwd: string;
    readonly shell: string;
    readonly allowsLogin: boolean;
    readonly tokensMax: number;
  },
): ExecCall {
  if (`${args.cmd}${args.shell ?? ""}`.includes("\0")) {
    throw new ToolError(
      'Cannot call exec_command: "cmd" contains a NUL character, must be text',
    );
  }
  const isLogin = place.allowsLogin && args.login === true;
  return {
    argv: [args.shell || place.shell, isLogin ? "-lc" : "-c", args.cmd],
    script: args.cmd,
    workdir: resolvePath(place.cwd, args.workdir || "."),
    hasTerminal: args.tty === true,
    yieldMs: clamp(args.yield_time_ms ?? start, min, max),
    tokensMax: tokensOf(args.max_output_tokens, place.tokensMax),
    escalated: args.sandbox_permissions === "require_escalated",
    ...(args.justification !== undefined &&
      { justification: args.justification }),
    ...(args.prefix_rule !== undefined && { prefixRule: args.prefix_rule }),
  };
}

/** How long a call of write_stdin waits. */
export function waitOf(
  { chars = "", yield_time_ms: asked = LIMITS.yieldMs.input }: Arguments<
    typeof STDIN_PARAMETERS
  >,
): number {
  return chars === ""
    ? clamp(asked, LIMITS.pollMs.min, LIMITS.pollMs.max)
    : clamp(asked, LIMITS.yieldMs.min, LIMITS.yieldMs.max);
}

/** Tokens of output: what is asked for, and no more than the model may get. */
export function tokensOf(asked: number | undefined, most: number): number {
  return Math.min(Math.ceil(asked ?? most), most);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
