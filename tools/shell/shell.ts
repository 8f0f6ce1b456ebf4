/** The shell tool: runs one command through the gate and reports the result. */
import type {
  CommandResult,
  Gate,
  GateResult,
} from "../../core/protocol/command.ts";
import { errorText } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { Action } from "../../core/protocol/policy.ts";
import type {
  ActivityBody,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { quoteWords } from "../../core/policy/shell/quote.ts";
import { basename, resolvePath } from "../../core/util/path.ts";
import { byteLength } from "../../core/util/text/text.ts";
import description from "../../prompts/tools/shell.md" with { type: "text" };
import { buildCommandOutput, cutOutput } from "./output.ts";
import { defineTool } from "../define/define_tool.ts";
import {
  SHELL_PARAMETERS,
  shellArgumentsOf,
  type ShellCall,
  toShellCall,
} from "./arguments.ts";
import { buildHints } from "./hints.ts";

/** A patch that was typed as a command, and where its paths start. */
export interface TypedPatch {
  readonly patch: string;
  /** Absolute. */
  readonly workdir: string;
}

/** How patches that are typed as commands are known and applied. */
export interface PatchTyping {
  /** Recognises `apply_patch <<'EOF'` and its kin; undefined for anything else. */
  readonly interceptPatch: (
    argv: readonly string[],
    workdir: string,
  ) => TypedPatch | undefined;
  /** The absolute paths that a patch names. */
  readonly patchPaths: (patch: TypedPatch) => readonly string[];
  readonly applyPatch: (
    patch: TypedPatch,
    context: ToolContext,
  ) => Promise<ToolOutput>;
}

interface ShellToolOptions extends PatchTyping {
  readonly host: Pick<Host, "files">;
  readonly gate: Gate;
  /** Path of the shell that command lines are written for. */
  readonly shell: string;
}

export type CommandActivity = Extract<
  ActivityBody,
  { readonly type: "command" }
>;

/**
 * The tool named `shell`; calls of the hosted `local_shell` run through it as well. Where
 * it is not offered, older conversations still call it.
 */
export function createShellTool(
  options: ShellToolOptions & { readonly isOffered?: boolean },
): Tool {
  const shell = basename(options.shell);
  return defineTool({
    isOffered: options.isOffered ?? true,
    name: "shell",
    description: description.replace("{shell}", shell),
    parameters: SHELL_PARAMETERS,
    argumentsOf: (call) => shellArgumentsOf(call, shell),
    parallel: true,
    awaitsRecord: true,
    touches: (args, cwd) => touchedPaths(toShellCall(args, cwd), options),
    run: async (args, context) =>
      await runShell(toShellCall(args, context.settings.cwd), context, options),
  });
}

/** Paths that a command may read or write, as far as its words tell. */
export function touchedPaths(
  { argv, workdir }: Pick<ShellCall, "argv" | "workdir">,
  { interceptPatch, patchPaths }: PatchTyping,
): readonly string[] {
  const patch = interceptPatch(argv, workdir);
  return patch === undefined
    ? [workdir, ...pathWords(argv.join(" "), workdir)]
    : patchPaths(patch);
}

// Words of a command that could name a file; a wrong guess costs a look at the disk.
function pathWords(command: string, cwd: string): readonly string[] {
  const words = command.split(/[\s'"`;|&<>(),]+/);
  const paths = words.filter((word) =>
    /[/.]/.test(word) && !word.startsWith("-") && !word.includes("://")
  );
  return [...new Set(paths.map((word) => resolvePath(cwd, word)))];
}

async function runShell(
  shell: ShellCall,
  context: ToolContext,
  options: ShellToolOptions,
): Promise<ToolOutput> {
  const patch = options.interceptPatch(shell.argv, shell.workdir);
  if (patch !== undefined) return await options.applyPatch(patch, context);
  const activity = startActivity(shell);
  const id = context.open(activity);
  try {
    const ended = await runCommand(shell, { id, context, options });
    context.complete(id, { ...activity, ...ended.activity });
    return ended.output;
  } catch (error) {
    const message = context.signal.aborted ? "Interrupted" : errorText(error);
    context.complete(id, { ...activity, status: "failed", message });
    throw error;
  }
}

interface Ended {
  readonly activity: Partial<CommandActivity>;
  readonly output: ToolOutput;
}

async function runCommand(
  shell: ShellCall,
  { id, context, options }: {
    readonly id: string;
    readonly context: ToolContext;
    readonly options: ShellToolOptions;
  },
): Promise<Ended> {
  const missing = await missingFolder(options.host, shell.workdir);
  if (missing !== undefined) return unrun("failed", missing);
  const result = await options.gate.run({
    action: commandAction(shell),
    argv: shell.argv,
    cwd: shell.workdir,
    timeoutMs: shell.timeoutMs,
    detail: quoteWords(shell.argv),
    onOutput: boundedDeltas((text) => context.delta(id, text)),
  }, context);
  return describeResult(result, shell, context);
}

/** Why a command cannot run there; undefined when it can. */
export async function missingFolder(
  host: Pick<Host, "files">,
  workdir: string,
): Promise<string | undefined> {
  const stat = await host.files.stat(workdir);
  if (stat?.isDirectory === true) return undefined;
  const state = stat === undefined ? "does not exist" : "is not a folder";
  return `Cannot run the command: workdir ${workdir} ${state}`;
}

/** What a call asks the gate for. */
export function commandAction(
  call: Pick<
    ShellCall,
    "argv" | "workdir" | "escalated" | "justification" | "prefixRule"
  >,
): Action {
  const { argv, workdir, escalated, justification, prefixRule } = call;
  return {
    type: "command",
    argv,
    cwd: workdir,
    escalated,
    ...(justification !== undefined && { justification }),
    ...(prefixRule !== undefined && { prefixRule }),
  };
}

/** Whether the command ended by itself, and with 0. */
export function hasSucceeded(
  { exitCode, timedOut, aborted }: CommandResult,
): boolean {
  return exitCode === 0 && !timedOut && !aborted;
}

function describeResult(
  result: GateResult,
  shell: ShellCall,
  context: ToolContext,
): Ended {
  if (result.type === "refused") return unrun("declined", result.reason);
  const { settings } = context;
  const ran: CommandResult = result.result;
  const content = buildCommandOutput(ran, {
    tokensMax: settings.model.toolOutputTokens,
    timeoutMs: shell.timeoutMs,
    hints: buildHints(ran, settings),
  });
  const success = hasSucceeded(ran);
  return {
    activity: {
      output: cutOutput(ran.output, LIMITS.eventOutputBytes).text,
      exitCode: ran.exitCode,
      status: success ? "completed" : "failed",
      durationMs: ran.durationMs,
      sandbox: ran.backend,
    },
    output: { content, success },
  };
}

function unrun(status: "failed" | "declined", message: string): Ended {
  return {
    activity: { status, message },
    output: { content: message, success: false },
  };
}

function startActivity(shell: ShellCall): CommandActivity {
  return {
    type: "command",
    command: quoteWords(shell.argv),
    cwd: shell.workdir,
    output: "",
    exitCode: null,
    status: "in_progress",
  };
}

/** A flood is not watched to its end; all of it is counted and spooled elsewhere. */
export function boundedDeltas(
  send: (text: string) => void,
): (text: string) => void {
  let room = LIMITS.deltaBytesMax;
  return (text) => {
    if (room <= 0) return;
    room -= byteLength(text);
    send(text);
  };
}
