/** exec_command: starts a command through the gate, and leaves it running when it takes long. */
import type {
  CommandResult,
  HeldCommand,
  LiveGate,
} from "../../core/protocol/command.ts";
import { errorText } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type {
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { quoteWords } from "../../core/policy/shell/quote.ts";
import description from "../../prompts/tools/exec_command.md" with {
  type: "text",
};
import { defineTool } from "../define/define_tool.ts";
import type { Arguments } from "../define/parameters.ts";
import { buildHints } from "../shell/hints.ts";
import { cutOutput } from "../shell/output.ts";
import {
  boundedDeltas,
  commandAction,
  type CommandActivity,
  hasSucceeded,
  missingFolder,
  type PatchTyping,
  touchedPaths,
} from "../shell/shell.ts";
import { EXEC_PARAMETERS, type ExecCall, toExecCall } from "./arguments.ts";
import { renderRead } from "./output.ts";
import type { LiveSession } from "./session.ts";
import type { LiveSessions } from "./sessions.ts";

export interface LiveToolOptions {
  readonly host: Pick<Host, "files" | "monotonicMs" | "random">;
  readonly gate: LiveGate;
  /** Path of the shell that command lines are written for. */
  readonly shell: string;
  readonly sessions: LiveSessions;
  readonly allowsLogin: boolean;
}

type ExecOptions = LiveToolOptions & PatchTyping;

/** Of a terminal that nobody looks at. */
const TERMINAL = { rows: 24, columns: 80 };

export function createExecCommandTool(options: ExecOptions): Tool {
  const { shell, allowsLogin } = options;
  const toCall = (
    args: Arguments<typeof EXEC_PARAMETERS>,
    cwd: string,
    tokensMax: number = LIMITS.toolOutputTokens,
  ): ExecCall => toExecCall(args, { cwd, tokensMax, shell, allowsLogin });
  return defineTool({
    name: "exec_command",
    description,
    parameters: EXEC_PARAMETERS,
    parallel: true,
    awaitsRecord: true,
    touches: (args, cwd) => touchedPaths(toCall(args, cwd), options),
    run: async (args, context) => {
      const { cwd, model } = context.settings;
      const call = toCall(args, cwd, model.toolOutputTokens);
      return await runExec(call, context, options);
    },
  });
}

async function runExec(
  call: ExecCall,
  context: ToolContext,
  options: ExecOptions,
): Promise<ToolOutput> {
  const patch = options.interceptPatch(call.argv, call.workdir);
  if (patch !== undefined) return await options.applyPatch(patch, context);
  const activity: CommandActivity = {
    type: "command",
    command: quoteWords(call.argv),
    cwd: call.workdir,
    output: "",
    exitCode: null,
    status: "in_progress",
  };
  const id = context.open(activity);
  try {
    const missing = await missingFolder(options.host, call.workdir);
    if (missing !== undefined) {
      context.complete(id, { ...activity, status: "failed", message: missing });
      return { content: missing, success: false };
    }
    return await runInSession(call, { id, activity, context, options });
  } catch (error) {
    const message = context.signal.aborted ? "Interrupted" : errorText(error);
    context.complete(id, { ...activity, status: "failed", message });
    throw error;
  }
}

interface Shown {
  readonly id: string;
  readonly activity: CommandActivity;
  readonly context: ToolContext;
  readonly options: ExecOptions;
}

async function runInSession(call: ExecCall, shown: Shown): Promise<ToolOutput> {
  const { id, activity, context, options } = shown;
  const { host, gate, sessions } = options;
  const startedMs = host.monotonicMs();
  const session = sessions.open({
    command: call.script,
    cwd: call.workdir,
    ...(call.hasTerminal && { terminal: TERMINAL }),
  });
  try {
    const result = await gate.hold(
      {
        action: commandAction(call),
        argv: call.argv,
        cwd: call.workdir,
        timeoutMs: LIMITS.liveCommandMs,
        detail: quoteWords(call.argv),
        onOutput: boundedDeltas((text) => context.delta(id, text)),
        spoolOverBytes: call.tokensMax * 4,
      },
      session.held(
        (command) => hold(command, session, { call, shown }),
        context.warn,
      ),
      context,
    );
    if (result.type === "refused") {
      const status = "declined";
      context.complete(id, { ...activity, status, message: result.reason });
      return { content: result.reason, success: false };
    }
    const ran = result.type === "ran" ? result.result : undefined;
    if (ran !== undefined) {
      context.complete(id, ended(activity, ran));
      context.reaped(ran.reaped);
    }
    const warning = sessions.warning();
    return {
      content: renderRead(session, host, {
        tokensMax: call.tokensMax,
        wallMs: host.monotonicMs() - startedMs,
        hints: [
          ...ran === undefined ? [] : buildHints(ran, context.settings),
          ...warning === undefined ? [] : [warning],
        ],
      }),
      success: ran === undefined || hasSucceeded(ran),
    };
  } finally {
    if (!session.isKept) sessions.close(session);
  }
}

// Kept before anybody knows whether it ends: an interrupt of the turn does not end it.
async function hold(
  command: Parameters<HeldCommand["hold"]>[0],
  session: LiveSession,
  { call, shown }: { readonly call: ExecCall; readonly shown: Shown },
): Promise<CommandResult | undefined> {
  const { id, activity, context } = shown;
  await session.wait(call.yieldMs, context.signal);
  if (session.isOver) return await command.result;
  await session.keep();
  const { session: number } = session.start;
  context.update(id, { ...activity, session: number });
  void session.ended.then(() => {
    const { result, failure } = session;
    context.complete(
      id,
      result === undefined
        ? { ...activity, session: number, status: "failed", message: failure }
        : { ...ended(activity, result), session: number },
    );
  });
  return undefined;
}

function ended(
  activity: CommandActivity,
  result: CommandResult,
): CommandActivity {
  return {
    ...activity,
    output: cutOutput(result.output, LIMITS.eventOutputBytes).text,
    exitCode: result.exitCode,
    status: hasSucceeded(result) ? "completed" : "failed",
    durationMs: result.durationMs,
    sandbox: result.backend,
    ...(result.aborted && { message: "Ended from outside" }),
  };
}
