/** The image tool on real files. */
import assert from "node:assert/strict";
import { ToolError } from "../../core/protocol/error.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { createViewImageTool } from "../../tools/view_image.ts";
import { call, plainSandbox, recordingContext, settings } from "./support.ts";

const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
);

async function folderWith(
  files: Record<string, Uint8Array | string>,
): Promise<string> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "image-" }),
  );
  for (const [name, data] of Object.entries(files)) {
    await Deno.writeFile(
      `${folder}/${name}`,
      typeof data === "string" ? new TextEncoder().encode(data) : data,
    );
  }
  return folder;
}

function view(
  folder: string,
  path: string,
  more: { images?: boolean; denyRead?: string[] } = {},
): Promise<{ content: unknown; success: boolean }> {
  const sandbox: SandboxPolicy = {
    mode: "read-only",
    networkAccess: false,
    denyRead: more.denyRead ?? [],
  };
  const context = recordingContext(
    settings({ cwd: folder, sandbox, images: more.images ?? true }),
  );
  return createViewImageTool({ sandbox: plainSandbox() }).run(
    call({ path }),
    context,
  );
}

Deno.test("view_image puts an image into the conversation, typed by its content", async () => {
  const folder = await folderWith({ "x.jpg": PNG });
  for (const path of ["x.jpg", `${folder}/x.jpg`, "./y/../x.jpg"]) {
    assert.deepEqual(await view(folder, path), {
      content: [{
        type: "input_image",
        image_url: `data:image/png;base64,${PNG.toBase64()}`,
      }],
      success: true,
    });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("view_image gives a model without images a text", async () => {
  const folder = await folderWith({ "x.png": PNG });
  assert.deepEqual(await view(folder, "x.png", { images: false }), {
    content:
      `x.png is an image (1x1 image/png, ${PNG.length} bytes), but the model test-model takes no images.`,
    success: false,
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("view_image says what is wrong with a file", async () => {
  const folder = await folderWith({ "text.png": "hello", "empty.png": "" });
  await Deno.truncate(`${folder}/huge.png`, 0).catch(() =>
    Deno.writeFile(`${folder}/huge.png`, new Uint8Array())
  );
  await Deno.truncate(`${folder}/huge.png`, 21 * 1024 * 1024);
  const table: [string, RegExp][] = [
    ["none.png", /none\.png: no such file/],
    [".", /: not a regular file/],
    ["/dev/null", /: not a regular file/],
    ["text.png", /: not an image, must be PNG, JPEG, GIF or WebP/],
    ["empty.png", /: not an image/],
    ["huge.png", /it has 22020096 bytes, must be at most 20971520/],
  ];
  for (const [path, message] of table) {
    await assert.rejects(
      view(folder, path),
      (error) => error instanceof ToolError && message.test(error.message),
      path,
    );
  }
  await assert.rejects(
    createViewImageTool({ sandbox: plainSandbox() }).run(
      call({ file: "x" }),
      recordingContext(settings()),
    ),
    /^ToolError: Cannot call view_image: "path" must be a string$/,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("view_image does not show what the sandbox hides, under any name", async () => {
  const folder = await folderWith({ "secret.png": PNG, "x.png": PNG });
  await Deno.symlink(`${folder}/secret.png`, `${folder}/link.png`);
  const denyRead = [`${folder}/sec*.png`];
  for (const path of ["secret.png", "link.png", `${folder}/./secret.png`]) {
    await assert.rejects(
      view(folder, path, { denyRead }),
      (error) =>
        error instanceof ToolError &&
        /hidden by the sandbox policy/.test(error.message),
      path,
    );
  }
  await assert.rejects(
    view(folder, "x.png", { denyRead: [folder] }),
    /hidden by the sandbox policy/,
  );
  assert.equal((await view(folder, "x.png", { denyRead })).success, true);
  await Deno.remove(folder, { recursive: true });
});
