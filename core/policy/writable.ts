/** Where the sandbox policy lets files be written; as text, without a look at the disk. */
import type { SandboxPolicy } from "../protocol/policy.ts";
import { isInside, resolvePath } from "../util/path.ts";

interface Places {
  /** The thread's own folder, not where a single command runs. */
  readonly workspace: string;
  /** Value of $TMPDIR, when set. */
  readonly tmpDir?: string | undefined;
}

/** The folders a policy makes writable; `everything` when it limits no writes. */
export function writableRoots(
  policy: SandboxPolicy,
  places: Places,
): readonly string[] | "everything" {
  switch (policy.mode) {
    case "danger-full-access":
    case "external-sandbox":
      return "everything";
    case "read-only":
      return [];
    case "workspace-write": {
      const tmpDir = policy.excludeTmpdirEnvVar ? undefined : places.tmpDir;
      const roots = [
        ...(policy.excludeWorkspace ? [] : [places.workspace]),
        ...policy.writableRoots,
        ...(policy.excludeSlashTmp ? [] : ["/tmp"]),
        ...(tmpDir === undefined || tmpDir === "" ? [] : [tmpDir]),
      ];
      return [...new Set(roots.map((root) => resolvePath("/", root)))];
    }
  }
}

/** Whether a file may be written without asking: in a root, and not protected there. */
export function isWritable(
  path: string,
  policy: SandboxPolicy,
  places: Places,
): boolean {
  const roots = writableRoots(policy, places);
  if (roots === "everything") return true;
  const full = resolvePath(places.workspace, path);
  const inside = roots.filter((root) => isInside(full, root));
  const kept = "readOnly" in policy ? policy.readOnly ?? [] : [];
  const isKept = kept.map((one) => resolvePath(places.workspace, one)).some((
    one,
  ) =>
    isInside(full, one) &&
    !inside.some((root) => root !== one && isInside(root, one))
  );
  return inside.length > 0 && !isKept &&
    !inside.some((root) => isProtected(full, root));
}

/**
 * Whether git or an agent would later run or obey what is at the path, in whatever case a
 * case-insensitive disk would find it: never written without a question. Both are absolute.
 */
export function isProtected(path: string, root: string): boolean {
  const parts = path.slice(root.length).toLowerCase().split("/")
    .filter((part) => part !== "" && part !== ".");
  return parts.includes(".git") ||
    [".codex", ".agents", ".mcp.json"].includes(parts[0] ?? "");
}
