import assert from "node:assert/strict";
import { ToolError } from "../../../core/protocol/error.ts";
import { addedContent, applyChunks } from "../../../tools/patch/apply.ts";
import type { ChangeLine, Chunk } from "../../../tools/patch/parse.ts";

const TAGS = { " ": "context", "+": "add", "-": "remove" } as const;

function chunk(lines: readonly string[], more: Partial<Chunk> = {}): Chunk {
  return {
    contexts: [],
    endOfFile: false,
    lines: lines.map((line): ChangeLine => ({
      tag: TAGS[line[0] as keyof typeof TAGS],
      text: line.slice(1),
    })),
    ...more,
  };
}

function apply(before: string, ...chunks: readonly Chunk[]): string {
  const bytes = applyChunks(new TextEncoder().encode(before), chunks, "/w/f");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

Deno.test("applyChunks() leaves its input alone", () => {
  const before = new TextEncoder().encode("a\nb\n");
  applyChunks(before, [chunk(["-a", "+A"])], "/w/f");
  assert.equal(new TextDecoder().decode(before), "a\nb\n");
});

Deno.test("applyChunks() keeps the order of the patch where two insertions meet", () => {
  assert.equal(
    apply("a\nb\n", chunk(["+1"]), chunk([" b", "+2"])),
    "a\nb\n1\n2\n",
  );
  assert.equal(
    apply(
      "a\nb\nc\n",
      chunk(["+1"], { contexts: ["a"] }),
      chunk(["+2", "-b", "+3"]),
    ),
    "a\n1\n2\n3\nc\n",
  );
});

Deno.test("applyChunks() quotes the lines and the path it could not find", () => {
  assert.throws(
    () => apply("a\n", chunk([" x", "+n", "-y"])),
    (error) =>
      error instanceof ToolError &&
      error.message === "Failed to find expected lines in /w/f:\nx\ny",
  );
});

Deno.test("applyChunks() takes many changes of a long file in one pass", () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at}`);
  const chunks = lines.filter((_, at) => at % 20 === 0)
    .map((line) => chunk([`-${line}`, `+new ${line}`]));
  const wanted = lines.map((line, at) => at % 20 === 0 ? `new ${line}` : line);
  assert.equal(
    apply(lines.join("\n"), ...chunks),
    `${wanted.join("\n")}\n`,
  );
});

Deno.test("addedContent() ends every line with LF", () => {
  const text = (lines: readonly string[]): string =>
    new TextDecoder().decode(addedContent(lines));
  assert.equal(text([]), "");
  assert.equal(text([""]), "\n");
  assert.equal(text(["a", "b"]), "a\nb\n");
});
