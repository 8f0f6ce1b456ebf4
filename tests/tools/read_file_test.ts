/** The tool that reads what stands in the person's editor. */
import assert from "node:assert/strict";
import { ToolError } from "../../core/protocol/error.ts";
import type { EditorFiles } from "../../core/protocol/tool.ts";
import { createReadFileTool } from "../../tools/read_file.ts";
import { makeTree } from "./patch/support_tree.ts";
import { call, plainSandbox, recordingContext, settings } from "./support.ts";

async function read(
  folder: string,
  args: Readonly<Record<string, unknown>>,
  { editor = {}, denyRead = [] }: {
    readonly editor?: EditorFiles;
    readonly denyRead?: readonly string[];
  } = {},
): Promise<string> {
  const sandbox = {
    mode: "read-only",
    networkAccess: false,
    denyRead,
  } as const;
  const context = recordingContext(settings({ cwd: folder, sandbox }));
  const tool = createReadFileTool({ editor, sandbox: plainSandbox() });
  const { content, success } = await tool.run(call(args), context);
  assert.ok(success);
  return String(content);
}

const LINES = Array.from({ length: 100 }, (_, at) => `${at + 1}\n`).join("");

Deno.test("read_file gives the whole file, or the lines that are asked for and where they stand", async () => {
  await using folder = await makeTree({ "a.txt": LINES, "b.txt": "no end" });
  const { path } = folder;
  assert.equal(await read(path, { path: "a.txt" }), LINES);
  assert.equal(await read(path, { path: `${path}/b.txt` }), "no end\n");
  assert.equal(
    await read(path, { path: "a.txt", line: 99, limit: 5 }),
    "Lines 99 to 100 of 100:\n99\n100\n",
  );
  assert.equal(
    await read(path, { path: "a.txt", limit: 1 }),
    "Lines 1 to 1 of 100:\n1\n",
  );
});

Deno.test("read_file gives of a long file what the model takes, and says how much that is", async () => {
  await using folder = await makeTree({ "long.txt": "1234\n".repeat(2_000) });
  const [head, ...lines] = (await read(folder.path, { path: "long.txt" }))
    .split("\n");
  assert.equal(head, "Lines 1 to 800 of 2000:");
  assert.equal(lines.filter((line) => line === "1234").length, 800);
});

Deno.test("read_file asks the editor by the real path, and takes the disk where the editor has nothing", async () => {
  await using folder = await makeTree({ "a.txt": "saved\n" });
  await Deno.symlink(`${folder.path}/a.txt`, `${folder.path}/link`);
  const asked: string[] = [];
  const readText = (path: string): Promise<string> => {
    asked.push(path);
    return asked.length === 1
      ? Promise.resolve("unsaved\n")
      : Promise.reject(new Error("not open"));
  };
  const editor = { readText };
  assert.equal(
    await read(folder.path, { path: "link" }, { editor }),
    "unsaved\n",
  );
  assert.equal(
    await read(folder.path, { path: "link" }, { editor }),
    "saved\n",
  );
  const real = await Deno.realPath(`${folder.path}/a.txt`);
  assert.deepEqual(asked, [real, real]);
});

Deno.test("read_file says why a file cannot be read, and asks no editor for it", async () => {
  await using folder = await makeTree({ "a.txt": "a\n", "sub/b.txt": "b\n" });
  const editor = {
    readText: (): Promise<string> => assert.fail("the editor was asked"),
  };
  const fails = (path: string, denyRead: readonly string[] = []) =>
    assert.rejects(
      read(folder.path, { path }, { editor, denyRead }),
      (error: Error) =>
        error instanceof ToolError && /^Cannot read /.test(error.message),
    );
  await fails("missing.txt");
  await fails("sub");
  await fails("a.txt", [`${folder.path}/a.txt`]);
});

Deno.test("read_file says how many lines there are when none of them is asked for", async () => {
  await using folder = await makeTree({ "a.txt": LINES });
  await assert.rejects(
    read(folder.path, { path: "a.txt", line: 101 }),
    /^ToolError: Cannot read line 101 of a\.txt: it has 100 lines/,
  );
});
