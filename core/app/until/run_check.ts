/** The command of `--until`, run as the shell tool runs one: same sandbox, same environment. */
import { secretNames } from "../../config/secrets.ts";
import { isSandboxed } from "../../policy/decide.ts";
import type { CheckOutcome, CheckPlace } from "../../protocol/hooks.ts";
import type { CommandResult, GateRequest } from "../../protocol/command.ts";
import { errorText, ToolError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { sha256Hex } from "../../util/sha256.ts";
import { tailBytes } from "../../util/text/text.ts";
import { beforeProgram } from "../../../tools/gate/before_program.ts";
import { newSpoolPath } from "../../../tools/gate/spool.ts";
import { toCommand } from "../../../tools/gate/to_command.ts";
import { buildHints } from "../../../tools/shell/hints.ts";
import { cutNotice, cutOutput } from "../../../tools/shell/output.ts";
import { openPersonVariables } from "../login_shell.ts";
import type { Runtime } from "../runtime.ts";
import { loadTreePrint } from "./tree_print.ts";

/** What a run of the check gives to the rounds. */
export interface CheckRun extends CheckOutcome {
  /** For the model: notices and the output, cut as those of tools are. */
  readonly told: string;
  /** Equal for runs that said the same; how long something took is not looked at. */
  readonly print: string;
  /** Whether the sandbox is probably why it failed. */
  readonly isDenied: boolean;
}

/** Runs the command of one run of the program, and looks at what it is about. */
export interface CheckRunner {
  readonly command: string;
  /** Whether the session can be resumed afterwards. */
  readonly isKept: boolean;
  run(place: CheckPlace): Promise<CheckRun>;
  /** Of the folders that may be written. */
  loadTree(settings: TurnSettings): Promise<string | undefined>;
}

type CheckRuntime = Pick<
  Runtime,
  "flags" | "host" | "loaded" | "sandbox" | "shell"
>;

interface CheckCommand {
  readonly command: string;
  readonly timeoutMs: number;
}

/** The runner for a command as the person typed it. */
export function createCheckRunner(
  runtime: CheckRuntime,
  { command, timeoutMs }: CheckCommand,
): CheckRunner {
  return {
    command,
    isKept: runtime.loaded.codexHome !== undefined && !runtime.flags.ephemeral,
    run: async (place) => {
      try {
        const result = await runCommand(runtime, { command, timeoutMs, place });
        place.reaped(result.reaped);
        place.signal.throwIfAborted();
        return describeRun(result, timeoutMs, place.settings);
      } catch (error) {
        // No folder to run in, say, because the model has removed it.
        if (!(error instanceof ToolError)) throw error;
        return describeUnrun(errorText(error));
      }
    },
    loadTree: ({ cwd, sandbox }) =>
      loadTreePrint(runtime.sandbox.readable(sandbox, cwd), [
        cwd,
        ...sandbox.mode === "workspace-write" ? sandbox.writableRoots : [],
      ]),
  };
}

async function runCommand(
  runtime: CheckRuntime,
  { command, timeoutMs, place }: CheckCommand & { readonly place: CheckPlace },
): Promise<CommandResult> {
  const { shell, sandbox } = runtime;
  const { sandbox: policy, cwd } = place.settings;
  const argv = [shell, "-c", command];
  const request: GateRequest = {
    action: { type: "command", argv, cwd, escalated: false },
    argv,
    cwd,
    timeoutMs,
    detail: command,
  };
  const how = { ...await openHow(runtime, place), policy };
  const recorded = Promise.resolve();
  const kept = beforeProgram(request, { ...place, recorded }, how);
  try {
    const context = { ...place, recorded: kept.ready, trace: place.trace?.() };
    return await sandbox.run(toCommand(request, context, how));
  } finally {
    kept.over();
  }
}

// As the gate has it for the commands of the model.
async function openHow(
  { host, loaded, flags }: CheckRuntime,
  { settings: { cwd, sandbox: policy }, threadId, emit }: CheckPlace,
): Promise<Omit<Parameters<typeof toCommand>[2], "policy">> {
  const { config, codexHome } = loaded;
  const variables = openPersonVariables(host, {
    policy,
    cwd,
    warn: (message) => emit({ type: "warning", message }),
  });
  if (config.allow_login_shell !== false) await variables.ready();
  const spools = codexHome !== undefined && !flags.ephemeral;
  return {
    host: variables,
    environment: {
      policy: config.shell_environment_policy,
      secretNames: secretNames(config),
    },
    sandboxed: isSandboxed(policy),
    spoolPath: await newSpoolPath(
      host,
      spools ? `${codexHome}/spool` : undefined,
      threadId,
    ),
  };
}

function describeRun(
  result: CommandResult,
  timeoutMs: number,
  settings: TurnSettings,
): CheckRun {
  const { output, exitCode, timedOut } = result;
  const { spoolPath } = output;
  const cut = cutOutput(output, settings.model.toolOutputTokens * 4);
  const shown = cutOutput(output, LIMITS.eventOutputBytes);
  const notices = [
    ...timedOut
      ? [
        `It was ended after ${timeoutMs} ms, the most it may take (--until-timeout).`,
      ]
      : [],
    ...cut.omittedBytes > 0 ? [cutNotice(cut, output)] : [],
    ...[...result.notes, ...buildHints(result, settings)]
      .map((note) => `Note: ${note}`),
  ];
  const whole = `${output.head}\n${output.tail}`;
  return {
    hasPassed: exitCode === 0 && !timedOut,
    exitCode,
    hasTimedOut: timedOut,
    durationMs: Math.round(result.durationMs),
    output: shown.text,
    ...(spoolPath !== undefined && { outputPath: spoolPath }),
    tail: tailBytes(output.tail || output.head, LIMITS.checkTailBytes),
    told: [...notices, "Output:", cut.text].join("\n"),
    print: sha256Hex(`${exitCode} ${withoutTimes(whole)}`),
    isDenied: result.denied,
    sandbox: result.backend,
  };
}

function describeUnrun(message: string): CheckRun {
  return {
    hasPassed: false,
    exitCode: null,
    hasTimedOut: false,
    durationMs: 0,
    output: message,
    tail: message,
    told: message,
    print: sha256Hex(message),
    isDenied: false,
    sandbox: "none",
  };
}

const TIMES =
  /\b\d+(?:[.,]\d+)?\s?(?:ns|[uµ]s|ms|s|secs?|seconds?|min|minutes?)\b|\b\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?\b|\b\d{4}-\d{2}-\d{2}(?=T|\b)/gi;

// How long something took, and when it was, is never twice the same.
function withoutTimes(text: string): string {
  return text.replace(TIMES, "");
}
