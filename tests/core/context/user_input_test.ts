/** The message of the person, with images. */
import assert from "node:assert/strict";
import {
  loadUserItems,
  type UserItems,
} from "../../../core/context/user_input.ts";
import { denoFiles } from "../../../core/host/files/files.ts";
import { message, textMessage } from "../../../core/protocol/item.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type { UserPart } from "../../../core/protocol/op.ts";
import { MODEL, withTree } from "./support.ts";

const host = { files: denoFiles };
const GIF = Uint8Array.from(
  "GIF89a\x01\x00\x02\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x02\x00\x00\x02\x01D\x00;",
  (char) => char.charCodeAt(0),
);
const GIF_URL = `data:image/gif;base64,${GIF.toBase64()}`;

function build(
  cwd: string,
  parts: readonly UserPart[],
  supportsImages = true,
): Promise<UserItems> {
  const model = { ...MODEL, supportsImages };
  return loadUserItems(host, parts, { cwd, model });
}

function image(path: string): UserPart {
  return { type: "image", path };
}

function text(value: string): UserPart {
  return { type: "text", text: value };
}

Deno.test("loadUserItems() passes text on as it is", async () => {
  assert.deepEqual(await build("/", [text(" hello\n")]), {
    items: [textMessage("user", " hello\n")],
    warnings: [],
    problems: [],
  });
});

Deno.test("loadUserItems() sends nothing when there is nothing", async () => {
  assert.deepEqual((await build("/", [text("")])).items, []);
});

Deno.test("loadUserItems() labels images, told by their bytes, in front of the text", async () => {
  await withTree({ "photo.png": GIF, "b.gif": GIF }, async (root) => {
    const { items, problems } = await build(root, [
      text("compare"),
      image("photo.png"),
      image(`${root}/b.gif`),
    ]);
    assert.deepEqual(problems, []);
    assert.deepEqual(items, [message("user", [
      {
        type: "input_text",
        text: '<image name=[Image #1] path="photo.png">',
      },
      { type: "input_image", image_url: GIF_URL, detail: "auto" },
      { type: "input_text", text: "</image>" },
      {
        type: "input_text",
        text: `<image name=[Image #2] path="${root}/b.gif">`,
      },
      { type: "input_image", image_url: GIF_URL, detail: "auto" },
      { type: "input_text", text: "</image>" },
      { type: "input_text", text: "compare" },
    ])]);
  });
});

Deno.test("loadUserItems() tells the model of an image that could not be sent, and gives the error", async () => {
  const { items, problems } = await build("/no/where", [
    image("a.png"),
    text("what is it?"),
  ]);
  const reason = "Cannot send image /no/where/a.png: there is no such file";
  assert.deepEqual(problems.map(({ kind, message }) => [kind, message]), [
    ["usage", reason],
  ]);
  assert.deepEqual(items, [message("user", [
    { type: "input_text", text: `[Image #1 could not be sent. ${reason}]` },
    { type: "input_text", text: "what is it?" },
  ])]);
});

Deno.test("loadUserItems() gives a model without eyes the path instead, with one warning", async () => {
  await withTree({ "a.gif": GIF }, async (root) => {
    const built = await build(root, [image("a.gif"), image("gone.png")], false);
    assert.deepEqual(built.problems, []);
    assert.deepEqual(built.warnings, [
      "Model gpt-test does not accept images: it gets their paths instead",
    ]);
    assert.deepEqual(built.items, [message("user", [
      {
        type: "input_text",
        text: "[Image #1, a.gif, is left out: gpt-test does not accept images]",
      },
      {
        type: "input_text",
        text:
          "[Image #2, gone.png, is left out: gpt-test does not accept images]",
      },
    ])]);
  });
});

Deno.test("loadUserItems() refuses images beyond the number for a message", async () => {
  await withTree({ "a.gif": GIF }, async (root) => {
    const many = Array.from({ length: 52 }, () => image("a.gif"));
    const { problems } = await build(root, many);
    assert.deepEqual(problems.map((problem) => problem.message), [
      "Cannot send image a.gif: a message may have at most 50 images",
      "Cannot send image a.gif: a message may have at most 50 images",
    ]);
  });
});

Deno.test("loadUserItems() passes 200 kB on whole and refuses what is beyond the limit", async () => {
  const large = "x".repeat(200_000);
  assert.deepEqual(await build("/", [text(large)]), {
    items: [textMessage("user", large)],
    warnings: [],
    problems: [],
  });
  const { problems } = await build("/", [
    text("x".repeat(LIMITS.promptBytes + 1)),
  ]);
  assert.equal(problems.length, 1);
  assert.match(
    problems[0]?.message ?? "",
    /^Cannot send message: it has 8.0 MiB/,
  );
});

Deno.test("loadUserItems() says what is wrong with a file", async () => {
  await withTree({ "folder/": "", "text.png": "no image" }, async (root) => {
    const huge = `${root}/huge.png`;
    await Deno.writeFile(huge, GIF);
    await Deno.truncate(huge, 40 * 1024 * 1024);
    const cases: readonly [string, string][] = [
      ["gone", "there is no such file"],
      ["text.png/x", "there is no such file"],
      ["folder", "it is not a regular file"],
      ["huge.png", "it has 40.0 MiB, must have at most 20.0 MiB"],
    ];
    for (const [name, state] of cases) {
      const path = `${root}/${name}`;
      const { problems } = await build(root, [image(name)]);
      assert.deepEqual(problems.map(({ message }) => message), [
        `Cannot send image ${path}: ${state}`,
      ]);
    }
  });
});

Deno.test("loadUserItems() sends a sentence and a warning for what is no image", async () => {
  await withTree({ "text.png": "no image", "a.gif": GIF }, async (root) => {
    const why =
      "is left out: its content must be a whole PNG, JPEG, GIF or WebP";
    const parts = [image("text.png"), image("a.gif")];
    const { items, warnings, problems } = await build(root, parts);
    assert.deepEqual(problems, []);
    assert.deepEqual(warnings, [`Image text.png ${why}`]);
    const content = items[0]?.["content"] as { text?: string }[];
    assert.equal(content[0]?.text, `[Image #1, text.png, ${why}]`);
    assert.equal(content.length, 4);
  });
});

Deno.test("loadUserItems() turns an error of the disk into one for the user", async () => {
  const files = {
    ...denoFiles,
    readBytes: () => Promise.reject(new Error("permission denied")),
  };
  await withTree({ "a": GIF }, async (root) => {
    const { problems } = await loadUserItems({ files }, [image("a")], {
      cwd: root,
      model: MODEL,
    });
    assert.deepEqual(problems.map(({ message }) => message), [
      `Cannot send image ${root}/a: permission denied`,
    ]);
  });
});

Deno.test("loadUserItems() takes no text that would fill the window", async () => {
  const model = { ...MODEL, contextWindow: 32_000 };
  const said = async (bytes: number): Promise<readonly string[]> =>
    (await loadUserItems(host, [text("x".repeat(bytes))], {
      cwd: "/",
      model,
    })).problems.map((problem) => problem.message);
  assert.deepEqual(await said(64_000), []);
  assert.deepEqual(await said(200_000), [
    "Cannot send message: it has about 50000 tokens, must have at most 16000 in a window of 32000; put the text into a file and name the file instead",
  ]);
});
