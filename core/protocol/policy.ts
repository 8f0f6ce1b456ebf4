/** What may happen: approval and sandbox policies, verdicts and decisions. */
import { unreachable } from "../util/assert.ts";
import * as z from "zod/mini";

/** Which questions may reach the person under the `granular` policy. */
export const GranularApproval = z.lazy(() =>
  z.object({
    sandbox_approval: z.boolean(),
    rules: z.boolean(),
    mcp_elicitations: z.boolean(),
    skill_approval: z._default(z.boolean(), false),
    request_permissions: z._default(z.boolean(), false),
  })
);
export type GranularApproval = z.infer<typeof GranularApproval>;

/** When the person is asked. `on-failure` is accepted and deprecated. */
export type ApprovalPolicy =
  | "untrusted"
  | "on-failure"
  | "on-request"
  | "never"
  | { readonly granular: GranularApproval };

export type SandboxMode =
  | "read-only"
  | "workspace-write"
  | "danger-full-access"
  | "external-sandbox";

/** What a permission profile says beyond a mode. Relative paths are meant from the workspace. */
export interface ProfileParts {
  /** Its name, for messages. */
  readonly profile?: string;
  /** Absolute paths or globs whose content stays hidden. */
  readonly denyRead: readonly string[];
  /** The only paths that can be read; everything when absent. */
  readonly readable?: readonly string[];
  /** Kept from changing in a writable folder. */
  readonly readOnly?: readonly string[];
}

/** What the sandbox permits. Paths are absolute. */
export type SandboxPolicy =
  | ProfileParts & {
    readonly mode: "read-only";
    readonly networkAccess: boolean;
  }
  | ProfileParts & {
    readonly mode: "workspace-write";
    /** Configured roots and `--add-dir`; cwd, /tmp and $TMPDIR come on top. */
    readonly writableRoots: readonly string[];
    readonly networkAccess: boolean;
    readonly excludeTmpdirEnvVar: boolean;
    readonly excludeSlashTmp: boolean;
    /** Whether `.git` is writable except where it can execute code. */
    readonly gitCommits: boolean;
    readonly allowUnixSockets: boolean;
    /** Whether the folders of BUILD_CACHES that exist are writable. */
    readonly buildCaches?: boolean;
    /** The workspace is not among the writable folders. */
    readonly excludeWorkspace?: boolean;
  }
  | { readonly mode: "danger-full-access" }
  /** The host has put us into a sandbox of its own; nothing is added. */
  | { readonly mode: "external-sandbox"; readonly networkAccess: boolean };

/** Whether commands that keep to the policy reach the network. */
export function hasNetwork(policy: SandboxPolicy): boolean {
  return policy.mode === "danger-full-access" || policy.networkAccess;
}

/** Whether it keeps files from being read: then nobody else may read one in its place. */
export function hidesFiles(policy: SandboxPolicy): boolean {
  return "denyRead" in policy &&
    (policy.denyRead.length > 0 || policy.readable !== undefined);
}

/** The policy in the words of Codex, which its logs and notifications share. */
export function sandboxWords(policy: SandboxPolicy): Record<string, unknown> {
  switch (policy.mode) {
    case "workspace-write":
      return {
        type: policy.mode,
        writable_roots: policy.writableRoots,
        network_access: policy.networkAccess,
        exclude_tmpdir_env_var: policy.excludeTmpdirEnvVar,
        exclude_slash_tmp: policy.excludeSlashTmp,
      };
    case "read-only":
      return { type: policy.mode, network_access: policy.networkAccess };
    case "external-sandbox":
      return {
        type: policy.mode,
        network_access: policy.networkAccess ? "enabled" : "restricted",
      };
    case "danger-full-access":
      return { type: policy.mode };
    default:
      return unreachable(policy);
  }
}

/** What a tool wants to do to the world. */
export type Action =
  | {
    readonly type: "command";
    readonly argv: readonly string[];
    readonly cwd: string;
    /** The model asks to run without the sandbox. */
    readonly escalated: boolean;
    readonly justification?: string;
    /** A reusable rule the model proposes to save. */
    readonly prefixRule?: readonly string[];
    /** It is typed into this session, whose program may take the words for anything. */
    readonly session?: number;
  }
  | {
    readonly type: "patch";
    /** Absolute paths that the patch writes or removes, links resolved. */
    readonly paths: readonly string[];
    /** By path: what the patch calls a file that a link leads to. */
    readonly named?: Readonly<Record<string, string>>;
    readonly cwd: string;
  };

/** Three ways and no fourth. */
export type Verdict =
  | {
    readonly type: "run";
    readonly sandboxed: boolean;
    /** What a rule opens in the sandbox for this command; see RuleOffer. */
    readonly opens?: readonly string[];
  }
  | {
    readonly type: "ask";
    readonly reason: string;
    /** How the action runs once approved. */
    readonly sandboxed: boolean;
  }
  | { readonly type: "refuse"; readonly reason: string };

/** The words of every decision, as programs read and write them. */
export const DECISION_WORDS = [
  "approve",
  "approve_for_session",
  "approve_prefix",
  "deny",
  "abort",
] as const satisfies readonly Decision["type"][];

/** What the person (or a program in their place) answers to a question. */
export type Decision =
  | { readonly type: "approve" }
  | { readonly type: "approve_for_session" }
  /** For good: every command that begins like this, with what the rule opens. */
  | {
    readonly type: "approve_prefix";
    readonly prefix: readonly string[];
    /** The beginnings of the command's other parts, saved with it. */
    readonly also?: readonly (readonly string[])[];
    /** See RuleOffer. */
    readonly sandbox?: readonly string[];
  }
  | { readonly type: "deny"; readonly message?: string }
  /** Deny, and end the turn. */
  | { readonly type: "abort" };

/** A rule that would settle a question from now on. */
export interface RuleOffer {
  /** One for each part of the command that is asked about; never empty. */
  readonly prefixes: readonly (readonly string[])[];
  /**
   * What the sandbox opens for them: "network", or a folder that may be written. Absent,
   * they run without the sandbox.
   */
  readonly sandbox?: readonly string[];
}

/** A file that a patch writes or removes. */
export interface PatchTarget {
  /** Absolute, every link resolved: this very file changes. */
  readonly path: string;
  /** Absolute, as the patch says, where links lead from there to `path`. */
  readonly named?: string;
  /** Outside what the sandbox lets be written: it changes without the sandbox. */
  readonly isOutside: boolean;
}

/** A question on its way to the person. */
export interface ApprovalRequest {
  readonly kind: "command" | "patch" | "mcp" | "escalation";
  /** One line: the command, or the files. */
  readonly title: string;
  /** The whole command, or the diff. */
  readonly detail: string;
  readonly cwd: string;
  /** Why it is asked. */
  readonly reason: string;
  /** What the sandbox would forbid, in one sentence; empty without a sandbox. */
  readonly forbids: string;
  /** What "for this session" would remember, in words. */
  readonly sessionScope: string;
  /** The first prefix of the first rule; absent when none is safe. */
  readonly prefix?: readonly string[];
  /** The rules that could be saved, the narrowest first. */
  readonly rules?: readonly RuleOffer[];
  /** The files of a patch: those outside the writable folders first. */
  readonly targets?: readonly PatchTarget[];
  /** Stands for what is asked about this kind as a rule; a no to it takes no words. */
  readonly question?: string;
}

/** The rules of a question; one that names no more than a prefix means it without the sandbox. */
export function offeredRules(
  { rules, prefix }: Pick<ApprovalRequest, "rules" | "prefix">,
): readonly RuleOffer[] {
  return rules ?? (prefix === undefined ? [] : [{ prefixes: [prefix] }]);
}

/** The yes to a rule, just as it was offered. */
export function acceptOffer({ prefixes, sandbox }: RuleOffer): Decision {
  const [prefix = [], ...also] = prefixes;
  return {
    type: "approve_prefix",
    prefix,
    ...(also.length > 0 && { also }),
    ...(sandbox !== undefined && { sandbox }),
  };
}

/** What the active back end enforces; told to consumers and to the model. */
export interface SandboxStatus {
  readonly mode: SandboxMode;
  /** `bwrap`, `bwrap-noproc`, `bwrap-nouserns`, `landlock`, `seatbelt`, `none`. */
  readonly backend: string;
  /** Of: `fs_write`, `fs_read`, `metadata`, `tcp`, `udp`, `unix_sockets`, `signals`, `pids`. */
  readonly enforces: readonly string[];
  /** Why a stronger back end was not taken; empty when the strongest runs. */
  readonly note: string;
  /**
   * Who reaches a server of a command on 127.0.0.1 while the network is closed: commands of
   * the thread with the same rights, that command alone, nobody. Absent: it is not closed.
   */
  readonly loopback?: "shared" | "private" | "none" | undefined;
  /**
   * Whether this run proved it before it said so, or an earlier one on the same machine; then
   * this one proves it before the first command. Absent without a sandbox.
   */
  readonly proof?: "this_run" | "earlier_run";
  /** Folders that commands can really write to; absent where nothing confines them. */
  readonly writable?: readonly string[];
}
