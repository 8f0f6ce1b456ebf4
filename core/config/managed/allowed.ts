/** What managed policy allows: settings of a thread, and servers. Pure. */
import type { SandboxPolicy } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { canonicalJson, type Json } from "../../util/json/json.ts";
import type { Requirements } from "./requirements.ts";

/** What a server is known by. */
export interface ServerIdentity {
  readonly command?: string | undefined;
  readonly url?: string | undefined;
}

/** Why a thread may not have these settings; undefined when it may. */
export function refusalOf(
  requirements: Requirements,
  file: string,
  { approval, sandbox }: Partial<TurnSettings>,
): string | undefined {
  const allowed = requirements.allowed_approval_policies;
  if (approval !== undefined && !isAllowed(allowed, approval)) {
    return `approval policy ${wordOf(approval)} is not allowed, must be ${
      list(allowed ?? [])
    } (${file})`;
  }
  if (sandbox === undefined) return undefined;
  const profiles = requirements.allowed_permission_profiles;
  const profile = profileOf(sandbox);
  // Reading is what policy falls back to.
  if (
    profiles !== undefined && profile !== ":read-only" &&
    profiles[profile] !== true
  ) {
    return `permission profile ${profile} is not allowed, must be ${
      list(Object.keys(profiles).filter((name) => profiles[name]))
    } (${file})`;
  }
  const modes = modesOf(requirements);
  if (modes === undefined) return undefined;
  return modes.includes(sandbox.mode)
    ? undefined
    : `sandbox ${sandbox.mode} is not allowed, must be ${
      list(modes)
    } (${file})`;
}

// A mode that was chosen is the built-in profile of it.
function profileOf(sandbox: SandboxPolicy): string {
  const named = "profile" in sandbox ? sandbox.profile : undefined;
  const word = sandbox.mode === "workspace-write" ? "workspace" : sandbox.mode;
  return named ?? `:${word}`;
}

/** Whether a list has the value, or there is none. */
export function isAllowed(
  allowed: readonly unknown[] | undefined,
  value: unknown,
): boolean {
  return allowed === undefined ||
    allowed.some((one) =>
      canonicalJson(one as Json) === canonicalJson(value as Json)
    );
}

// What is hidden can only be hidden by a sandbox.
function modesOf(
  { allowed_sandbox_modes: modes, permissions }: Requirements,
): readonly string[] | undefined {
  const hides = (permissions?.filesystem?.deny_read ?? []).length > 0;
  if (!hides) return modes;
  return (modes ?? ["read-only", "workspace-write"]).filter((mode) =>
    mode === "read-only" || mode === "workspace-write"
  );
}

/** Whether the allow-list has the server by its name and what it starts. */
export function isKnownServer(
  { mcp_servers: servers }: Requirements,
  name: string,
  { command, url }: ServerIdentity,
): boolean {
  if (servers === undefined) return true;
  const identity = Object.hasOwn(servers, name)
    ? servers[name]?.identity
    : undefined;
  return identity !== undefined &&
    ("command" in identity
      ? command === identity.command
      : url === identity.url);
}

/** A value in a sentence. */
export function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function list(values: readonly unknown[]): string {
  return values.map(wordOf).join(", ");
}
