/** The folders that the prompt calls writable: those that this user can write, too. */
import type { Host } from "../protocol/host.ts";
import type { SandboxPolicy, SandboxStatus } from "../protocol/policy.ts";

/** They come from the plan of the sandbox, not from the policy alone. */
export async function writableRoots(
  { files }: Pick<Host, "files">,
  sandbox: SandboxPolicy,
  { writable = [] }: SandboxStatus,
): Promise<{
  readonly writableRoots: readonly string[];
  readonly warnings: readonly string[];
}> {
  const named = sandbox.mode === "workspace-write" ? sandbox.writableRoots : [];
  const warnings: string[] = [];
  const shut = new Set<string>();
  for (const path of named) {
    const real = await files.realPath(path).catch(() => path);
    if (!writable.includes(real) || await files.canWrite(real)) continue;
    // It stays open for what lies in it.
    shut.add(real);
    warnings.push(
      `The folder ${path} was added and cannot be written by this user`,
    );
  }
  return {
    writableRoots: writable.filter((path) => !shut.has(path)),
    warnings,
  };
}
