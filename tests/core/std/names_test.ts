/** What stands behind `@std/…` is what std has under these names. */
import assert from "node:assert/strict";
import * as cli from "@std/cli";
import * as streams from "@std/streams";
import * as toml from "@std/toml";
import * as stdStreams from "deno-std/streams/mod.js";
import * as stdToml from "deno-std/toml/mod.js";

type Named = Readonly<Record<string, unknown>>;

Deno.test("@std/streams and @std/toml export only what std does, with its parameters", () => {
  for (const [ours, std] of [[streams, stdStreams], [toml, stdToml]] as const) {
    for (const [name, value] of Object.entries<unknown>(ours)) {
      const params = paramsOf(value);
      const known = paramsOf((std as Named)[name]);
      // A parameter of std's that nothing here needs may be left out.
      assert.deepEqual(params, known.slice(0, params.length), name);
    }
  }
});

Deno.test("@std/cli exports only what std does, with its parameters", async () => {
  // This module of std cannot be loaded from npm, which lacks its table, but be read.
  const url = import.meta.resolve("deno-std/cli/unicode_width.js");
  const std = await Deno.readTextFile(new URL(url));
  for (const [name, value] of Object.entries<unknown>(cli)) {
    const head = `${name}(${paramsOf(value).join(", ")})`;
    assert.ok(std.includes(`export function ${head}`), head);
  }
});

Deno.test("@std/toml reads, writes and refuses what std does", () => {
  const text =
    'a = 1\nb = ["x", 2.5, true]\n[t."odd key"]\nd = 2024-01-02T03:04:05Z\n';
  assert.deepEqual(plain(toml.parse(text)), plain(stdToml.parse(text)));
  const table = { a: 1, list: ["b"], sub: { "odd key": { deep: true } } };
  for (const { stringify } of [toml, stdToml]) {
    assert.deepEqual(plain(toml.parse(stringify(table))), table);
  }
  for (const { parse } of [toml, stdToml]) {
    assert.throws(() => parse("a = 1\nb = [1"), {
      name: "SyntaxError",
      message: /^Parse error on line \d+, column \d+: /,
    });
  }
});

function paramsOf(value: unknown): string[] {
  assert.equal(typeof value, "function");
  const list = /^(?:function|class)[^(]*\(([^)=]*)/.exec(String(value))?.[1];
  return (list ?? "").split(/, ?/).filter((one) => one !== "");
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
