/** write_stdin: reads a command that runs on, and types into it. */
import { ToolError } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { hasNetwork, type SandboxPolicy } from "../../core/protocol/policy.ts";
import type {
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { isSandboxed } from "../../core/policy/decide.ts";
import description from "../../prompts/tools/write_stdin.md" with {
  type: "text",
};
import { defineTool } from "../define/define_tool.ts";
import { buildHints } from "../shell/hints.ts";
import { STDIN_PARAMETERS, tokensOf, waitOf } from "./arguments.ts";
import type { LiveToolOptions } from "./exec_command.ts";
import { renderRead } from "./output.ts";
import type { LiveSession } from "./session.ts";
import { shellOf } from "./user_shell.ts";

const INTERRUPT = "\u0003";

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
      if (chars !== "" && !session.isOver) {
        const refusal = await type(chars, session, { context, options });
        if (refusal !== undefined) return { content: refusal, success: false };
        await session.wait(LIMITS.typedMs, context.signal);
      }
      const passedMs = host.monotonicMs() - startedMs;
      await session.wait(Math.max(0, waitMs - passedMs), context.signal);
      if (session.isOver) sessions.close(session);
      return read(session, {
        wallMs: host.monotonicMs() - startedMs,
        tokensMax: tokensOf(
          args.max_output_tokens,
          context.settings.model.toolOutputTokens,
        ),
        context,
        options,
      });
    },
  });
}

function read(
  session: LiveSession,
  { wallMs, tokensMax, context, options }: {
    readonly wallMs: number;
    readonly tokensMax: number;
    readonly context: ToolContext;
    readonly options: LiveToolOptions;
  },
): ToolOutput {
  const { result } = session;
  const hints = result === undefined
    ? []
    : buildHints(result, context.settings);
  return {
    content: renderRead(session, options.host, { tokensMax, wallMs, hints }),
    success: !session.isOver || result?.exitCode === 0,
  };
}

// What is typed to a program is no command line, but it may be one: it is asked about as
// if it were. A refusal is handed back.
async function type(
  chars: string,
  session: LiveSession,
  { context, options }: {
    readonly context: ToolContext;
    readonly options: LiveToolOptions;
  },
): Promise<string | undefined> {
  const { session: number, command, cwd, terminal } = session.start;
  if (chars === INTERRUPT && terminal === undefined) {
    await session.interrupt();
    return undefined;
  }
  if (terminal === undefined) {
    throw new ToolError(
      `Cannot type into session ${number}: its input is closed, must be started with "tty": true`,
    );
  }
  const escalated = isFreer(session.policy, context.settings.sandbox);
  const answer = await options.gate.admit({
    action: {
      type: "command",
      argv: [shellOf(options.host), "-c", chars],
      cwd,
      escalated,
      ...(escalated && {
        justification: `Type this into session ${number} (${command})?`,
      }),
    },
    detail: chars,
  }, context);
  if (answer.type === "refused") return answer.reason;
  await session.write(new TextEncoder().encode(chars));
  return undefined;
}

const RANK: Readonly<Record<SandboxPolicy["mode"], number>> = {
  "read-only": 0,
  "workspace-write": 1,
  "external-sandbox": 2,
  "danger-full-access": 2,
};

// Started under an earlier policy, or without the sandbox: it may do more than a command
// of now.
function isFreer(
  policy: SandboxPolicy | undefined,
  now: SandboxPolicy,
): boolean {
  if (!isSandboxed(now)) return false;
  if (policy === undefined) return true;
  return RANK[policy.mode] > RANK[now.mode] ||
    ("networkAccess" in policy && policy.networkAccess && !hasNetwork(now));
}
