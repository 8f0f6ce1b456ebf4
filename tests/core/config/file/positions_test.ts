/** Tests of core/config/file/positions.ts. */
import assert from "node:assert/strict";
import {
  findTomlLine,
  parseTomlEntries,
} from "../../../../core/config/file/positions.ts";

const TEXT = `# top
model = "x # not a comment" # a comment
"quoted key" = 'a = "b"'
list = [
  "]", # ] in a comment
  '''
  ]''',
]
a.b = 1

[ model_providers . "my.own" ]  # header
text = """
[not.a.header]
key = 1 \\"""
"""""
inline = { x = 1, y = { z = 2 } }

[[skills.config]]
path = "one"
[skills.config.more]
deep = true
[[skills.config]]
path = "two"`;

Deno.test("parseTomlEntries() finds headers and pairs, whatever their strings hold", () => {
  const entries = parseTomlEntries(TEXT).map((entry) =>
    `${entry.line} ${entry.kind} ${entry.path.join("|")} ` +
    JSON.stringify(TEXT.slice(entry.valueStart, entry.valueEnd)).slice(0, 30)
  );
  assert.deepEqual(entries, [
    '2 pair model "\\"x # not a comment\\""',
    '3 pair quoted key "\'a = \\"b\\"\'"',
    '4 pair list "[\\n  \\"]\\", # ] in a comment\\',
    '9 pair a|b "1"',
    '11 table model_providers|my.own ""',
    '12 pair model_providers|my.own|text "\\"\\"\\"\\n[not.a.header]\\nkey =',
    '16 pair model_providers|my.own|inline "{ x = 1, y = { z = 2 } }"',
    '18 array_table skills|config|0 ""',
    '19 pair skills|config|0|path "\\"one\\""',
    '20 table skills|config|0|more ""',
    '21 pair skills|config|0|more|deep "true"',
    '22 array_table skills|config|1 ""',
    '23 pair skills|config|1|path "\\"two\\""',
  ]);
});

Deno.test("parseTomlEntries() covers whole lines, with CRLF too", () => {
  const text = "a = 1\r\n\r\nb = [\r\n1]\r\n";
  const lines = parseTomlEntries(text).map((one) =>
    text.slice(one.start, one.end)
  );
  assert.deepEqual(lines, ["a = 1\r\n", "b = [\r\n1]\r\n"]);
});

Deno.test("findTomlLine() gives the line of a key, or of what it stands in", () => {
  const lines: readonly (readonly [string, number | undefined])[] = [
    ["model", 2],
    ["a|b", 9],
    ["a", 9],
    ["model_providers|my.own", 11],
    ["model_providers|my.own|inline|y|z", 16],
    ["model_providers|my.own|base_url", 11],
    ["model_providers", 11],
    ["skills|config|1|path", 23],
    ["skills|config|1|enabled", 22],
    ["nowhere", undefined],
  ];
  for (const [path, line] of lines) {
    assert.equal(findTomlLine(TEXT, path.split("|")), line, path);
  }
});
