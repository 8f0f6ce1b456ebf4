/** Inline Markdown against CommonMark's own examples: the same text with the same looks. */
import assert from "node:assert/strict";
import spec from "commonmark-spec";
import { renderMarkdown } from "../../../../core/frontends/render/markdown.ts";

interface Example {
  readonly markdown: string;
  readonly html: string;
  readonly number: number;
}

const LOOKS: Readonly<Record<string, string>> = {
  "1": "strong",
  "3": "em",
  "36": "code",
};

// Paragraphs of text, emphasis and code: what is more has a look of the terminal's own.
const EXAMPLES = (spec.tests as readonly Example[]).filter(({ html }) =>
  /^(?:<p>(?:[^<]|<\/?(?:em|strong|code)>)*<\/p>\n)+$/.test(html)
);

// Each character behind the looks it has.
function fromAnsi(text: string): string {
  let looks: string[] = [];
  return text.replace(
    // deno-lint-ignore no-control-regex
    /\x1b\[([\d;]*)m|([^])/gu,
    (_, codes: string | undefined, char: string) => {
      if (codes === undefined) return mark(char, looks);
      looks = codes.split(";").flatMap((code) => LOOKS[code] ?? []);
      return "";
    },
  );
}

function fromHtml(html: string): string {
  const open: string[] = [];
  return html.trim().replace(/<\/p>\n<p>/g, "\n\n").replace(
    /<(\/?)(\w+)>|&(\w+);|([^])/gu,
    (_, end: string | undefined, tag: string, entity: string, char: string) => {
      if (end === undefined) return mark(char ?? ENTITIES[entity] ?? "", open);
      if (end === "/") open.pop();
      else if (tag !== "p") open.push(tag);
      return "";
    },
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
};

function mark(char: string, looks: readonly string[]): string {
  const set = [...new Set(looks)].sort().join("+");
  return /\s/.test(char) || set === "" ? char : `${set}:${char} `;
}

/** What is shown otherwise, and why; a number is that of the example in version 0.31.2. */
const OTHERWISE: readonly (readonly [string, readonly number[]])[] = [
  [
    "entities stay as they were written: answers are about code as well as in it",
    [25, 26, 27, 37, 39, 40, 41],
  ],
  [
    "indentation and blank lines stay: they carry the layout of an answer",
    [49, 70, 87, 113, 221, 222, 223, 649],
  ],
  [
    "a line that is out never changes, so no code or emphasis reaches over its end",
    [121, 138, 335, 336, 337, 394, 405, 423, 432, 640, 641],
  ],
  ["references to links stay", [208, 210, 537, 545, 552, 563, 592]],
  ["a list needs no blank line before it", [304, 353]],
  ["spaces at the rim of code are trimmed", [331, 334]],
  ["a link comes before code, and its address may hold anything", [
    342,
    493,
    525,
  ]],
  ["a star within a word is a star: globs, products", [355, 356, 415, 429]],
  [
    "emphasis begins and ends beside punctuation",
    [56, 368, 369, 380, 392, 437, 438, 449, 450, 471, 472],
  ],
  [
    "the same marker does not nest, and uneven runs of markers stay",
    [
      ...[373, 389, 407, 408, 409, 413, 414, 417, 418, 425, 426, 427, 430, 431],
      ...[442, 443, 444, 445, 446, 447, 454, 455, 456, 457, 458, 459, 461, 463],
      ...[464, 465, 466, 468],
    ],
  ],
];

Deno.test("emphasis, code and text look as CommonMark has them, but for a list of exceptions", () => {
  assert.ok(EXAMPLES.length > 200);
  const options = { hasColor: true, width: 200 };
  const differing = EXAMPLES.filter(({ markdown, html }) => {
    const lines = renderMarkdown(markdown, options).join("\n").trim();
    return fromAnsi(lines) !== fromHtml(html);
  });
  assert.deepEqual(
    differing.map(({ number }) => number),
    OTHERWISE.flatMap(([, numbers]) => numbers).sort((a, b) => a - b),
  );
});
