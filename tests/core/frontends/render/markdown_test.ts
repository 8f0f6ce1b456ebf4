/** Markdown as it streams: the same lines however the text is cut, none too wide. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth } from "../../../../core/util/text/width.ts";
import {
  MarkdownStream,
  renderMarkdown,
} from "../../../../core/frontends/render/markdown.ts";

const PLAIN = { hasColor: false, width: 40 };
const COLOR = { hasColor: true, width: 40 };

function plain(text: string, width: number = 40): string {
  return renderMarkdown(text, { hasColor: false, width }).join("\n");
}

Deno.test("renderMarkdown() styles emphasis, code and links", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["**bold** x", "\x1b[1mbold\x1b[0m x"],
    ["*it* and _it_", "\x1b[3mit\x1b[0m and \x1b[3mit\x1b[0m"],
    ["`a*b*`", "\x1b[36ma*b*\x1b[0m"],
    ["``a`b``", "\x1b[36ma`b\x1b[0m"],
    ["~~no~~", "\x1b[2mno\x1b[0m"],
    ["[x](y.ts)", "\x1b[4mx\x1b[0m\x1b[2m (y.ts)\x1b[0m"],
    ["[y.ts](y.ts)", "\x1b[4my.ts\x1b[0m"],
    ["<https://x.y>", "\x1b[4mhttps://x.y\x1b[0m"],
    ["**a `b` c**", "\x1b[1ma \x1b[0m\x1b[1;36mb\x1b[0m\x1b[1m c\x1b[0m"],
    ["# Head", "\x1b[1;36mHead\x1b[0m"],
    ["### Head", "\x1b[1mHead\x1b[0m"],
  ];
  for (const [source, expected] of cases) {
    assert.deepEqual(renderMarkdown(source, COLOR), [expected], source);
  }
});

Deno.test("renderMarkdown() leaves what is no markup as it is", () => {
  for (
    const text of [
      "2 * 3 * 4",
      "snake_case_name",
      "*.ts and *.js",
      "a ** b",
      "`open",
      "**open",
      "[no link] here",
      "x < y > z",
      "https://a_b_c/d*e",
      "C:\\path",
    ]
  ) assert.equal(plain(text), text);
  assert.equal(plain("\\*not\\*"), "*not*");
});

Deno.test("renderMarkdown() wraps with hanging indents", () => {
  assert.equal(
    plain(
      "- one two three four five six\n  2. nested item that is long\n> quote that is long too",
      20,
    ),
    [
      "• one two three four",
      "  five six",
      "  2. nested item",
      "     that is long",
      "│ quote that is long",
      "│ too",
    ].join("\n"),
  );
});

Deno.test("renderMarkdown() leaves code as it is and never breaks it", () => {
  const code =
    '```ts\nconst veryLongName = `${a}` + "**x**"; // | not | a | table |\n\n# no heading\n```';
  assert.equal(plain(code, 20), code);
});

Deno.test("renderMarkdown() closes a block of code only with its own fence", () => {
  const code = "````md\n```\ninner\n```\n````";
  assert.equal(plain(code), code);
});

Deno.test("renderMarkdown() fits tables, and lists them where there is no room", () => {
  const table =
    "| name | text |\n|---|--:|\n| a | some words that are long |\n| `b|c` | x |";
  assert.equal(
    plain(table, 24),
    [
      "name                text",
      "────  ──────────────────",
      "a        some words that",
      "                are long",
      "b|c                    x",
    ].join("\n"),
  );
  assert.equal(
    plain(table, 11),
    [
      "name: a",
      "text: some",
      "  words",
      "  that are",
      "  long",
      "",
      "name: b|c",
      "text: x",
    ].join("\n"),
  );
});

Deno.test("renderMarkdown() removes what would steer the terminal", () => {
  assert.equal(plain("a\x1b[31mb\x1b]0;t\x07c\rd\u202ee"), "abc\nde");
});

Deno.test("MarkdownStream removes an escape sequence that comes in two pieces", () => {
  const stream = new MarkdownStream(() => PLAIN);
  const lines = [
    ...stream.push("a\x1b["),
    ...stream.push("31mb\n"),
    ...stream.end(),
  ];
  assert.deepEqual(lines, ["ab"]);
});

Deno.test("MarkdownStream gives lines of a paragraph before it has ended", () => {
  const stream = new MarkdownStream(() => ({ hasColor: false, width: 12 }));
  assert.deepEqual(stream.push("one two three four"), ["one two"]);
  assert.deepEqual(stream.preview(), ["three four"]);
  assert.deepEqual(stream.push(" five\n"), ["three four", "five"]);
});

Deno.test("MarkdownStream with isRaw only wraps", () => {
  const stream = new MarkdownStream(() => PLAIN, { isRaw: true });
  const text = "# **raw**\n| a |\n|---|\n```";
  assert.deepEqual([...stream.push(text), ...stream.end()], text.split("\n"));
});

const PIECES = [
  "word ",
  "**bold** ",
  "`code` ",
  "*it* ",
  "**",
  "*",
  "`",
  "_",
  "[l](u) ",
  "[",
  "](",
  "\n",
  "\n\n",
  "# ",
  "- ",
  "1. ",
  "> ",
  "```\n",
  "```ts\n",
  "| a | b |\n",
  "|---|:-:|\n",
  "日本語",
  "👩‍👩‍👧 ",
  "\t",
  "\\",
  "~~x~~",
  "---\n",
  "\x1b[31m",
  "\r\n",
  "longlonglonglonglonglonglonglonglonglonglong",
  "<http://x>",
  "  ",
];

Deno.test("MarkdownStream gives the same lines however the text is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      (pieces, steps) => {
        const text = pieces.join("");
        const whole = renderMarkdown(text, COLOR);
        const stream = new MarkdownStream(() => COLOR);
        const lines: string[] = [];
        let at = 0;
        for (let turn = 0; at < text.length; turn++) {
          const step = steps[turn % steps.length] ?? 1;
          lines.push(...stream.push(text.slice(at, at + step)));
          for (const line of stream.preview()) {
            assert.ok(displayWidth(line) <= COLOR.width, line);
          }
          at += step;
        }
        assert.deepEqual([...lines, ...stream.end()], whole);
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("renderMarkdown() makes no line wider than the look, code apart", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(...PIECES.filter((one) => !one.includes("```"))),
        { maxLength: 40 },
      ),
      fc.integer({ min: 12, max: 60 }),
      (pieces, width) => {
        // A run of backticks may still be a fence.
        const text = pieces.join("").replaceAll(/`{3,}|~{3,}/g, "`");
        for (const line of renderMarkdown(text, { hasColor: true, width })) {
          assert.ok(
            displayWidth(line) <= width,
            JSON.stringify(line),
          );
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
