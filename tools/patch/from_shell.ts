/** A patch that was typed as a shell command, taken out of it again. Pure. */
import { ToolError } from "../../core/protocol/error.ts";
import { basename, resolvePath } from "../../core/util/path.ts";
import { BEGIN_PATCH } from "./parse.ts";

export interface PatchFromShell {
  readonly patch: string;
  /** Absolute: where the patch's relative paths start. */
  readonly workdir: string;
}

const NAMES = new Set(["apply_patch", "applypatch"]);
const SHELLS = new Set(["bash", "zsh", "sh"]);

// `apply_patch <<'EOF'`, alone or after `cd DIR &&`. DIR is one plain or quoted word in
// which a shell expands nothing; anything richer is left to the shell.
const OPENING =
  /^\s*(?:cd[ \t]+(?:--[ \t]+)?(?<dir>'[^'\n]*'|"[^"$`\\!\n]*"|[^\s'"\\$`~*?[\]{}()<>|&;#!-][^\s'"\\$`*?[\]{}()<>|&;#!]*)[ \t]*&&\s*)?(?<name>apply_?patch)[ \t]*<<(?<strip>-?)[ \t]*(?:'(?<single>[^'\n]+)'|"(?<double>[^"$`\\\n]+)"|(?<bare>[\w.-]+))[ \t]*\n/;

/**
 * The patch when a command is nothing but one; undefined when it is any other command.
 * Throws ToolError for a patch that stands there without `apply_patch` before it.
 */
export function parseShellPatch(
  argv: readonly string[],
  workdir: string,
): PatchFromShell | undefined {
  const [program = "", second = "", third] = argv;
  if (argv.length === 2 && NAMES.has(program)) {
    return { patch: second, workdir };
  }
  const script = argv.length === 3 && isShell(program, second)
    ? third
    : undefined;
  if (
    (script ?? (argv.length === 1 ? program : "")).trimStart().startsWith(
      BEGIN_PATCH,
    )
  ) {
    throw new ToolError(
      "Cannot run the command: it is the text of a patch, must be given to apply_patch",
    );
  }
  return script === undefined ? undefined : parseScript(script, workdir);
}

function isShell(program: string, flag: string): boolean {
  return SHELLS.has(basename(program)) && (flag === "-lc" || flag === "-c");
}

function parseScript(
  script: string,
  workdir: string,
): PatchFromShell | undefined {
  const opening = OPENING.exec(script);
  if (opening?.groups === undefined) return undefined;
  const { dir, strip, single, double, bare } = opening.groups;
  const delimiter = single ?? double ?? bare ?? "";
  const lines = script.slice(opening[0].length).split("\n")
    .map((line) => strip === "-" ? line.replace(/^\t+/, "") : line);
  const end = lines.indexOf(delimiter);
  // Without its end, or with more commands after it, this is the shell's business.
  if (end < 0 || lines.slice(end + 1).some((line) => line.trim() !== "")) {
    return undefined;
  }
  const patch = lines.slice(0, end).join("\n");
  if (dir === undefined) return { patch, workdir };
  const folder = /^['"]/.test(dir) ? dir.slice(1, -1) : dir;
  return { patch, workdir: resolvePath(workdir, folder) };
}

/** The absolute paths that a patch names, whether or not it can be applied. */
export function patchPaths(
  { patch, workdir }: PatchFromShell,
): readonly string[] {
  const names = /^\*\*\* (?:(?:Add|Delete|Update) File|Move to): (.+?)\s*$/gm;
  return Array.from(
    patch.matchAll(names),
    ([, path = ""]) => resolvePath(workdir, path),
  );
}
