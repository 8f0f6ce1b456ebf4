import assert from "node:assert/strict";
import {
  LineSeeker,
  trimEndSpace,
  trimSpace,
} from "../../../tools/patch/match.ts";

function find(
  lines: readonly string[],
  pattern: readonly string[],
  options: { from?: number; atEnd?: boolean } = {},
): number | undefined {
  return new LineSeeker(lines).find(pattern, {
    from: 0,
    atEnd: false,
    ...options,
  });
}

Deno.test("LineSeeker.find() ends a stricter pass before a looser one begins", () => {
  const lines = ["\u201cx\u201d", ' "x" ', '"x" ', '"x"'];
  assert.equal(find(lines, ['"x"']), 3);
  assert.equal(find(lines.slice(0, 3), ['"x"']), 2);
  assert.equal(find(lines.slice(0, 2), ['"x"']), 1);
  assert.equal(find(lines.slice(0, 1), ['"x"']), 0);
  assert.equal(find(['"y"'], ['"x"']), undefined);
});

Deno.test("LineSeeker.find() looks no earlier than told", () => {
  const lines = ["a", "b", "a", "b"];
  assert.equal(find(lines, ["a", "b"], { from: 1 }), 2);
  assert.equal(find(lines, ["a", "b"], { from: 3 }), undefined);
  assert.equal(find(lines, ["a"], { from: 9 }), undefined);
});

Deno.test("LineSeeker.find() with atEnd knows one place only", () => {
  const lines = ["a", "b", "a", "b"];
  assert.equal(find(lines, ["a", "b"], { atEnd: true }), 2);
  assert.equal(find(lines, ["a"], { atEnd: true }), undefined);
  assert.equal(find(lines, [" b"], { atEnd: true }), 3);
  assert.equal(find(lines, ["a", "b"], { from: 3, atEnd: true }), undefined);
  assert.equal(find(["b"], ["a", "b"], { atEnd: true }), undefined);
});

Deno.test("LineSeeker.find() finds nothing where it starts", () => {
  assert.equal(find(["a", "b"], [], { from: 1 }), 1);
  assert.equal(find([], [], {}), 0);
  assert.equal(find([], ["a"], {}), undefined);
});

Deno.test("trimSpace() takes Unicode white space and nothing else", () => {
  const spaces =
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000";
  assert.equal(trimSpace(`${spaces}a${spaces}b${spaces}`), `a${spaces}b`);
  assert.equal(trimEndSpace(`${spaces}a${spaces}`), `${spaces}a`);
  for (const other of ["\ufeff", "\u200b", "\u180e", "\u001c", "\0"]) {
    assert.equal(trimSpace(`${other}a${other}`), `${other}a${other}`);
  }
});
