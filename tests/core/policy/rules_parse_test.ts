/** Rules files: everything they may say, and every way to get them wrong. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../core/protocol/error.ts";
import { isMatch } from "../../../core/policy/rules.ts";
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
prefix_rule(pattern=[r"a\\b"])
host_executable(name = "git", paths = ["/usr/bin/git", "/opt/x/../bin/git"])
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
    "/opt/bin/git",
  ]);
  assert.equal(set.rules[1]?.source.line, 11);
});

Deno.test("parseRules() points at the line and column of what is wrong", () => {
  const table: [string, RegExp][] = [
    [
      `prefix_rule(pattern=["a"]`,
      /line 1, column 26: expected "\)", found the end/,
    ],
    [
      `\nprefix_rul(pattern=["a"])`,
      /line 2, column 1: "prefix_rul" is not known here/,
    ],
    [
      `prefix_rule(pattern=["a"], sandbox=["internet"])`,
      /column 1: "sandbox" is "internet", must be "network" or an absolute folder/,
    ],
    [
      `prefix_rule(pattern=["a"], decision="prompt", sandbox=[])`,
      /"sandbox" is for rules that allow/,
    ],
    [`constructor(x="a")`, /line 1, column 1: "constructor" is not known here/],
    [
      `prefix_rule(patern=["a"])`,
      /column 1: prefix_rule\(\) has no "patern", must be one of pattern, decision/,
    ],
    [`prefix_rule(["a"], pattern=["b"])`, /column 1: "pattern" is given twice/],
    [
      `prefix_rule(decision="allow")`,
      /column 1: prefix_rule\(\) needs "pattern"/,
    ],
    [
      `prefix_rule(pattern=[])`,
      /column 1: "pattern" is empty and would match everything/,
    ],
    [
      `prefix_rule(pattern=["a", []])`,
      /"pattern" has an empty list of alternatives/,
    ],
    [`prefix_rule(pattern="a")`, /"pattern" is string, must be a list/],
    [
      `prefix_rule(pattern=["a"], decision="alow")`,
      /"decision" is "alow", must be "allow", "prompt" or "forbidden"/,
    ],
    [
      `prefix_rule(pattern=["a"], decision=["allow"])`,
      /"decision" is list, must be a string/,
    ],
    [`prefix_rule(pattern=["a`, /column 22: this string is not closed/],
    [
      `prefix_rule(pattern=["\\xq"])`,
      /column 23: the escape "\\\\x" is not a character/,
    ],
    [`prefix_rule(pattern=["a" "b"])`, /column 26: expected "\]", found "b"/],
    [
      `prefix_rule(pattern=["a"], match=["b c"])`,
      /column 1: the rule "a" does not match its own example "b c"/,
    ],
    [
      `prefix_rule(pattern=["a"], not_match=["a c"])`,
      /column 1: the rule "a" matches "a c", which it must not/,
    ],
    [
      `prefix_rule(pattern=["a"], match=["'"])`,
      /"match" has an example without words/,
    ],
    [
      `host_executable(name="a/b", paths=[])`,
      /"name" is "a\/b", must be a bare name/,
    ],
    [
      `host_executable(name="a", paths=["/b/c"])`,
      /"paths" is "\/b\/c", must be the path of a file named a/,
    ],
    [`if True:\n  x = 1\n y = 2`, /line 3, column 2: this indentation/],
    [`x = [1][3]`, /line 1, column 8: the index 3 is outside of 0 to 0/],
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

Deno.test("a pattern with canonical_matching matches whatever the case of its words", () => {
  const { rules, executables } = rulesOf(
    `prefix_rule(["git", "push"], "forbidden", canonical_matching=True)`,
  );
  const [rule] = rules;
  assert.ok(rule !== undefined);
  assert.ok(isMatch(rule, ["GIT", "Push"], executables));
  assert.ok(isMatch(rule, ["/usr/bin/GIT", "push"], executables));
  assert.ok(
    !isMatch({ ...rule, ignoresCase: false }, ["GIT", "push"], executables),
  );
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
