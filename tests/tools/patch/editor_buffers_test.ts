/** Patches of files that have changes in the person's editor. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { ToolError } from "../../../core/protocol/error.ts";
import type { EditorFiles } from "../../../core/protocol/tool.ts";
import { EditorBuffers } from "../../../tools/patch/editor_buffers.ts";
import { type FileEffect, readPatchPlan } from "../../../tools/patch/plan.ts";
import { writeEffects } from "../../../tools/patch/write.ts";
import { makeTree } from "./support_tree.ts";

const host = denoHost();
const PATCH =
  "*** Begin Patch\n*** Update File: a.txt\n@@\n-two\n+zwei\n*** End Patch\n";

/** An editor with one buffer, and what was written to it. */
function editorWith(
  text: string,
): Required<EditorFiles> & { readonly written: string[] } {
  const written: string[] = [];
  return {
    written,
    readText: () => Promise.resolve(text),
    writeText: (_path, content) => {
      written.push(content);
      return Promise.resolve();
    },
  };
}

async function planned(
  cwd: string,
  editor: EditorFiles,
  isQuiet = true,
): Promise<
  { readonly buffers: EditorBuffers; readonly effects: readonly FileEffect[] }
> {
  const buffers = new EditorBuffers({
    editor,
    isQuiet: () => isQuiet,
    signal: new AbortController().signal,
  });
  const { effects } = await readPatchPlan(host.files, PATCH, {
    cwd,
    readUnsaved: (target, disk) => buffers.read(target, disk),
  });
  return { buffers, effects };
}

Deno.test("a patch is made on what is not saved, with the file's own line ends, and shown in the editor's", async () => {
  await using folder = await makeTree({ "a.txt": "one\r\ntwo\r\n" });
  const editor = editorWith("new\none\ntwo\n");
  const { buffers, effects } = await planned(folder.path, editor);
  await writeEffects(host, effects);
  assert.equal(
    await Deno.readTextFile(`${folder.path}/a.txt`),
    "new\r\none\r\nzwei\r\n",
  );
  assert.deepEqual(await buffers.show(effects, host.files), []);
  assert.deepEqual(editor.written, ["new\none\nzwei\n"]);
});

Deno.test("a file that the editor shows as it is saved is the disk's alone", async () => {
  await using folder = await makeTree({ "a.txt": "\ufeffone\r\ntwo\r\n" });
  const editor = editorWith("one\ntwo\n");
  const { buffers, effects } = await planned(folder.path, editor);
  assert.equal(buffers.hasUnsaved, false);
  await buffers.show(effects, host.files);
  assert.deepEqual(editor.written, []);
});

Deno.test("unsaved changes that cannot be written back stop the patch", async () => {
  await using folder = await makeTree({ "a.txt": "one\ntwo\n" });
  const { readText } = editorWith("new\ntwo\n");
  await assert.rejects(planned(folder.path, { readText }), ToolError);
  const editor = editorWith("new\ntwo\n");
  await assert.rejects(planned(folder.path, editor, false), ToolError);
  const latin1 = Uint8Array.from([
    0xe9,
    0x0a,
    ...new TextEncoder().encode("two\n"),
  ]);
  await Deno.writeFile(`${folder.path}/a.txt`, latin1);
  await assert.rejects(
    planned(folder.path, editorWith("é\nnew\ntwo\n")),
    /not saved, ask the user to save it first/,
  );
});

Deno.test("an editor is shown nothing where another file stands in the place by then", async () => {
  await using folder = await makeTree({ "a.txt": "two\n", "b.txt": "b\n" });
  const path = `${folder.path}/a.txt`;
  const editor = editorWith("new\ntwo\n");
  const { buffers, effects } = await planned(folder.path, editor);
  await writeEffects(host, effects);
  await Deno.remove(path);
  await Deno.symlink(`${folder.path}/b.txt`, path);
  const [note] = await buffers.show(effects, host.files);
  assert.match(
    note ?? "",
    /still shows .*a\.txt as it was: .*changed meanwhile/,
  );
  assert.deepEqual(editor.written, []);
});
