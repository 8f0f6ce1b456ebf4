/** Rules files in whole Starlark: what Codex reads is read, what it refuses is refused. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../../core/protocol/error.ts";
import { rulesOf } from "../support.ts";
import { REFUSED, TAKEN, VALUES } from "./codex_cases.ts";

/** Where the two differ, and why. */
const DIFFERENCES = new Map([
  ['str(bytes("a"))', "no argument of a rule takes bytes"],
  ["x: str = 1", "types are read but not checked"],
  ['\ufeffprefix_rule(["a"])', "a byte order mark is skipped"],
]);

Deno.test("an expression has the value that it has in Codex", () => {
  for (const [expression, wanted] of VALUES) {
    if (DIFFERENCES.has(expression)) continue;
    const text =
      `V = ${expression}\nprefix_rule(["a"], justification="|" + V + "|")`;
    if (wanted === undefined) {
      assert.throws(() => rulesOf(text), UserError, expression);
    } else {
      assert.equal(
        rulesOf(text).rules[0]?.justification,
        `|${wanted}|`,
        expression,
      );
    }
  }
});

Deno.test("a file that Codex takes is taken", () => {
  for (const text of TAKEN) {
    assert.doesNotThrow(() => rulesOf(text), JSON.stringify(text));
  }
});

Deno.test("a file that Codex refuses is refused, with its place", () => {
  for (const text of REFUSED) {
    if (DIFFERENCES.has(text)) continue;
    assert.throws(
      () => rulesOf(text),
      (error) =>
        error instanceof UserError &&
        /^Cannot read rules: \/home\/u\/r\.rules, line \d+, column \d+: /.test(
          error.message,
        ),
      JSON.stringify(text),
    );
  }
});

Deno.test("a rule of a loop or a function is not taken for a line that stands alone", () => {
  const { rules } = rulesOf(
    `prefix_rule(["a"])\nfor x in ["b", "c"]:\n    prefix_rule([x])\n`,
  );
  assert.deepEqual(
    rules.map(({ pattern, source }) => [pattern[0]?.[0], source.isTopLevel]),
    [["a", true], ["b", false], ["c", false]],
  );
  assert.equal(rules[2]?.source.line, 3);
});

Deno.test("a file that takes too much is refused, not waited for", () => {
  const files = [
    "for a in range(10000000): pass",
    "x = 'a' * 10000000",
    "x = ['a'] * 10000000",
    "x = 'a'\nfor i in range(40): x += x",
    "x = ['a']\nfor i in range(40): x += x",
    "x = ['a']\nfor i in range(40): x.extend(list(x))",
    "x = {'a': 'b'}\nx = str([x] * 100000) * 1000",
    "x = 'a' * 1000000\ny = x.replace('a', x)",
    "x = ('a' * 1000000).join(['b'] * 1000)",
    "x = '{0}{0}{0}{0}'.format('a' * 900000)",
    "x = f\"{'a' * 900000}{'a' * 900000}\"",
    "x = 2\nfor i in range(100): x = x * x",
    "x = 1 << 1000000000",
    "x = list(range(1000000000))",
    "x = sorted(range(1000000000))",
    "x = [1 for a in range(10000) for b in range(10000)]",
    "def f(): return f()\nf()",
    "f = lambda g: g(g)\nf(f)",
    `x = ${"[".repeat(1000)}${"]".repeat(1000)}`,
    `x = ${"(".repeat(1000)}1${")".repeat(1000)}`,
    `x = ${"-".repeat(5000)}1`,
    `x = 1${" + 1".repeat(5000)}`,
    `x = "a"${".upper()".repeat(5000)}`,
    `if 1: pass\n${"elif 1: pass\n".repeat(5000)}`,
    "x = [1]\nx.append(x)\ny = x == x and str(x)\nfor i in range(30): x.append(x)\ny = str(x)",
    "for a in range(20000): prefix_rule([str(a)])",
    "x = 'x'.join(['%s'] * 100000) % tuple(['a' * 1000] * 100000)",
  ];
  for (const text of files) {
    assert.throws(() => rulesOf(text), UserError, text.slice(0, 80));
  }
});

Deno.test("any text of Starlark's words is read or refused with its place", () => {
  const bit = fc.constantFrom(
    ..."prefix_rule ( ) [ ] { } , = : ; . + - * / % == != < not in and or if else"
      .split(" "),
    ..."elif for def lambda return break x y None True 0 1.5 'a' \"b\" r'c' ** # ! \\"
      .split(" "),
    "f'{x}'",
    "f'{",
    "\n",
    "\n  ",
    " ",
    '"""',
    "pattern=",
    ".upper",
    "é",
    "\t",
  );
  fc.assert(
    fc.property(fc.array(bit, { maxLength: 25 }), (bits) => {
      try {
        rulesOf(bits.join(" "));
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});
