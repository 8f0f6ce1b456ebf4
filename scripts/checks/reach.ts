/** Reach: which files start programs and which read the disk, each with its reason. */
import { PRODUCT, type SourceFile, withoutComments } from "./source.ts";

/** Files that start a program, and whose program it is. */
const STARTS: Readonly<Record<string, string>> = {
  "core/config/managed/managed.ts":
    "hostname(1), where managed policy goes by the name of the machine",
  "core/app/batch/attempt.ts": "this program itself, once for each task",
  "core/app/mcp/login.ts": "the person's browser",
  "core/app/commands/exec.ts": "the shell, to find a program of the flags",
  "core/app/until/open.ts": "the shell, to read a command of the flags",
  "core/app/git.ts": "git, through a Git folder of rondo's own",
  "core/app/login_shell.ts":
    "the person's login, where no command can write what it reads",
  "core/cassette/spawn.ts": "what others start, recorded",
  "core/config/provider/auth.ts": "the auth command of the configuration",
  "core/frontends/conversation/clipboard.ts": "the person's clipboard",
  "core/frontends/exec/approvals.ts": "the approval program of the flags",
  "core/host/keeper.ts": "the shell that ends what a killed run leaves",
  "core/host/spawn.ts": "what others start, for real",
  "core/host/system/descriptors.ts": "the function that it is given",
  "core/session/hooks/hooks.ts": "hooks that the person trusts",
  "core/session/hooks/notify.ts": "the notify program of the configuration",
  "core/session/hooks/run_program.ts": "programs of those who call it",
  "core/staging/git.ts": "git, with settings of rondo's own",
  "sandbox/network/network.ts": "a made program of its own",
  "sandbox/probe/short_run.ts": "probes of the sandbox",
  "sandbox/run/run_command.ts": "commands, confined as the policy says",
  "tools/mcp/client/stdio.ts": "MCP servers that the person trusts",
};

/** Files near the model that read the disk, and why that is no way past the policy. */
const READS: Readonly<Record<string, string>> = {
  "core/app/batch/checks.ts": "the tasks file of the command line",
  "core/app/batch/harvest.ts": "what a task made, for the person",
  "core/app/batch/out.ts": "processes of an earlier start",
  "core/app/batch/run_number.ts": "notes of batches under way",
  "core/app/batch/views.ts": "results, for the person",
  "core/app/batch/workplace.ts":
    "what lies beside the tasks file and is named in it",
  "core/app/commands/exec_input.ts": "an image or output schema of the flags",
  "core/app/instructions.ts": "through Sandbox.readable",
  "core/app/login_shell.ts": "the login shell of passwd(5)",
  "core/app/policy/command.ts": "test cases of the flags",
  "core/app/git.ts": "the index, for git",
  "core/app/stage/apply_command.ts": "a patch of the flags or of a session",
  "core/app/stage/patches.ts": "patches of its own",
  "core/app/stage/first_files.ts": "through Sandbox.readable",
  "core/app/serve/files.ts": "through Sandbox.readable",
  "core/app/repl/git_diff.ts": "new files, for the person's eyes",
  "core/context/agents_md.ts": "through Sandbox.readable",
  "core/context/skills/load.ts": "through Sandbox.readable",
  "core/context/skills/mentions.ts": "through Sandbox.readable",
  "core/context/user_input.ts": "through Sandbox.readable",
  "core/frontends/acp/editor_files.ts":
    "to compare with what the editor gives of a file that the person names",
  "core/frontends/editor/history_file.ts": "the person's own history",
  "core/model/request_gate.ts": "notes of the batch that this run is of",
  "core/session/undo/file_state.ts": "through Sandbox.readable",
  "core/session/undo/kept/object_store.ts": "copies of its own",
  "core/session/undo/others.ts": "notes of its own",
  "core/session/undo/turn_notes.ts": "notes of its own",
  "core/session/undo/watch/open_turn.ts": "notes of its own",
  "core/session/undo/watch/tree_file.ts": "notes of its own",
  "tools/gate/rule_store.ts": "rules of the person and of a trusted project",
  "tools/patch/editor_buffers.ts": "through Sandbox.readable",
  "tools/patch/plan.ts": "through Sandbox.readable, or inside the sandbox",
  "tools/patch/planned.ts": "inside the sandbox, or for what a user approved",
  "tools/read_file.ts": "through Sandbox.readable",
  "tools/view_image.ts": "through Sandbox.readable",
};

const NEAR_MODEL =
  /^(core\/(app|context|frontends|model|policy|session\/(hooks|state|thread|turn|undo))\/|core\/app\.ts$|tools\/)/;
// A call, also of what was taken out of the host before, or of what may be absent.
const START =
  /\.spawn(\?\.)?\(|(?<![.\w])spawn\((?!request:)|\["spawn"\]|\brunProgram\(|\bDeno\.Command\b/;
const READ =
  /\b(readText|readBytes|readRange)(\?\.)?\(|\["(readText|readBytes|readRange)"\]/;
const GIT: readonly string[] = ["core/app/git.ts", "core/staging/git.ts"];

/**
 * What starts programs or reads the disk without a reason in the tables above. Before one is
 * added: has a person approved what is started, and may what is read reach the model?
 */
export function findReachProblems(files: readonly SourceFile[]): string[] {
  const product = files.filter(({ path }) => PRODUCT.test(path))
    .map(({ path, text }) => ({ path, text: withoutComments(text) }));
  const near = product.filter(({ path }) => NEAR_MODEL.test(path));
  return [
    ...compare(product, START, STARTS, "starts programs"),
    ...compare(near, READ, READS, "reads the disk"),
    ...product.filter(({ path, text }) =>
      !GIT.includes(path) && STARTS[path] !== undefined && /["/]git"/.test(text)
    ).map(({ path }) => `${path}: starts git, must ask ${GIT[0]} instead`),
  ];
}

function compare(
  files: readonly SourceFile[],
  pattern: RegExp,
  reasons: Readonly<Record<string, string>>,
  what: string,
): string[] {
  const found = files.filter(({ text }) => pattern.test(text))
    .map(({ path }) => path);
  return [
    ...found.filter((path) => reasons[path] === undefined).map((path) =>
      `${path}: ${what}, must have a reason in scripts/checks/reach.ts`
    ),
    ...Object.keys(reasons).filter((path) => !found.includes(path)).map(
      (path) =>
        `${path}: no longer ${what}, must leave scripts/checks/reach.ts`,
    ),
  ];
}
