import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  type RawLine,
  readRawLines,
} from "../../../../core/session/log/log_reader.ts";
import { byteLength } from "../../../../core/util/text/text.ts";

const { files } = denoHost();

async function readAll(text: string, offset = 0): Promise<RawLine[]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await Array.fromAsync(readRawLines(files, path, offset));
  } finally {
    await Deno.remove(path);
  }
}

function linesOf(text: string): RawLine[] {
  const texts = text.split("\n");
  const torn = texts.pop() ?? "";
  const whole = texts.map((line) => ({
    text: line,
    bytes: byteLength(line) + 1,
    hasNewline: true,
  }));
  if (torn === "") return whole;
  return [
    ...whole,
    { text: torn, bytes: byteLength(torn), hasNewline: false },
  ];
}

for (
  const [name, text] of Object.entries({
    "nothing": "",
    "one line": "a\n",
    "empty lines": "\n\na\n\n",
    "a torn end": "a\nb",
    "characters of all lengths": "ä\r\n漢字\n😀 b\n",
  })
) {
  Deno.test(`readRawLines() gives the lines of a file with ${name}`, async () => {
    assert.deepEqual(await readAll(text), linesOf(text));
  });
}

Deno.test("readRawLines() puts lines together that its chunks cut, wherever", async () => {
  const chunk = LIMITS.sessionChunkBytes;
  for (const before of [chunk - 2, chunk - 1, chunk, chunk + 1]) {
    const text = `${"x".repeat(before - 1)}\n漢字\n\n${"ü".repeat(chunk)}\nz`;
    assert.deepEqual(await readAll(text), linesOf(text));
  }
});

Deno.test("readRawLines() begins at an offset", async () => {
  assert.deepEqual(await readAll("ab\ncd\n", 3), linesOf("cd\n"));
});

Deno.test("readRawLines() gives a line that is too long without its text", async () => {
  const length = LIMITS.sessionLineBytes;
  const lines = await readAll(`a\n${"x".repeat(length)}\nb\n`);
  assert.deepEqual(lines.map(({ text, bytes }) => [text, bytes]), [
    ["a", 2],
    [undefined, length + 1],
    ["b", 2],
  ]);
});
