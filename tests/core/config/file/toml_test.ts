/** Tests of core/config/file/toml.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../../core/protocol/error.ts";
import {
  parseToml,
  parseTomlKey,
  parseTomlValue,
  renderTomlKey,
  renderTomlValue,
  type TomlValue,
} from "../../../../core/config/file/toml.ts";

function errorOf(text: string): string {
  try {
    parseToml(text, "/h/config.toml");
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.equal(error.kind, "config");
    return error.message;
  }
  throw new Error("it parsed");
}

Deno.test("parseToml() shows a mistake with file, line, column and a caret", () => {
  assert.equal(
    errorOf('# mine\nmodel = "gpt-5.5"\nsandbox_mode = ful\n'),
    [
      "Cannot read config: /h/config.toml:3:16: invalid value",
      "",
      "1 | # mine",
      '2 | model = "gpt-5.5"',
      "3 | sandbox_mode = ful",
      "  |                ^",
    ].join("\n"),
  );
});

Deno.test("parseToml() keeps tabs, so that the caret stands right", () => {
  const excerpt = errorOf("\t\ta = x").split("\n").slice(-2);
  assert.deepEqual(excerpt, ["1 | \t\ta = x", "  | \t\t    ^"]);
});

Deno.test("parseToml() never shows a key in an excerpt", () => {
  const message = errorOf('experimental_bearer_token = "sk-abc123\nx = 1');
  assert.ok(!message.includes("abc123"), message);
  assert.ok(
    message.includes('experimental_bearer_token = "**-******'),
    message,
  );
});

Deno.test("parseTomlValue() takes TOML and nothing that smuggles in more keys", () => {
  assert.equal(parseTomlValue("5"), 5);
  assert.deepEqual(parseTomlValue("[1, 2]"), [1, 2]);
  assert.equal(parseTomlValue("o3"), undefined);
  assert.equal(parseTomlValue("1\nb = 2"), undefined);
  assert.equal(parseTomlValue(""), undefined);
});

Deno.test("parseTomlKey() reads what renderTomlKey() writes", () => {
  assert.deepEqual(parseTomlKey(" a . \"b.c\" . 'd e' "), ["a", "b.c", "d e"]);
  assert.equal(renderTomlKey(["projects", "/a.b", "x"]), 'projects."/a.b".x');
  const path = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(path, (parts) => {
    assert.deepEqual(parseTomlKey(renderTomlKey(parts)), parts);
  }));
});

Deno.test("renderTomlValue() writes one line that reads back the same", () => {
  const value = fc.letrec<{ value: TomlValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
  })).value;
  fc.assert(fc.property(value, (one) => {
    const text = renderTomlValue(one);
    assert.ok(!text.includes("\n"));
    assert.equal(plain(parseTomlValue(text)), plain(one));
  }));
});

function plain(value: unknown): string {
  return JSON.stringify(value, (_, one) => Object.is(one, -0) ? 0 : one);
}
