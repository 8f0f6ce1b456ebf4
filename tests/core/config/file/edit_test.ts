/** Tests of core/config/file/edit.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  renderTomlEdits,
  type TomlEdit,
} from "../../../../core/config/file/edit.ts";
import {
  parseToml,
  type TomlValue,
} from "../../../../core/config/file/toml.ts";

function set(text: string, path: string, value: TomlValue): string {
  return edit(text, { type: "set", path: path.split("|"), value });
}

function remove(text: string, path: string): string {
  return edit(text, { type: "remove", path: path.split("|") });
}

function edit(text: string, ...edits: readonly TomlEdit[]): string {
  return renderTomlEdits(text, edits, "config.toml");
}

const FILE = `# my settings
model = "gpt-5.5"   # the good one

# servers
[mcp_servers.docs]
command = "npx" # runner
args = ["-y", "docs"]

# people
[projects."/home/me/a.b"]
trust_level = "trusted"
`;

Deno.test("renderTomlEdits() replaces a value and keeps the comment behind it", () => {
  assert.equal(
    set(FILE, "model", "gpt-6-sol"),
    FILE.replace('"gpt-5.5"', '"gpt-6-sol"'),
  );
});

Deno.test("renderTomlEdits() adds a key at the end of its table", () => {
  assert.equal(
    set(FILE, "mcp_servers|docs|enabled", false),
    FILE.replace('"docs"]\n', '"docs"]\nenabled = false\n'),
  );
  assert.equal(
    set(FILE, "sandbox_mode", "read-only"),
    FILE.replace("good one\n", 'good one\nsandbox_mode = "read-only"\n'),
  );
});

Deno.test("renderTomlEdits() adds a table at the end, quoting its name where needed", () => {
  assert.equal(
    set(FILE, "projects|/wdir/x.y|trust_level", "untrusted"),
    `${FILE}\n[projects."/wdir/x.y"]\ntrust_level = "untrusted"\n`,
  );
  assert.equal(
    set("", "mcp_servers|new", { command: "x", args: ["a"], env: { A: "1" } }),
    '[mcp_servers.new]\ncommand = "x"\nargs = ["a"]\n\n[mcp_servers.new.env]\nA = "1"\n',
  );
});

Deno.test("renderTomlEdits() puts a top-level key before the first table and its comment", () => {
  assert.equal(
    set("# about a\n[a]\nx = 1\n", "model", "m"),
    'model = "m"\n\n# about a\n[a]\nx = 1\n',
  );
  assert.equal(set("", "model", "m"), 'model = "m"\n');
  assert.equal(
    set("# only words", "model", "m"),
    '# only words\nmodel = "m"\n',
  );
});

Deno.test("renderTomlEdits() replaces a table whole, sub-tables included", () => {
  const text =
    '[s.a]\ncommand = "x"\n\n[s.a.env]\nA = "1"\n\n# b is mine\n[s.b]\ncommand = "y"\n';
  assert.equal(
    set(text, "s|a", { url: "http://h" }),
    '# b is mine\n[s.b]\ncommand = "y"\n\n[s.a]\nurl = "http://h"\n',
  );
});

Deno.test("renderTomlEdits() removes a table and leaves its neighbours alone", () => {
  assert.equal(
    remove(FILE, "mcp_servers|docs"),
    '# my settings\nmodel = "gpt-5.5"   # the good one\n\n# servers\n' +
      '# people\n[projects."/home/me/a.b"]\ntrust_level = "trusted"\n',
  );
  assert.equal(remove(FILE, "nothing|here"), FILE);
});

Deno.test("renderTomlEdits() changes inline tables and dotted keys where they are", () => {
  assert.equal(
    set("a = { b = 1 } # c\n", "a|d|e", 2),
    "a = { b = 1, d = { e = 2 } } # c\n",
  );
  assert.equal(remove("a = { b = 1, c = 2 }\n", "a|b"), "a = { c = 2 }\n");
  assert.equal(set("a.b = 1\nz = 0\n", "a|c", 2), "a.b = 1\na.c = 2\nz = 0\n");
  assert.equal(set("[t]\na.b = 1\n", "t|a|c", 2), "[t]\na.b = 1\na.c = 2\n");
  assert.equal(set("[a.b]\nx = 1\n", "a|y", 2), "[a.b]\nx = 1\n\n[a]\ny = 2\n");
});

Deno.test("renderTomlEdits() keeps CRLF and a missing last line end", () => {
  assert.equal(
    set("a = 1\r\n[t]\r\nb = 2", "t|c", 3),
    "a = 1\r\n[t]\r\nb = 2\r\nc = 3\r\n",
  );
});

Deno.test("renderTomlEdits() refuses a broken file instead of breaking it more", () => {
  assert.throws(() => set("a = \n", "b", 1), { name: "UserError" });
});

Deno.test("renderTomlEdits() keeps every comment through any edits", () => {
  const key = fc.constantFrom(
    "model",
    "mcp_servers",
    "docs",
    "args",
    "x",
    "a.b",
  );
  const value = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.array(fc.string(), { maxLength: 2 }),
    fc.dictionary(
      key,
      fc.oneof(fc.integer(), fc.dictionary(key, fc.string(), { maxKeys: 2 })),
      {
        maxKeys: 3,
        minKeys: 1,
      },
    ),
  );
  const path = fc.array(key, { minLength: 1, maxLength: 3 });
  const sets = fc.array(fc.tuple(path, value, fc.boolean()), { maxLength: 6 });
  fc.assert(
    fc.property(sets, (steps) => {
      // A value under a non-table would replace it; that is no edit people make.
      let text = FILE;
      for (const [at, what, isSet] of steps) {
        text = edit(
          text,
          isSet
            ? { type: "set", path: ["free", ...at], value: what as TomlValue }
            : { type: "remove", path: ["free", ...at] },
        );
        parseToml(text, "edited");
      }
      for (
        const comment of [
          "# my settings",
          "# the good one",
          "# servers",
          "# people",
          "# runner",
        ]
      ) {
        assert.ok(text.includes(comment), comment);
      }
      assert.ok(text.startsWith(FILE.trimEnd().slice(0, 40)));
    }),
    { numRuns: 300 },
  );
});
