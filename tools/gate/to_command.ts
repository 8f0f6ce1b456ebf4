/** What the sandbox is asked for an action that may run. */
import type {
  CommandRequest,
  GateRequest,
} from "../../core/protocol/command.ts";
import type { Host } from "../../core/protocol/host.ts";
import { hasNetwork, type SandboxPolicy } from "../../core/protocol/policy.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import {
  buildCommandEnv,
  type EnvironmentPolicy,
} from "../../core/policy/command_env.ts";

/** Which variables commands get. */
export interface CommandEnvironment {
  readonly policy: EnvironmentPolicy;
  /** Variables that no command gets; see buildCommandEnv(). */
  readonly secretNames: readonly string[];
}

/** The whole request, for one way of running it. */
export function toCommand(
  request: GateRequest,
  context: Pick<
    ToolContext,
    "recorded" | "settings" | "signal" | "threadId" | "trace"
  >,
  how: {
    readonly host: Pick<Host, "envAll">;
    readonly environment: CommandEnvironment;
    readonly policy: SandboxPolicy;
    readonly sandboxed: boolean;
    readonly spoolPath: string | undefined;
  },
): CommandRequest {
  const { recorded, settings, signal, threadId, trace } = context;
  const { host, environment, policy, sandboxed, spoolPath } = how;
  const { argv, stdin, onOutput } = request;
  return {
    argv,
    cwd: request.cwd,
    workspace: settings.cwd,
    threadId,
    env: buildCommandEnv({
      parent: host.envAll(),
      ...environment,
      threadId,
      trace,
      networkAccess: hasNetwork(policy) ||
        (!sandboxed && policy.mode !== "external-sandbox"),
    }),
    policy,
    sandboxed,
    timeoutMs: request.timeoutMs,
    signal,
    recorded,
    ...(stdin !== undefined && { stdin }),
    ...(onOutput !== undefined && { onOutput }),
    ...(spoolPath !== undefined && {
      spoolPath,
      spoolOverBytes: request.spoolOverBytes ??
        settings.model.toolOutputTokens * 4,
    }),
  };
}
