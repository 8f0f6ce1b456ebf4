/** The permissions message: what commands may do, who can be asked, what is enforced. */
import { PERMISSION_TEXTS } from "../../prompts/mod.ts";
import { LIMITS } from "../protocol/limits.ts";
import type {
  ApprovalPolicy,
  GranularApproval,
  SandboxPolicy,
  SandboxStatus,
} from "../protocol/policy.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import { unreachable } from "../util/assert.ts";
import { wrapTag } from "./format/tags.ts";
import { fillIn, oneLine } from "./format/text.ts";

/** What the message says beyond the settings. */
export interface PermissionFacts {
  readonly sandboxStatus: SandboxStatus;
  /** All roots that are in effect, cwd and temporary folders included. */
  readonly writableRoots: readonly string[];
  /** What a person should know of them. */
  readonly warnings?: readonly string[];
  /** Command prefixes that run without a question. */
  readonly approvedPrefixes: readonly (readonly string[])[];
}

/** The whole message of developer role, tags included. */
export function renderPermissions(
  settings: Pick<TurnSettings, "sandbox" | "approval" | "mode">,
  facts: PermissionFacts,
): string {
  const prefixes = prefixLines(facts.approvedPrefixes);
  const body = renderPermissionRules(settings, facts);
  const approved = prefixes.length === 0
    ? ""
    : `\n\n${renderApprovedPrefixes(prefixes)}`;
  return wrapTag("permissions instructions", body + approved);
}

/** The part that a newly approved prefix does not change. */
export function renderPermissionRules(
  settings: Pick<TurnSettings, "sandbox" | "approval" | "mode">,
  facts: PermissionFacts,
): string {
  const { sandbox, approval, mode } = settings;
  const sections = [
    sandboxSection(sandbox),
    enforcementSection(sandbox, facts.sandboxStatus),
    loopbackSection(facts.sandboxStatus),
    mode === undefined
      ? approvalSection(approval, sandbox)
      : PERMISSION_TEXTS[mode],
    rootsSection(sandbox, facts.writableRoots),
    listSection(sandbox, "readOnly", "These paths stay read-only"),
    listSection(sandbox, "readable", "Only these paths can be read"),
    listSection(
      sandbox,
      "denyRead",
      "The content of these paths is hidden; do not try to read them",
    ),
    "All of this applies to the commands and patches of the built-in tools; tools of MCP servers act outside of it.",
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** Each prefix as a line of JSON, sorted, without doubles. */
export function prefixLines(
  prefixes: readonly (readonly string[])[],
): readonly string[] {
  return [...new Set(prefixes.map((prefix) => JSON.stringify(prefix)))].sort();
}

/** How the list of approved prefixes begins. */
export const APPROVED_INTRO =
  "Commands that begin with these words run without a question:";

/** The list of prefixes that need no approval; also a message of its own when it grows. */
export function renderApprovedPrefixes(lines: readonly string[]): string {
  const shown = lines.slice(0, LIMITS.approvedPrefixesShown);
  const rest = lines.length - shown.length;
  const more = rest === 0 ? [] : [`(and ${rest} more)`];
  const list = wrapTag("approved_prefixes", [...shown, ...more].join("\n"));
  return `${APPROVED_INTRO}\n${list}`;
}

function sandboxSection(sandbox: SandboxPolicy): string {
  const network = networkWord(sandbox);
  switch (sandbox.mode) {
    case "read-only":
      return fillIn(PERMISSION_TEXTS.readOnly, { network });
    case "workspace-write":
      return fillIn(PERMISSION_TEXTS.workspaceWrite, {
        network,
        git: sandbox.gitCommits
          ? "Inside a root `.codex`, `.agents` and `.mcp.json` stay read-only, and of `.git` the parts that can run code (`hooks`, `config`, `info`), so commits are possible. New ones are moved aside after the command."
          : "Inside a root `.git`, `.codex`, `.agents` and `.mcp.json` stay read-only, so a commit needs approval. New ones are moved aside after the command, a new `.git` in part.",
      });
    case "danger-full-access":
      return fillIn(PERMISSION_TEXTS.dangerFullAccess, { network });
    case "external-sandbox":
      return fillIn(PERMISSION_TEXTS.externalSandbox, { network });
    default:
      return unreachable(sandbox);
  }
}

function networkWord(sandbox: SandboxPolicy): "enabled" | "restricted" {
  if (sandbox.mode === "danger-full-access") return "enabled";
  return sandbox.networkAccess ? "enabled" : "restricted";
}

const CAPABILITY_WORDS = {
  fs_write: "writing to files",
  fs_read: "reading hidden files",
  metadata: "changing modes, owners, times and attributes of files",
  tcp: "TCP connections",
  udp: "UDP traffic",
  unix_sockets: "Unix sockets",
  signals: "signals to other processes",
  pids: "a view of other processes",
} as const;
type Capability = keyof typeof CAPABILITY_WORDS;

function enforcementSection(
  sandbox: SandboxPolicy,
  sandboxStatus: SandboxStatus,
): string {
  const wanted = wantedCapabilities(sandbox);
  if (wanted.length === 0) return "";
  if (sandboxStatus.backend === "none") {
    return "No sandbox can be set up on this machine, so commands that need one are refused.";
  }
  const held = wanted.filter((name) => sandboxStatus.enforces.includes(name));
  const open = wanted.filter((name) => !sandboxStatus.enforces.includes(name));
  const backend = oneLine(sandboxStatus.backend);
  const first = `Enforced by \`${backend}\`: ${words(held)}.`;
  if (open.length === 0) return first;
  const rest = words(open);
  return `${first} Not enforced on this machine, so respect it yourself: ${rest}.`;
}

// What a mode forbids; only that needs enforcement.
function wantedCapabilities(sandbox: SandboxPolicy): readonly Capability[] {
  if (
    sandbox.mode === "danger-full-access" || sandbox.mode === "external-sandbox"
  ) return [];
  const sockets = sandbox.mode === "workspace-write" &&
    sandbox.allowUnixSockets;
  const skipped: Record<Capability, boolean> = {
    fs_write: false,
    fs_read: sandbox.denyRead.length === 0 && sandbox.readable === undefined,
    metadata: false,
    tcp: sandbox.networkAccess,
    udp: sandbox.networkAccess,
    unix_sockets: sandbox.networkAccess || sockets,
    signals: false,
    pids: false,
  };
  const names = Object.keys(CAPABILITY_WORDS) as Capability[];
  return names.filter((name) => !skipped[name]);
}

function words(names: readonly Capability[]): string {
  if (names.length === 0) return "nothing";
  return names.map((name) => CAPABILITY_WORDS[name]).join(", ");
}

// A server that works and cannot be reached is looked for in the wrong place.
function loopbackSection({ loopback }: SandboxStatus): string {
  switch (loopback) {
    case undefined:
      return "";
    case "shared":
      return "Commands with the same permissions share one loopback: a server that a session runs answers on 127.0.0.1 in later commands. Nothing outside of them reaches it, commands with other permissions or without the sandbox included.";
    case "private":
      return "Each command has a loopback of its own: no other command reaches a server that a session runs. Start a server and use it in the same command.";
    case "none":
      return "The sandbox has no loopback: commands can neither listen nor connect, not even on 127.0.0.1.";
    default:
      return unreachable(loopback);
  }
}

function approvalSection(
  approval: ApprovalPolicy,
  sandbox: SandboxPolicy,
): string {
  if (typeof approval === "object") {
    return granularSection(approval.granular, sandbox);
  }
  switch (approval) {
    case "never":
      return PERMISSION_TEXTS.never;
    case "untrusted":
      return PERMISSION_TEXTS.untrusted;
    case "on-failure":
      return PERMISSION_TEXTS.onFailure;
    case "on-request":
      return `${PERMISSION_TEXTS.onRequest}\n\n${escalation(sandbox)}`;
    default:
      return unreachable(approval);
  }
}

function granularSection(
  granular: GranularApproval,
  sandbox: SandboxPolicy,
): string {
  const kinds = Object.entries(granular).sort(([a], [b]) => a < b ? -1 : 1);
  const list = (asked: boolean) =>
    kinds.filter(([, value]) => value === asked)
      .map(([name]) => `\`${name}\``).join(", ") || "none";
  const text = fillIn(PERMISSION_TEXTS.granular, {
    asked: list(true),
    rejected: list(false),
  });
  return granular.sandbox_approval ? `${text}\n\n${escalation(sandbox)}` : text;
}

function escalation(sandbox: SandboxPolicy): string {
  return sandbox.mode === "read-only" || sandbox.mode === "workspace-write"
    ? PERMISSION_TEXTS.escalation
    : PERMISSION_TEXTS.noEscalation;
}

function rootsSection(
  sandbox: SandboxPolicy,
  writableRoots: readonly string[],
): string {
  if (sandbox.mode !== "workspace-write") return "";
  const roots = [...new Set(writableRoots)].sort().map(quoted);
  if (roots.length === 0) return "";
  return roots.length === 1
    ? `The writable root is ${roots[0]}.`
    : `The writable roots are ${roots.join(", ")}.`;
}

function listSection(
  sandbox: SandboxPolicy,
  key: "readOnly" | "readable" | "denyRead",
  title: string,
): string {
  const paths = "denyRead" in sandbox ? sandbox[key] ?? [] : [];
  if (paths.length === 0) return "";
  const lines = [...new Set(paths)].sort().map((path) => `- ${quoted(path)}`);
  return `${title}:\n${lines.join("\n")}`;
}

function quoted(path: string): string {
  return `\`${oneLine(path)}\``;
}
