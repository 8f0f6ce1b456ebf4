/** The law of undo with the real program: UNDO_RUNS / 20 lives. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LINE } from "../core/session/undo/support_lines.ts";
import { assertSameTree, readTree } from "../core/session/undo/support_undo.ts";
import { call, mockModel, say } from "../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";

const numRuns = Math.ceil(Number(Deno.env.get("UNDO_RUNS") ?? 20) / 20);

const LIFE = fc.record({
  first: fc.array(LINE, { maxLength: 5 }),
  turns: fc.array(
    fc.array(fc.array(LINE, { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 2,
    }),
    { minLength: 1, maxLength: 3 },
  ),
  undo: fc.integer({ min: 1, max: 3 }),
  isSandboxed: fc.boolean(),
});

Deno.test("the program gives back the folder as it was before its turns (law)", async () => {
  await fc.assert(
    fc.asyncProperty(LIFE, async ({ first, turns, undo, isSandboxed }) => {
      await using model = mockModel({
        script: turns.flatMap((commands) => [
          ...commands.map((lines) =>
            call("shell", { command: ["bash", "-c", quiet(lines)] })
          ),
          say("Done."),
        ]),
      });
      await using home = await agentHome({ config: mockConfig(model.url) });
      await run(home, first);
      const trees = [await treeOf(home)];
      for (const at of turns.keys()) {
        await rondo(home, [
          "exec",
          "--skip-git-repo-check",
          ...isSandboxed
            ? ["-s", "workspace-write"]
            : ["--dangerously-bypass-approvals-and-sandbox"],
          ...(at === 0 ? [] : ["resume", "--last"]),
          "go",
        ]);
        await run(home, [`echo ${at} > mine${at}`]);
        trees.push(await treeOf(home));
      }
      const now = trees.at(-1) ?? {};
      // A turn without changes is none to be taken back.
      const changed = turns.map((_, at) => at)
        .filter((at) => !isSame(trees[at] ?? {}, trees[at + 1] ?? {}));
      const oldest = changed.slice(-undo)[0] ?? turns.length;
      await rondo(home, ["undo", `${undo}`, "--yes", "--restore", "code"]);
      const was = trees[oldest] ?? {};
      assertSameTree(await treeOf(home), { ...was, ...pickMine(now) });
    }),
    { numRuns },
  );
});

// Asked of the shell alone: the policy refuses what deletes without asking back.
function quiet(lines: readonly string[]): string {
  return lines.join("\n").replaceAll("rm -rf", "rm -r");
}

async function run(home: AgentHome, lines: readonly string[]): Promise<void> {
  await new Deno.Command("bash", {
    args: ["-c", lines.join("\n")],
    cwd: home.work,
    stdout: "null",
    stderr: "null",
  }).output();
}

async function rondo(home: AgentHome, args: readonly string[]): Promise<void> {
  const { code, stderr, stdout } = await runAgent({ home, args });
  assert.equal(code, 0, stderr + stdout);
  assert.doesNotMatch(stderr, /Cannot keep/);
}

type Tree = Readonly<Record<string, string>>;

async function treeOf({ work }: AgentHome): Promise<Tree> {
  return Object.fromEntries(await readTree(work, ""));
}

function isSame(left: Tree, right: Tree): boolean {
  const names = (tree: Tree): string[] =>
    Object.keys(tree).filter((path) => !path.startsWith("mine"));
  return names(left).join("\n") === names(right).join("\n") &&
    names(left).every((path) => left[path] === right[path]);
}

function pickMine(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).filter(([path]) => path.startsWith("mine")),
  );
}
