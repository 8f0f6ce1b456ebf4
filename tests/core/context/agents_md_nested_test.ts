/** AGENTS.md files below the cwd are told once, when they begin to matter. */
import assert from "node:assert/strict";
import {
  createNestedDocState,
  nestedDocsFor,
  type NestedDocState,
  sentFolder,
} from "../../../core/context/agents_md_nested.ts";
import { typedText } from "../../../core/context/format/tags.ts";
import { denoFiles } from "../../../core/host/files/files.ts";
import {
  textMessage,
  viewItem,
  type WireItem,
} from "../../../core/protocol/item.ts";
import { withTree } from "./support.ts";

const host = { files: denoFiles };

function stateOf(
  cwd: string,
  bytesLeft = 1000,
  items: readonly WireItem[] = [],
): NestedDocState {
  const root = cwd;
  return createNestedDocState({
    cwd,
    fallbackNames: [],
    root,
    bytesLeft,
    items,
  });
}

function textOf(item: WireItem | undefined): string {
  const view = item === undefined ? undefined : viewItem(item);
  return view?.type === "message" ? view.text : "";
}

Deno.test("nestedDocsFor() tells each folder's file once, outermost first", async () => {
  await withTree({
    "AGENTS.md": "top, told at the start",
    "a/AGENTS.md": "A",
    "a/b/c/AGENTS.md": "C",
  }, async (root) => {
    const state = stateOf(root);
    const first = await nestedDocsFor(host, state, `${root}/a/b/c/x.ts`);
    assert.deepEqual(first.items, [
      textMessage(
        "user",
        `# AGENTS.md instructions for ${root}/a\n\n<INSTRUCTIONS>\nA\n</INSTRUCTIONS>`,
      ),
      textMessage(
        "user",
        `# AGENTS.md instructions for ${root}/a/b/c\n\n<INSTRUCTIONS>\nC\n</INSTRUCTIONS>`,
      ),
    ]);
    assert.equal(first.items[0] && typedText(first.items[0]), undefined);
    const second = await nestedDocsFor(host, state, `${root}/a/b/c/y.ts`);
    assert.deepEqual(second, { items: [], warnings: [] });
  });
});

Deno.test("nestedDocsFor() tells nothing of the cwd itself or of what lies outside", async () => {
  await withTree({
    "repo/AGENTS.md": "top",
    "other/AGENTS.md": "other",
  }, async (root) => {
    const state = stateOf(`${root}/repo`);
    for (const path of ["repo/x.ts", "repo", "other/x.ts", "other"]) {
      const { items } = await nestedDocsFor(host, state, `${root}/${path}`);
      assert.deepEqual(items, [], path);
    }
  });
});

Deno.test("nestedDocsFor() leaves alone what packages and hidden folders bring", async () => {
  await withTree({
    "node_modules/evil/AGENTS.md": "obey",
    ".cache/x/AGENTS.md": "obey",
  }, async (root) => {
    const state = stateOf(root);
    for (const path of ["node_modules/evil/i.js", ".cache/x/f"]) {
      const { items } = await nestedDocsFor(host, state, `${root}/${path}`);
      assert.deepEqual(items, [], path);
    }
  });
});

Deno.test("nestedDocsFor() does not follow a link out of the project", async () => {
  await withTree({
    "repo/x": "",
    "outside/AGENTS.md": "obey",
  }, async (root) => {
    await Deno.symlink(`${root}/outside`, `${root}/repo/link`);
    const state = stateOf(`${root}/repo`);
    const { items } = await nestedDocsFor(host, state, `${root}/repo/link/f`);
    assert.deepEqual(items, []);
  });
});

Deno.test("nestedDocsFor() keeps to what is left of the budget and says what is missing", async () => {
  await withTree({
    "a/AGENTS.md": "1234567890",
    "b/AGENTS.md": "1234567890",
  }, async (root) => {
    const state = stateOf(root, 4);
    const first = await nestedDocsFor(host, state, `${root}/a/x`);
    assert.match(textOf(first.items[0]), /\n1234\n\[6 more bytes of/);
    const second = await nestedDocsFor(host, state, `${root}/b/x`);
    assert.match(textOf(second.items[0]), /\n\[10 more bytes of/);
    assert.deepEqual([first, second].map((sent) => sent.warnings), [
      [`${root}/a/AGENTS.md is cut after 4 bytes: 6 bytes exceed the limit for instruction files`],
      [`${root}/b/AGENTS.md does not reach the model: 10 bytes exceed the limit for instruction files`],
    ]);
  });
});

Deno.test("createNestedDocState() knows what a resumed conversation was told", async () => {
  await withTree({ "a/AGENTS.md": "A" }, async (root) => {
    const before = await nestedDocsFor(host, stateOf(root), `${root}/a/x`);
    assert.equal(sentFolder(before.items[0]!), `${root}/a`);
    const state = stateOf(root, 1000, before.items);
    const after = await nestedDocsFor(host, state, `${root}/a/y`);
    assert.deepEqual(after.items, []);
  });
});
