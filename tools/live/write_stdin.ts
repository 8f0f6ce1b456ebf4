/** write_stdin: reads a command that runs on, and types into it. */
import { ToolError } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type {
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { isFreer } from "../../core/policy/grant.ts";
import description from "../../prompts/tools/write_stdin.md" with {
  type: "text",
};
import { defineTool } from "../define/define_tool.ts";
import { buildHints } from "../shell/hints.ts";
import { STDIN_PARAMETERS, tokensOf, waitOf } from "./arguments.ts";
import type { LiveToolOptions } from "./exec_command.ts";
import { renderRead } from "./output.ts";
import type { LiveSession } from "./session.ts";

const INTERRUPT = "\u0003";
const NOT_READ =
  "The program has not read all that was typed; the rest waits in its terminal";

export function createWriteStdinTool(options: LiveToolOptions): Tool {
  return defineTool({
    name: "write_stdin",
    description,
    parameters: STDIN_PARAMETERS,
    // What is typed has an order.
    parallel: false,
    touches: () => [],
    run: async (args, context) => {
      const { host, sessions } = options;
      const startedMs = host.monotonicMs();
      const session = sessions.find(args.session_id);
      const chars = args.chars ?? "";
      const waitMs = waitOf(args);
      let isTaken = true;
      if (chars !== "" && !session.isOver) {
        const refusal = await admit(chars, session, { context, options });
        if (refusal !== undefined) return { content: refusal, success: false };
        await keepBefore(session, context);
        isTaken = await type(chars, session, { waitMs, context });
        await session.wait(LIMITS.typedMs, context.signal);
      } else await keepBefore(session, context);
      const passedMs = host.monotonicMs() - startedMs;
      await session.wait(Math.max(0, waitMs - passedMs), context.signal);
      if (session.isOver) sessions.close(session);
      return read(session, {
        wallMs: host.monotonicMs() - startedMs,
        tokensMax: tokensOf(
          args.max_output_tokens,
          context.settings.model.toolOutputTokens,
        ),
        notes: isTaken ? [] : [NOT_READ],
        context,
        options,
      });
    },
  });
}

// It goes on in this turn: what it changes from now on is the turn's. Its own start says when
// it has ended.
async function keepBefore(
  { isOver, policy, start }: LiveSession,
  context: ToolContext,
): Promise<void> {
  if (isOver || policy?.mode === "read-only") return;
  const over = await context.beforeProgram({
    policy: policy ?? { mode: "danger-full-access" },
    what: start.command,
  });
  over();
}

function read(
  session: LiveSession,
  { wallMs, tokensMax, notes, context, options }: {
    readonly wallMs: number;
    readonly tokensMax: number;
    readonly notes: readonly string[];
    readonly context: ToolContext;
    readonly options: LiveToolOptions;
  },
): ToolOutput {
  const { result } = session;
  const hints = [
    ...notes,
    ...result === undefined ? [] : buildHints(result, context.settings),
  ];
  return {
    content: renderRead(session, options.host, { tokensMax, wallMs, hints }),
    success: !session.isOver || result?.exitCode === 0,
  };
}

// What is typed to a program is no command line, but it may be one: it is asked about as
// if it were. A refusal is handed back.
async function admit(
  chars: string,
  session: LiveSession,
  { context, options }: {
    readonly context: ToolContext;
    readonly options: LiveToolOptions;
  },
): Promise<string | undefined> {
  const { session: number, command, cwd, terminal } = session.start;
  const { mode, sandbox, cwd: workspace } = context.settings;
  const escalated = isFreer(session.policy, sandbox, {
    hasMoved: session.workspace !== workspace,
  });
  const isInterrupt = chars === INTERRUPT && terminal === undefined;
  // In a mode it could carry out what the program was told to do on a signal.
  if (isInterrupt && !(escalated && mode !== undefined)) return undefined;
  if (terminal === undefined && !isInterrupt) {
    throw new ToolError(
      `Cannot type into session ${number}: its input is closed, must be started with "tty": true`,
    );
  }
  const answer = await options.gate.admit({
    action: {
      type: "command",
      argv: [options.shell, "-c", chars],
      cwd,
      session: number,
      escalated,
      ...(escalated && {
        justification: `Type this into session ${number} (${command})?`,
      }),
    },
    detail: chars,
  }, context);
  return answer.type === "refused" ? answer.reason : undefined;
}

/** Whether the program has read it all. */
async function type(
  chars: string,
  session: LiveSession,
  { waitMs, context }: {
    readonly waitMs: number;
    readonly context: ToolContext;
  },
): Promise<boolean> {
  if (session.start.terminal === undefined) {
    await session.interrupt();
    return true;
  }
  const bytes = new TextEncoder().encode(chars);
  return await session.type(bytes, waitMs, context.signal);
}
