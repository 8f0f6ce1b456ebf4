/** Everything the model is told beside the conversation, over the life of a thread. */
import assert from "node:assert/strict";
import {
  PromptSource,
  type PromptSourceOptions,
} from "../../../core/context/context_source.ts";
import { restoreSentContext } from "../../../core/context/recall.ts";
import { denoFiles } from "../../../core/host/files/files.ts";
import { UserError } from "../../../core/protocol/error.ts";
import { SANDBOX_STATUS, sent, settings, withTree } from "./support.ts";

const TREE = {
  "repo/.git/": "",
  "repo/AGENTS.md": "Be kind.",
  "repo/sub/AGENTS.md": "Be brief.",
  "repo/.agents/skills/pdf/SKILL.md":
    "---\nname: pdf\ndescription: reads PDF\n---\nOpen it.\n",
  "repo/.agents/skills/bad/SKILL.md": "broken",
};

interface Made {
  readonly source: PromptSource;
  readonly warnings: string[];
}

function make(root: string, patch: Partial<PromptSourceOptions> = {}): Made {
  const warnings: string[] = [];
  const host = {
    files: denoFiles,
    now: () => new Date("2026-11-20T12:00:00Z"),
    timezone: () => "UTC",
  };
  const source = new PromptSource(host, {
    instructions: "You are a test.",
    codexHome: `${root}/home/.codex`,
    home: `${root}/home`,
    rootMarkers: [".git"],
    fallbackNames: [],
    docBytesMax: 32_768,
    skillsConfig: [],
    adminRoot: `${root}/admin`,
    permissions: () =>
      Promise.resolve({
        sandboxStatus: SANDBOX_STATUS,
        writableRoots: [],
        approvedPrefixes: [],
      }),
    readable: () => denoFiles,
    warn: (message) => warnings.push(message),
    ...patch,
  });
  return { source, warnings };
}

Deno.test("PromptSource.contextUpdate() tells everything first, then only changes", async () => {
  await withTree(TREE, async (root) => {
    const { source, warnings } = make(root, {
      developerInstructions: "Latin.",
    });
    const at = settings({ cwd: `${root}/repo` });
    const first = await source.contextUpdate(undefined, at);
    const texts = sent(first.items);
    assert.equal(texts.length, 4);
    assert.equal(texts[1], "developer: Latin.");
    assert.match(texts[2] ?? "", /Be kind\.[\s\S]*- pdf: reads PDF \(file: /);
    assert.match(texts[3] ?? "", /<current_date>2026-11-20</);
    assert.deepEqual((await source.contextUpdate(first.sent, at)).items, []);
    const quiet = settings({ cwd: `${root}/repo`, approval: "never" });
    const change = await source.contextUpdate(first.sent, quiet);
    assert.equal(change.items.length, 1);
    assert.deepEqual(
      (await source.contextUpdate(change.sent, quiet)).items,
      [],
    );
    assert.equal(warnings.length, 1, "the broken skill is named once");
  });
});

Deno.test("PromptSource.contextUpdate() reads instructions once for a folder", async () => {
  await withTree(TREE, async (root) => {
    const { source, warnings } = make(root);
    const at = settings({ cwd: `${root}/repo` });
    const first = await source.contextUpdate(undefined, at);
    await Deno.writeTextFile(`${root}/repo/AGENTS.md`, "Changed.");
    assert.deepEqual((await source.contextUpdate(first.sent, at)).items, []);
    const below = settings({ cwd: `${root}/repo/sub` });
    const moved = sent((await source.contextUpdate(first.sent, below)).items);
    assert.match(moved[0] ?? "", /Changed\.\n\nBe brief\./);
    assert.match(moved[1] ?? "", /<cwd>.*\/repo\/sub<\/cwd>/);
    assert.equal(warnings.length, 1, "the same sentence is said once");
  });
});

Deno.test("PromptSource.contextUpdate() after a resume tells nothing that was told before", async () => {
  await withTree(TREE, async (root) => {
    const at = settings({ cwd: `${root}/repo` });
    const before = make(root).source;
    const { items } = await before.contextUpdate(undefined, at);
    const nested = await before.touched([`${root}/repo/sub/x`]);
    assert.equal(nested.length, 1);
    const all = [...items, ...nested];
    const after = make(root).source;
    after.resume(all);
    const recalled = restoreSentContext(all, {
      model: at.model.slug,
      instructions: "You are a test.",
      cwd: at.cwd,
    });
    assert.deepEqual((await after.contextUpdate(recalled, at)).items, []);
    assert.deepEqual(await after.touched([`${root}/repo/sub/y`]), []);
  });
});

Deno.test("PromptSource.touched() tells a folder's instructions once in a generation", async () => {
  await withTree(TREE, async (root) => {
    const { source } = make(root);
    const at = settings({ cwd: `${root}/repo` });
    assert.deepEqual(await source.touched([`${root}/repo/sub/x`]), []);
    await source.contextUpdate(undefined, at);
    const paths = [
      `${root}/repo/a`,
      `${root}/repo/sub/x`,
      `${root}/repo/sub/y`,
    ];
    assert.match(sent(await source.touched(paths)).join("\n"), /Be brief\./);
    assert.deepEqual(await source.touched(paths), []);
    await source.contextUpdate(undefined, at);
    assert.equal((await source.touched(paths)).length, 1, "told anew");
  });
});

Deno.test("PromptSource.userItems() adds the skills that are named after the message", async () => {
  await withTree(TREE, async (root) => {
    const { source } = make(root);
    const at = settings({ cwd: `${root}/repo` });
    const said = await source.userItems(
      [{ type: "text", text: "use $pdf here" }],
      at,
    );
    const [words, skill, ...none] = sent(said.items);
    assert.equal(words, "user: use $pdf here");
    assert.match(
      skill ?? "",
      /^user: <skill>\n<name>pdf<\/name>\n<path>.*Open it\.\n<\/skill>$/s,
    );
    assert.deepEqual([none, said.warnings], [[], []]);
  });
});

Deno.test("PromptSource.userItems() throws what the person must mend", async () => {
  await withTree(TREE, async (root) => {
    const { source } = make(root);
    await assert.rejects(
      source.userItems(
        [{ type: "image", path: "gone.png" }],
        settings({ cwd: `${root}/repo` }),
      ),
      (error) =>
        error instanceof UserError &&
        error.message ===
          `Cannot send image ${root}/repo/gone.png: there is no such file`,
    );
  });
});

Deno.test("PromptSource.docFiles() and skills() tell what is loaded", async () => {
  await withTree(TREE, async (root) => {
    const at = settings({ cwd: `${root}/repo` });
    const { source } = make(root);
    assert.deepEqual(await source.docFiles(at), [
      { path: `${root}/repo/AGENTS.md`, bytes: 8, cut: false },
    ]);
    const skills = await source.skills(at);
    assert.deepEqual(skills.map(({ name }) => name), ["pdf"]);
  });
});
