/** One line of advice for the model when the sandbox is why a command failed. */
import type { CommandResult } from "../../core/protocol/command.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import {
  approvalName,
  isSandboxed,
  mayEscalate,
} from "../../core/policy/decide.ts";
import { modeReason } from "../../core/policy/mode.ts";
import { findBuildCache, saysNoNetwork } from "../gate/missing.ts";

const TABLE = "sandbox_workspace_write";
/** Of Python, Node, OpenSSH, PostgreSQL and what says strerror(3) of socket(2) or bind(2). */
const UNIX_SOCKET =
  /AF_UNIX|unix[ -](?:domain )?socket|\b(?:listen|connect) EPERM\b|agent: .*not permitted|\bsocket: Operation not permitted|multiprocessing\/(?:connection|forkserver|managers)/i;

/** Hints for a result; none when it succeeded or no sandbox was in the way. */
export function buildHints(
  result: CommandResult,
  settings: TurnSettings,
): readonly string[] {
  const { sandbox } = settings;
  if (result.exitCode === 0 || result.backend === "none") return [];
  if (!isSandboxed(sandbox)) return [];
  const cause = causeOf(result, sandbox);
  if (cause === undefined) return [];
  const way = settings.mode !== undefined
    ? modeReason(settings.mode)
    : mayEscalate(settings.approval)
    ? `if it matters, call again with "sandbox_permissions": "require_escalated" and a "justification"`
    : `the approval policy "${
      approvalName(settings.approval)
    }" allows no way around it`;
  return [`${cause}; ${way}.`];
}

function causeOf(
  { output, denied }: CommandResult,
  sandbox: SandboxPolicy,
): string | undefined {
  const text = `${output.head}\n${output.tail}`;
  const cache = denied ? findBuildCache(text) : undefined;
  if (cache !== undefined) return cacheCause(cache, sandbox);
  const isOffline = "networkAccess" in sandbox && !sandbox.networkAccess;
  if (denied && isOffline && UNIX_SOCKET.test(text)) {
    return `Unix sockets are closed in the sandbox, which is probably why this failed (the user opens them with ${TABLE}.allow_unix_sockets = true)`;
  }
  if (isOffline && saysNoNetwork(output.tail || output.head)) {
    return "network access is off in the sandbox, which is probably why this failed";
  }
  return denied
    ? `the ${sandbox.mode} sandbox probably stopped this`
    : undefined;
}

function cacheCause(
  { folder, of }: NonNullable<ReturnType<typeof findBuildCache>>,
  sandbox: SandboxPolicy,
): string {
  const what =
    `the cache of ${of} (~/${folder}) cannot be written in the sandbox`;
  if (sandbox.mode !== "workspace-write") return what;
  return sandbox.buildCaches
    ? `${what}: ${TABLE}.build_caches opens it where it exists (mkdir -p ~/${folder})`
    : `${what} (the user opens such caches with ${TABLE}.build_caches = true)`;
}
