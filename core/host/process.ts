/** What a process does once at its start: stray descriptors, orphans, permissions. */
import { becomeSubreaper, closeInheritedDescriptors } from "./system/libc.ts";
import { textVariable } from "./system/environment.ts";

const PERMISSIONS = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
  "import",
] as const;
type PermissionName = (typeof PERMISSIONS)[number];

/** What each role of the program keeps; the launcher ends by becoming the command. */
export const ROLE_PERMISSIONS: Readonly<
  Record<"agent" | "apply-patch", readonly PermissionName[]>
> = Object.freeze({
  agent: ["read", "write", "net", "env", "run", "sys"],
  "apply-patch": ["read", "write"],
});

/**
 * Readies the agent's own process: stray descriptors stay out of its commands, their
 * orphans come back to it. libc is open by then and stays usable without `ffi`.
 */
export function prepareProcess(): void {
  closeInheritedDescriptors();
  becomeSubreaper();
  hideVariables();
  keepOnly(ROLE_PERMISSIONS.agent);
}

const hidden: Record<string, string> = {};

/** The environment this process was given. */
export function givenEnvironment(): Readonly<Record<string, string>> {
  return { ...Deno.env.toObject(), ...hidden };
}

// The runtime reads these at its first connection, and fails every one over a wrong value.
// They are meant for other programs of the person's, and handed on to these.
function hideVariables(): void {
  for (const name of ["DENO_CERT", "DENO_TLS_CA_STORE"]) {
    const value = textVariable(name);
    if (value === undefined || /^(system|mozilla)(,|$)/.test(value)) continue;
    hidden[name] = value;
    Deno.env.delete(name);
  }
}

/** Gives up every other permission, for good. */
export function keepOnly(names: readonly PermissionName[]): void {
  for (const name of PERMISSIONS) {
    if (names.includes(name)) continue;
    Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor);
  }
}

/** The permissions this process still has, for `doctor`. */
export function heldPermissions(): readonly PermissionName[] {
  return PERMISSIONS.filter((name) =>
    Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state ===
      "granted"
  );
}
