/** Refuses sandbox policies that would protect nothing, or hide everything. */
import { configError, UserError } from "../../core/protocol/error.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { unreachable } from "../../core/util/assert.ts";
import { isBroken, matchesGlob, spellings } from "../../core/util/glob.ts";
import { isAbsolute, resolvePath } from "../../core/util/path.ts";

interface CheckPlaces {
  readonly workspace: string;
  readonly homeDir: string | undefined;
}

/** Throws UserError with the reason when the policy cannot be meant. */
export function checkPolicy(policy: SandboxPolicy, places: CheckPlaces): void {
  switch (policy.mode) {
    case "danger-full-access":
    case "external-sandbox":
      return;
    case "read-only":
      for (const pattern of policy.denyRead) checkDenyRead(pattern, places);
      return;
    case "workspace-write":
      if (resolvePath("/", places.workspace) === "/") {
        throw new UserError(
          "sandbox",
          'Cannot make the workspace writable: it is "/", must be a folder below it (choose one with -C)',
        );
      }
      for (const root of policy.writableRoots) checkRoot(root, places);
      for (const pattern of policy.denyRead) checkDenyRead(pattern, places);
      return;
    default:
      return unreachable(policy);
  }
}

function checkRoot(root: string, places: CheckPlaces): void {
  const refuse = (state: string, wanted: string): never => {
    throw configError(
      `Cannot use ${
        JSON.stringify(root)
      } in writable_roots: ${state}, must be ${wanted}`,
    );
  };
  if (!isAbsolute(root)) refuse("it is relative", "an absolute path");
  const full = resolvePath("/", root);
  if (full === "/") {
    refuse("it is the root of the file system", "a folder below it");
  }
  if (full === places.homeDir) {
    refuse("it is the home folder", "a folder below it");
  }
}

// A pattern that fits a name nobody would choose fits every name beside it.
const ANY_NAME = "\u0001";

function checkDenyRead(pattern: string, places: CheckPlaces): void {
  const refuse = (state: string, wanted: string): never => {
    throw configError(
      `Cannot use ${
        JSON.stringify(pattern)
      } in deny_read: ${state}, must be ${wanted}`,
    );
  };
  const max = LIMITS.denyReadMatches;
  if (spellings(pattern).drop(max).next().done !== true) {
    refuse(`it stands for more than ${max} globs`, "narrower");
  }
  if (isBroken(pattern)) {
    refuse("a bracket in it is not closed or runs backwards", "a whole glob");
  }
  const full = resolvePath(places.workspace, pattern);
  // A pattern over a folder hides all of it, so a match above the workspace hides that too.
  const needed = [places.workspace, places.homeDir, "/usr", "/bin", "/lib"]
    .filter((path) => path !== undefined);
  const covered = needed.find((path) =>
    matchesGlob(full, path) || matchesGlob(full, `${path}/${ANY_NAME}`)
  );
  if (covered === undefined && full !== "/") return;
  refuse(`it matches all of ${covered ?? "/"}`, "narrower");
}
