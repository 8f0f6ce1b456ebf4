/** Keeps of a git configuration what only describes: git-config(1) knows hundreds of keys that run programs. Pure. */

/** By section: keys that name no program, file of settings or other server. Lower case. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  branch: ["merge", "rebase", "remote"],
  core: [
    "autocrlf",
    "bare",
    "eol",
    "filemode",
    "ignorecase",
    "logallrefupdates",
    "precomposeunicode",
    "repositoryformatversion",
    "safecrlf",
    "sharedrepository",
    "sparsecheckout",
    "sparsecheckoutcone",
    "symlinks",
  ],
  extensions: [
    "compatobjectformat",
    "objectformat",
    "refstorage",
    "worktreeconfig",
  ],
  init: ["defaultbranch"],
  pull: ["ff", "rebase"],
  push: ["autosetupremote", "default"],
  remote: ["fetch", "tagopt", "url"],
  submodule: ["active", "branch", "url"],
  user: ["email", "name"],
};

/** `ext::` and other helpers of git-remote-ext(1) are commands. */
const COMMAND_URL = /^["\s]*[\w.+-]+::/;

/** The text without the lines that are not known to be harmless. */
export function filterGitConfig(text: string): string {
  let section: string | undefined;
  const kept: string[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (/^\s*([#;].*)?$/.test(line)) {
      kept.push(line);
      continue;
    }
    const header = /^\s*\[([A-Za-z0-9.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\]\s*$/
      .exec(line);
    if (header !== null) {
      const name = (header[1] ?? "").split(".")[0]?.toLowerCase() ?? "";
      section = Object.hasOwn(HARMLESS, name) ? name : undefined;
      if (section !== undefined) kept.push(line);
      continue;
    }
    // One that shares its line with a key, or that git would refuse.
    if (/^\s*\[/.test(line)) {
      section = undefined;
      continue;
    }
    const [, key = "", value = ""] =
      /^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$/.exec(line) ?? [];
    // A value that is continued on the next line takes that line with it.
    if (line.endsWith("\\")) {
      while ((lines[at] ?? "").endsWith("\\")) at++;
      continue;
    }
    const known = section === undefined ? undefined : HARMLESS[section];
    if (!known?.includes(key.toLowerCase())) continue;
    if (/^url$/i.test(key) && COMMAND_URL.test(value)) continue;
    kept.push(line);
  }
  return kept.join("\n");
}
