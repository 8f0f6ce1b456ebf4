import assert from "node:assert/strict";
import fc from "fast-check";
import { renderDiff } from "../../../tools/patch/diff.ts";

const WIDE = { bytesMax: 1_000_000 };

function diff(before: string, after: string): string {
  return renderDiff({
    before: { name: "f", text: before },
    after: { name: "f", text: after },
  }, WIDE);
}

Deno.test("renderDiff() shows changes with three lines of context", () => {
  const lines = Array.from({ length: 20 }, (_, at) => `${at + 1}\n`);
  const changed = lines.with(4, "five\n").with(18, "nineteen\n");
  assert.equal(
    diff(lines.join(""), changed.join("")),
    [
      "--- f",
      "+++ f",
      "@@ -2,7 +2,7 @@",
      " 2",
      " 3",
      " 4",
      "-5",
      "+five",
      " 6",
      " 7",
      " 8",
      "@@ -16,5 +16,5 @@",
      " 16",
      " 17",
      " 18",
      "-19",
      "+nineteen",
      " 20",
      "",
    ].join("\n"),
  );
});

Deno.test("renderDiff() joins changes whose contexts touch", () => {
  const hunks = (gap: number): number => {
    const kept = "k\n".repeat(gap);
    const shown = diff(`a\n${kept}b\n`, `A\n${kept}B\n`);
    return shown.match(/^@@/gm)?.length ?? 0;
  };
  assert.deepEqual([hunks(0), hunks(6), hunks(7)], [1, 1, 2]);
});

Deno.test("renderDiff() names new, deleted and moved files", () => {
  const text = "a\n";
  assert.equal(
    renderDiff({ after: { name: "n", text } }, WIDE),
    "--- /dev/null\n+++ n\n@@ -0,0 +1,1 @@\n+a\n",
  );
  assert.equal(
    renderDiff({ before: { name: "o", text } }, WIDE),
    "--- o\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n",
  );
  assert.equal(
    renderDiff(
      { before: { name: "o", text }, after: { name: "n", text } },
      WIDE,
    ),
    "--- o\n+++ n\n",
  );
  assert.equal(diff(text, text), "");
});

Deno.test("renderDiff() tells a missing final newline", () => {
  assert.equal(
    diff("a\nb", "a\nb\n"),
    "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n",
  );
});

Deno.test("renderDiff() says how many lines it leaves out", () => {
  const after = Array.from({ length: 100 }, (_, at) => `${at}\n`).join("");
  const cut = renderDiff({ after: { name: "n", text: after } }, {
    bytesMax: 60,
  });
  const lines = cut.trimEnd().split("\n");
  const left = Number(/\d+/.exec(lines.at(-1) ?? "")?.[0]);
  assert.match(lines.at(-1) ?? "", /^\[… \d+ more lines of this diff\]$/);
  assert.equal(lines.length - 1 + left, 103);
  assert.ok(lines.slice(0, -1).join("\n").length < 60);
});

Deno.test("renderDiff() is right for any two texts, minimal or not", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 14 })
    .chain((lines) =>
      fc.constantFrom(lines.join("\n"), lines.map((one) => `${one}\n`).join(""))
    );
  const edits = fc.constantFrom(0, 2, 1_000);
  fc.assert(
    fc.property(text, text, edits, (before, after, editsMax) => {
      const shown = renderDiff({
        before: { name: "f", text: before },
        after: { name: "f", text: after },
      }, { ...WIDE, editsMax });
      assert.equal(patched(before, shown), after);
      assert.equal(patched(after, reversed(shown)), before);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("renderDiff() finds the shortest script", () => {
  const count = (before: string, after: string): number =>
    diff([...before].join("\n"), [...after].join("\n")).split("\n")
      .filter((line) => /^[-+](?![-+]{2} )/.test(line)).length;
  // Example of Myers' paper: five edits.
  assert.equal(count("ABCABBA\n", "CBABAC\n"), 5);
});

// A reader of unified diffs, strict about line numbers and context.
function patched(text: string, shown: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const out: string[] = [];
  let at = 0;
  const body = shown.split("\n").slice(2, -1);
  for (const [index, line] of body.entries()) {
    const header = /^@@ -(\d+),(\d+) /.exec(line);
    const bare = body[index + 1]?.startsWith("\\") ?? false;
    const content = `${line.slice(1)}${bare ? "" : "\n"}`;
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === "0" ? 0 : 1);
      while (at < start) out.push(lines[at++] ?? "");
    } else if (line.startsWith("+")) out.push(content);
    else if (!line.startsWith("\\")) {
      assert.equal(lines[at], content);
      if (line.startsWith(" ")) out.push(content);
      at++;
    }
  }
  return [...out, ...lines.slice(at)].join("");
}

function reversed(shown: string): string {
  const [from = "", to = "", ...body] = shown.split("\n");
  const swap = body.map((line) =>
    line.replace(/^@@ -(\S+) \+(\S+) @@/, "@@ -$2 +$1 @@")
      .replace(/^[-+]/, (sign) => sign === "+" ? "-" : "+")
  );
  return [from, to, ...swap].join("\n");
}
