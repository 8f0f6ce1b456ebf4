/** Rules files: everything they may say, and every way to get them wrong. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../core/protocol/error.ts";
import { rulesOf } from "./support.ts";

Deno.test("parseRules() reads everything a rule may say", () => {
  const set = rulesOf(`"""House rules."""
# a comment
prefix_rule(
    pattern = ["git", ["push", 'fetch'],],  # trailing comma
    decision = "prompt",
    justification = "asks \\"first\\"\\n\\x41\\u00e9\\U0001F642\\101\\
!",
    match = ["git push 'a b'", ["git", "fetch"]],
    not_match = ["git pull"],
)
prefix_rule(pattern=[r"a\\b"], justification=None)
host_executable(name = "git", paths = ["/usr/bin/git", "~/bin/git"])
`);
  assert.deepEqual(
    set.rules.map(({ pattern, decision, justification }) => ({
      pattern,
      decision,
      justification,
    })),
    [
      {
        pattern: [["git"], ["push", "fetch"]],
        decision: "prompt",
        justification: 'asks "first"\nAé🙂A!',
      },
      { pattern: [["a\\b"]], decision: "allow", justification: undefined },
    ],
  );
  assert.deepEqual(set.executables.get("git"), [
    "/usr/bin/git",
    "/home/u/bin/git",
  ]);
  assert.deepEqual([set.rules[1]?.source.line, set.rules[1]?.source.column], [
    11,
    1,
  ]);
});

Deno.test("parseRules() points at the line and column of what is wrong", () => {
  const table: [string, RegExp][] = [
    [
      `prefix_rule(pattern=["a"]`,
      /line 1, column 26: expected "\)", found the file ends/,
    ],
    [
      `\n  prefix_rul(pattern=["a"])`,
      /line 2, column 3: "prefix_rul" is not known, must be one of prefix_rule\(\)/,
    ],
    [
      `prefix_rule(pattern=["a"], sandbox=["internet"])`,
      /column 37: "sandbox" has "internet", must be "network" or an absolute folder/,
    ],
    [
      `prefix_rule(pattern=["a"], decision="prompt", sandbox=[])`,
      /"sandbox" is for rules that allow/,
    ],
    [`constructor(x="a")`, /line 1, column 1: "constructor" is not known/],
    [
      `prefix_rule(["a"])`,
      /line 1, column 13: an argument of prefix_rule\(\) must be given by name/,
    ],
    [`prefix_rule(patern=["a"])`, /column 13: an argument/],
    [
      `prefix_rule(pattern=["a"], pattern=["b"])`,
      /column 28: "pattern" is given twice/,
    ],
    [
      `prefix_rule(decision="allow")`,
      /column 1: prefix_rule\(\) needs "pattern"/,
    ],
    [
      `prefix_rule(pattern=[])`,
      /column 21: "pattern" is empty and would match everything/,
    ],
    [`prefix_rule(pattern=["a", []])`, /column 27: no alternative is given/],
    [`prefix_rule(pattern="a")`, /column 21: "pattern" must be a list/],
    [
      `prefix_rule(pattern=["a"], decision="alow")`,
      /column 37: "decision" is "alow", must be "allow", "prompt" or "forbidden"/,
    ],
    [
      `prefix_rule(pattern=["a"], decision=["allow"])`,
      /column 37: "decision" must hold a string/,
    ],
    [`prefix_rule(pattern=[1])`, /column 22: unexpected "1"/],
    [
      `prefix_rule(pattern=[x])`,
      /column 22: a value must be a string or a list/,
    ],
    [`prefix_rule(pattern=["a`, /column 22: this string is not closed/],
    [`prefix_rule(pattern=["a\n"])`, /column 22: this string is not closed/],
    [`prefix_rule(pattern=["\\q"])`, /column 23: unknown escape/],
    [`prefix_rule(pattern=["a" "b"])`, /column 26: expected "\]", found "b"/],
    [`prefix_rule(pattern=[[[["a"]]]])`, /a value must be a string or a list/],
    [
      `prefix_rule(pattern=["a"], match=["b c"])`,
      /column 35: the rule "a" does not match its own example "b c"/,
    ],
    [
      `prefix_rule(pattern=["a"], not_match=["a c"])`,
      /column 39: the rule "a" matches "a c", which it must not/,
    ],
    [
      `prefix_rule(pattern=["a"], match=["'"])`,
      /column 35: this example cannot be split/,
    ],
    [`prefix_rule(pattern=["a"], match=[""])`, /this example cannot be split/],
    [
      `host_executable(name="a/b", paths=[])`,
      /"name" is "a\/b", must be a bare name/,
    ],
    [
      `host_executable(name="a", paths=["b"])`,
      /column 34: path "b" must be absolute/,
    ],
    [`prefix_rule(pattern=["a"]) = "1"`, /column 28: "=" is not known/],
    [`x = 1`, /line 1, column 5: unexpected "1"/],
    ["€", /line 1, column 1: unexpected "€"/],
  ];
  for (const [text, message] of table) {
    assert.throws(() => rulesOf(text), (error) => {
      assert.ok(error instanceof UserError && error.kind === "config", text);
      assert.match(
        error.message,
        /^Cannot read rules: \/home\/u\/r\.rules, line /,
      );
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("parseRules() says what it reads but does not support", () => {
  const { rules, warnings } = rulesOf(
    `network_rule(host="x", protocol="https", decision="allow")`,
  );
  assert.deepEqual(rules, []);
  assert.deepEqual(warnings, [
    "/home/u/r.rules:1: network_rule() is not supported and has no effect",
  ]);
});

Deno.test("parseRules() reads any text or throws UserError", () => {
  const bit = fc.constantFrom(
    "prefix_rule",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "pattern",
    '"a"',
    "'",
    '"',
    '"""',
    "\\",
    "#",
    "\n",
    " ",
    "match",
    "r'x'",
    "None",
    "0",
    "é",
  );
  fc.assert(
    fc.property(fc.array(bit, { maxLength: 15 }), (bits) => {
      try {
        rulesOf(bits.join(""));
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
