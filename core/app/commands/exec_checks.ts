/** What `rondo exec` needs besides a model, looked at before the first request. */
import { approvalCommandOf } from "../../frontends/exec/output.ts";
import type { LoadedConfig } from "../../config/load.ts";
import type { CommandLine, Flags } from "../../contract/command_line.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { runProgram } from "../../session/hooks/run_program.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { splitCommand } from "../../policy/shell/split.ts";
import { expandHome, resolvePath } from "../../util/path.ts";
import { needCommit } from "../git.ts";
import type { Runtime } from "../runtime.ts";

/** Throws UserError for what would only come out after a request. */
export async function checkBeforeRequest(
  host: Host,
  { loaded }: Pick<Runtime, "loaded">,
  { command, flags }: CommandLine,
): Promise<void> {
  await checkRepository(host, loaded, flags);
  if (command === "exec review") await checkReviewed(host, loaded, flags);
  await checkApprovals(host, flags);
}

// Outside of a repository nothing could be taken back.
async function checkRepository(
  host: Host,
  loaded: LoadedConfig,
  flags: Flags,
): Promise<void> {
  if (flags.skipGitRepoCheck || flags.bypass) return;
  if (loaded.trust.level === "trusted") return;
  for (let folder = loaded.cwd;;) {
    if (await host.files.stat(`${folder}/.git`) !== undefined) return;
    if (folder === "/") break;
    folder = resolvePath(folder, "..");
  }
  throw usageError(
    `Cannot start in ${loaded.cwd}: not a git repository and not trusted: run ${PROGRAM} here once to trust it, or pass --skip-git-repo-check`,
  );
}

async function checkReviewed(
  host: Host,
  loaded: LoadedConfig,
  { base, commit }: Flags,
): Promise<void> {
  const name = base ?? commit;
  if (name === undefined) return;
  const flag = base === undefined ? "--commit" : "--base";
  await needCommit(host, loaded, { flag, name });
}

// Run by /bin/sh: is it a script, and is every program there that it names for sure?
const FIND_MISSING = `/bin/sh -n -c "$0" || exit 2
for program; do
  case $program in
    */*) [ -f "$program" ] && [ -x "$program" ] ;;
    *) command -v -- "$program" >/dev/null ;;
  esac || { printf %s "$program"; exit 3; }
done`;

async function checkApprovals(host: Host, flags: Flags): Promise<void> {
  const command = approvalCommandOf(flags);
  if (command === undefined) return;
  const home = host.homeDir() ?? "/";
  const programs = programsOf(command, host.cwd)
    .map((program) => expandHome(program, home));
  const { exitCode, stdout } = await runProgram(host, {
    argv: ["/bin/sh", "-c", FIND_MISSING, command, ...programs],
    cwd: host.cwd,
    env: { PATH: host.env("PATH") ?? "", HOME: home },
    timeoutMs: LIMITS.gitMs,
    outputBytesMax: 1_000,
  });
  if (exitCode === 0 && command.trim() !== "") return;
  const problem = exitCode === 3
    ? `there is no program ${stdout}, must be one that can be run`
    : "it is no command of the shell, must be one";
  throw usageError(`Cannot use --approvals exec:${command}: ${problem}`);
}

// Of a script that only the shell understands, its first word.
function programsOf(command: string, cwd: string): readonly string[] {
  const split = splitCommand(["/bin/sh", "-c", command], cwd);
  if (split.kind === "plain") {
    return split.segments.flatMap(({ words: [program = ""] }, at) =>
      split.joiners[at - 1] === "||" ? [] : [program]
    );
  }
  const first =
    /^\s*(?:\w+=\S*\s+)*(?:"([^"$`\\]+)"|'([^']+)'|([\w./+@~-]+))(?:\s|$)/
      .exec(command);
  return (first ?? []).slice(1).filter((word) => word !== undefined);
}
