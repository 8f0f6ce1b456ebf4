/** A folder and its checkpoints: turns by patches and real commands, and the tree as it stands. */
import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import type { SandboxPolicy } from "../../../../core/protocol/policy.ts";
import {
  type Checkpoints,
  createCheckpoints,
} from "../../../../core/session/undo/checkpoints.ts";
import { runApplyPatch } from "../../../../tools/patch/command.ts";

/** What is at a path: kind, permission bits, content or target. */
export type Tree = Readonly<Record<string, string>>;

export interface Lab extends AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly work: string;
  readonly checkpoints: Checkpoints;
  readonly warnings: readonly string[];
  /** Checkpoints as another process, or another thread, would have them. */
  open(threadId?: string): Checkpoints;
  /** Runs a command line, as the tool would around it. */
  command(turnId: string, line: string, by?: Checkpoints): Promise<void>;
  /** What changes between commands is the turn's, too. */
  isWhole: boolean;
  /** Adds, changes or deletes files of the folder; text null deletes. */
  patch(turnId: string, path: string, text: string | null): Promise<void>;
  end(turnId: string, by?: Checkpoints): Promise<void>;
  /** What somebody else does, whom nobody asks. */
  bash(line: string): Promise<void>;
  tree(): Promise<Tree>;
}

const FULL: SandboxPolicy = { mode: "danger-full-access" };

export async function makeLab(): Promise<Lab> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const home = `${root}/home`;
  const work = `${root}/work`;
  await Deno.mkdir(home);
  await Deno.mkdir(work);
  const host = { ...denoHost(), homeDir: () => home };
  const warnings: string[] = [];
  const open = (threadId = "thread"): Checkpoints =>
    createCheckpoints(host, {
      codexHome: home,
      threadId,
      warn: (message) => warnings.push(message),
    });
  const checkpoints = open();
  const bash = async (line: string): Promise<void> => {
    await new Deno.Command("bash", {
      args: ["-c", line],
      cwd: work,
      stdout: "null",
      stderr: "null",
    }).output();
  };
  const lab: Lab = {
    root,
    home,
    work,
    checkpoints,
    warnings,
    isWhole: false,
    open,
    bash,
    async command(turnId, line, by = checkpoints) {
      const over = await by.beforeProgram(turnId, {
        cwd: work,
        sandbox: FULL,
        what: line,
        isWhole: lab.isWhole,
        messagesBefore: 0,
      });
      await bash(line);
      await over();
    },
    async patch(turnId, path, text) {
      const full = `${work}/${path}`;
      // The tool names what a link leads to.
      const isLink = await Deno.lstat(full)
        .then((info) => info.isSymlink, () => false);
      if (isLink) return;
      await checkpoints.beforeChange(turnId, full);
      const lines = text?.split("\n").map((line) => `+${line}`) ?? [];
      const patch = [
        "*** Begin Patch",
        `*** ${text === null ? "Delete" : "Add"} File: ${path}`,
        ...lines,
        "*** End Patch",
        "",
      ].join("\n");
      await runApplyPatch({ host, patch, cwd: work });
    },
    end: async (turnId, by = checkpoints) => await by.commit(turnId, 0),
    tree: async () => Object.fromEntries(await readTree(work, "")),
    [Symbol.asyncDispose]: async () => {
      await bash(`chmod -R u+rwX .`);
      await Deno.remove(root, { recursive: true });
    },
  };
  return lab;
}

export async function readTree(
  root: string,
  path: string,
): Promise<readonly [string, string][]> {
  const full = path === "" ? root : `${root}/${path}`;
  const info = await Deno.lstat(full);
  const mode = ((info.mode ?? 0) & 0o7777).toString(8);
  if (info.isSymlink) return [[path, `link ${await Deno.readLink(full)}`]];
  if (info.isFile) {
    const bytes = await Deno.readFile(full);
    return [[path, `file ${mode} ${bytes.toHex()}`]];
  }
  if (!info.isDirectory) return [[path, "special"]];
  const entries: [string, string][] = [[path, `folder ${mode}`]];
  for await (const { name } of Deno.readDir(full)) {
    entries.push(
      ...await readTree(root, path === "" ? name : `${path}/${name}`),
    );
  }
  return entries.sort();
}

/** Both trees, and where they differ when they do. */
export function assertSameTree(now: Tree, wanted: Tree, why = ""): void {
  const paths = [...new Set([...Object.keys(now), ...Object.keys(wanted)])];
  const differ = paths.filter((path) => now[path] !== wanted[path])
    .map((path) => `${path}: is ${now[path]}, was ${wanted[path]}`);
  assert.deepEqual(differ, [], why);
}
