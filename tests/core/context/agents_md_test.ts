/** AGENTS.md discovery on a real disk. */
import assert from "node:assert/strict";
import { loadProjectDocs } from "../../../core/context/agents_md.ts";
import type { ProjectDocs } from "../../../core/context/agents_md.ts";
import { denoFiles } from "../../../core/host/files/files.ts";
import { byteLength } from "../../../core/util/text/text.ts";
import { withTree } from "./support.ts";

type Tree = Readonly<Record<string, string | Uint8Array>>;

interface Options {
  readonly cwd?: string;
  readonly rootMarkers?: readonly string[];
  readonly fallbackNames?: readonly string[];
  readonly bytesMax?: number;
  readonly prepare?: (root: string) => Promise<void>;
}

/** Makes the tree in a new folder and loads the docs seen from `cwd` in it. */
async function docsOf(tree: Tree, options: Options = {}): Promise<
  ProjectDocs & { readonly root: string }
> {
  let result: Awaited<ReturnType<typeof docsOf>> | undefined;
  await withTree(tree, async (root) => {
    await options.prepare?.(root);
    const docs = await loadProjectDocs({ files: denoFiles }, {
      cwd: `${root}/${options.cwd ?? "repo"}`,
      codexHome: `${root}/home`,
      rootMarkers: options.rootMarkers ?? [".git"],
      fallbackNames: options.fallbackNames ?? [],
      bytesMax: options.bytesMax ?? 32_768,
    });
    result = { ...docs, root };
  });
  assert.ok(result);
  return result;
}

Deno.test("loadProjectDocs() joins the global file and those from root to cwd", async () => {
  const { root, ...docs } = await docsOf({
    "home/AGENTS.md": "\n GLOBAL \n",
    "repo/.git/": "",
    "repo/AGENTS.md": "ROOT\n",
    "repo/pkg/AGENTS.md": "PKG\n",
    "repo/pkg/sub/AGENTS.md": "SUB\n",
    "AGENTS.md": "above the root",
  }, { cwd: "repo/pkg/sub" });
  assert.deepEqual(docs, {
    text: "GLOBAL\n\n--- project-doc ---\n\nROOT\n\nPKG\n\nSUB",
    files: [
      { path: `${root}/home/AGENTS.md`, bytes: 10, cut: false },
      { path: `${root}/repo/AGENTS.md`, bytes: 5, cut: false },
      { path: `${root}/repo/pkg/AGENTS.md`, bytes: 4, cut: false },
      { path: `${root}/repo/pkg/sub/AGENTS.md`, bytes: 4, cut: false },
    ],
    bytesLeft: 32_768 - 13,
    warnings: [],
  });
});

Deno.test("loadProjectDocs() says nothing where there is nothing", async () => {
  const { root: _, ...docs } = await docsOf({ "repo/": "" });
  assert.deepEqual(docs, { files: [], bytesLeft: 32_768, warnings: [] });
});

Deno.test("loadProjectDocs() puts no separator without a global file", async () => {
  const { text } = await docsOf({ "repo/AGENTS.md": "A" });
  assert.equal(text, "A");
});

Deno.test("loadProjectDocs() puts no separator without project files", async () => {
  const { text } = await docsOf({ "home/AGENTS.md": "G", "repo/": "" });
  assert.equal(text, "G");
});

Deno.test("loadProjectDocs() takes the override, also in the global folder", async () => {
  const { text } = await docsOf({
    "home/AGENTS.override.md": "G2",
    "home/AGENTS.md": "G1",
    "repo/AGENTS.override.md": "R2",
    "repo/AGENTS.md": "R1",
  });
  assert.equal(text, "G2\n\n--- project-doc ---\n\nR2");
});

Deno.test("loadProjectDocs() passes by a blank global override, not a blank project one", async () => {
  const { text } = await docsOf({
    "home/AGENTS.override.md": " \n",
    "home/AGENTS.md": "G1",
    "repo/AGENTS.override.md": " \n",
    "repo/AGENTS.md": "R1",
  });
  assert.equal(text, "G1");
});

Deno.test("loadProjectDocs() reads the cwd alone when no marker is found or wanted", async () => {
  const tree = {
    "repo/.git/": "",
    "repo/AGENTS.md": "ROOT",
    "repo/sub/AGENTS.md": "SUB",
  };
  const cwd = "repo/sub";
  assert.equal((await docsOf(tree, { cwd, rootMarkers: [] })).text, "SUB");
  assert.equal((await docsOf(tree, { cwd, rootMarkers: [".hg"] })).text, "SUB");
  assert.equal((await docsOf(tree, { cwd })).text, "ROOT\n\nSUB");
});

Deno.test("loadProjectDocs() stops at the nearest marker, a file as well as a folder", async () => {
  const { text } = await docsOf({
    "repo/.git/": "",
    "repo/AGENTS.md": "OUTER",
    "repo/inner/.git": "gitdir: ../somewhere",
    "repo/inner/AGENTS.md": "INNER",
    "repo/inner/sub/AGENTS.md": "SUB",
  }, { cwd: "repo/inner/sub" });
  assert.equal(text, "INNER\n\nSUB");
});

Deno.test("loadProjectDocs() tries fallback names in order, once each", async () => {
  const tree = { "repo/CLAUDE.md": "C", "repo/NOTES.md": "N" };
  const fallbackNames = ["", " ", "MISSING.md", "NOTES.md", "CLAUDE.md"];
  assert.equal((await docsOf(tree, { fallbackNames })).text, "N");
  const both = { ...tree, "repo/AGENTS.md": "A" };
  assert.equal((await docsOf(both, { fallbackNames })).text, "A");
});

Deno.test("loadProjectDocs() follows a link and passes by what is no regular file", async () => {
  const { text } = await docsOf({
    "repo/.git/": "",
    "repo/AGENTS.override.md/": "",
    "repo/AGENTS.md": "ROOT",
    "repo/docs/real.md": "LINKED",
  }, {
    cwd: "repo/sub",
    prepare: async (root) => {
      await Deno.mkdir(`${root}/repo/sub`);
      await Deno.symlink("../docs/real.md", `${root}/repo/sub/AGENTS.md`);
    },
  });
  assert.equal(text, "ROOT\n\nLINKED");
});

Deno.test("loadProjectDocs() reads nothing outside the project, and says so once", async () => {
  const { text, warnings } = await docsOf({
    "repo/.git/": "",
    "repo/sub/x": "",
    "repo-2/real.md": "OUTSIDE",
  }, {
    cwd: "repo/sub",
    prepare: (root) =>
      Deno.symlink(`${root}/repo-2/real.md`, `${root}/repo/AGENTS.md`),
  });
  assert.equal(text, undefined);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /^Cannot read .*\/repo\/AGENTS\.md: it leads to .*\/repo-2\/real\.md, must stay inside .*\/repo; the file is ignored$/,
  );
});

Deno.test("loadProjectDocs() skips blank files, which cost nothing", async () => {
  const docs = await docsOf({
    "repo/.git/": "",
    "repo/AGENTS.md": "   \n\n",
    "repo/a/AGENTS.md": "1234567890",
  }, { cwd: "repo/a", bytesMax: 10 });
  assert.equal(docs.text, "1234567890");
  assert.deepEqual(docs.warnings, []);
  assert.equal(docs.files.length, 1);
});

Deno.test("loadProjectDocs() cuts the file that crosses the budget and drops the later ones", async () => {
  const docs = await docsOf({
    "repo/.git/": "",
    "repo/AGENTS.md": "12345678",
    "repo/a/AGENTS.md": "äöü",
    "repo/a/b/AGENTS.md": "late",
  }, { cwd: "repo/a/b", bytesMax: 11 });
  const [mid, late] = ["a", "a/b"].map((dir) =>
    `${docs.root}/repo/${dir}/AGENTS.md`
  );
  assert.equal(
    docs.text,
    `12345678\n\nä\n[4 more bytes of instructions are in ${mid}]` +
      `\n\n[4 more bytes of instructions are in ${late}]`,
  );
  assert.deepEqual(docs.files.map(({ bytes, cut }) => [bytes, cut]), [
    [8, false],
    [2, true],
    [0, true],
  ]);
  assert.deepEqual(docs.warnings, [
    `${mid} is cut after 2 bytes: 4 bytes exceed the limit for instruction files`,
    `${late} does not reach the model: 4 bytes exceed the limit for instruction files`,
  ]);
});

Deno.test("loadProjectDocs() handles 100 kB with one warning, within the budget", async () => {
  const docs = await docsOf({ "repo/AGENTS.md": "x".repeat(100_000) });
  assert.equal(docs.warnings.length, 1);
  assert.equal(docs.files[0]?.bytes, 32_768);
  assert.ok(byteLength(docs.text ?? "") < 32_768 + 200);
});

Deno.test("loadProjectDocs() reads no project file with a budget of 0", async () => {
  const docs = await docsOf({
    "home/AGENTS.md": "G",
    "repo/AGENTS.md": "R",
  }, { bytesMax: 0 });
  assert.equal(docs.text, "G");
  assert.deepEqual(docs.warnings, []);
});

Deno.test("loadProjectDocs() does not count the global file", async () => {
  const docs = await docsOf({
    "home/AGENTS.md": "G".repeat(50_000),
    "repo/AGENTS.md": "R".repeat(10),
  }, { bytesMax: 10 });
  assert.equal(docs.text?.length, 50_000 + 10 + 23);
  assert.deepEqual(docs.warnings, []);
});

Deno.test("loadProjectDocs() shows bytes that are no UTF-8 as such, with a warning", async () => {
  const bytes = Uint8Array.from([0xef, 0xbb, 0xbf, 65, 0xff, 66]);
  const docs = await docsOf({ "repo/AGENTS.md": bytes });
  assert.equal(docs.text, "A\uFFFDB");
  assert.deepEqual(docs.warnings, [
    `${docs.root}/repo/AGENTS.md is not valid UTF-8: invalid bytes are shown as \uFFFD`,
  ]);
});

Deno.test("loadProjectDocs() keeps the budget also when broken bytes grow", async () => {
  const docs = await docsOf(
    { "repo/AGENTS.md": new Uint8Array(100).fill(255) },
    {
      bytesMax: 100,
    },
  );
  assert.equal(docs.files[0]?.bytes, 99);
  assert.equal(docs.files[0]?.cut, true);
});

Deno.test("loadProjectDocs() warns of a file that it may not read, and goes on", async () => {
  const refuse: typeof denoFiles.readRange = (path, offset, bytes) =>
    path.endsWith("repo/AGENTS.md")
      ? Promise.reject(new Error("permission denied"))
      : denoFiles.readRange(path, offset, bytes);
  await withTree({
    "repo/.git/": "",
    "repo/AGENTS.md": "secret",
    "repo/a/AGENTS.md": "open",
  }, async (root) => {
    const files = { ...denoFiles, readRange: refuse };
    const docs = await loadProjectDocs({ files }, {
      cwd: `${root}/repo/a`,
      codexHome: `${root}/home`,
      rootMarkers: [".git"],
      fallbackNames: [],
      bytesMax: 1000,
    });
    assert.equal(docs.text, "open");
    assert.deepEqual(docs.warnings, [
      `Cannot read ${root}/repo/AGENTS.md: permission denied; the file is ignored`,
    ]);
  });
});
