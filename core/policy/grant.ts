/** What rules that allow let a command do: leave the sandbox, or find a part of it open. */
import {
  hasNetwork,
  type ProfileParts,
  type SandboxPolicy,
} from "../protocol/policy.ts";
import type { ClassifiedCommand } from "./classify.ts";
import { isFilter } from "./command_safety.ts";

/**
 * What rules let a command do without a question; undefined when it is not for them to
 * say. Every part needs a rule, but for one that only filters what the others print, and
 * for one that only reads where the sandbox keeps hidden files hidden.
 */
export function findGrant(
  { hidden, segments }: ClassifiedCommand,
  sandbox: SandboxPolicy,
): { readonly opens?: readonly string[] } | undefined {
  const rules = segments.flatMap(({ rule }) => rule ?? []);
  if (hidden !== undefined || rules.length === 0) return undefined;
  if (rules.some(({ decision }) => decision !== "allow")) return undefined;
  const isOut = rules.some((rule) => rule.sandbox === undefined);
  const opens = [...new Set(rules.flatMap((rule) => rule.sandbox ?? []))];
  const isSettled = segments.every(({ rule, core, safe }) =>
    rule === undefined
      ? isFilter(core) || (safe && !isOut)
      : !isOut || rule.sandbox === undefined
  );
  if (!isSettled) return undefined;
  if (isOut) return {};
  return canOpen(sandbox, opens) ? { opens } : undefined;
}

// A read-only sandbox has no folders to add to.
function canOpen(sandbox: SandboxPolicy, opens: readonly string[]): boolean {
  return sandbox.mode !== "read-only" ||
    opens.every((one) => one === "network");
}

/** The policy with what a rule opens. */
export function openSandbox(
  policy: SandboxPolicy,
  opens: readonly string[],
): SandboxPolicy {
  const networkAccess = opens.includes("network");
  const folders = opens.filter((one) => one !== "network");
  switch (policy.mode) {
    case "read-only":
      return {
        ...policy,
        networkAccess: policy.networkAccess || networkAccess,
      };
    case "workspace-write":
      return {
        ...policy,
        networkAccess: policy.networkAccess || networkAccess,
        writableRoots: [...policy.writableRoots, ...folders],
      };
    default:
      return policy;
  }
}

const RANK: Readonly<Record<SandboxPolicy["mode"], number>> = {
  "read-only": 0,
  "workspace-write": 1,
  "external-sandbox": 2,
  "danger-full-access": 2,
};

/**
 * Whether a command that was started under the one policy may do more than one of now: it
 * began earlier, or without the sandbox, or a rule opened something for its own words.
 */
export function isFreer(
  policy: SandboxPolicy | undefined,
  now: SandboxPolicy,
  { hasMoved = false }: {
    /** The thread's own folder is another one now. */
    readonly hasMoved?: boolean;
  } = {},
): boolean {
  if (!("denyRead" in now)) return false;
  if (policy === undefined || !("denyRead" in policy)) return true;
  return RANK[policy.mode] > RANK[now.mode] ||
    (hasMoved && policy.mode === "workspace-write") ||
    (hasNetwork(policy) && !hasNetwork(now)) ||
    seesMore(policy, now) || writesMore(policy, now);
}

function seesMore(policy: ProfileParts, now: ProfileParts): boolean {
  return lacks(policy.denyRead, now.denyRead) ||
    (now.readable !== undefined &&
      (policy.readable === undefined || lacks(now.readable, policy.readable)));
}

function writesMore(policy: SandboxPolicy, now: SandboxPolicy): boolean {
  if (policy.mode !== "workspace-write" || now.mode !== policy.mode) {
    return false;
  }
  return lacks(now.writableRoots, policy.writableRoots) ||
    lacks(policy.readOnly ?? [], now.readOnly ?? []) ||
    (policy.gitCommits && !now.gitCommits) ||
    (policy.allowUnixSockets && !now.allowUnixSockets) ||
    (policy.buildCaches === true && !now.buildCaches) ||
    (!policy.excludeSlashTmp && now.excludeSlashTmp) ||
    (!policy.excludeTmpdirEnvVar && now.excludeTmpdirEnvVar) ||
    (!policy.excludeWorkspace && now.excludeWorkspace === true);
}

/** Whether something of the second list is not in the first. */
function lacks(list: readonly string[], other: readonly string[]): boolean {
  return other.some((one) => !list.includes(one));
}
