/** Completion: what can be completed, and what fits. */
import { completeSlash } from "../../../../core/frontends/conversation/slash_table.ts";
import assert from "node:assert/strict";
import {
  commonInsert,
  completeFiles,
  completeWords,
  findToken,
} from "../../../../core/frontends/editor/complete.ts";
import { testHost } from "../../../support/harness.ts";

Deno.test("findToken() finds commands, their arguments, files and skills", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["/mo", { kind: "slash", word: "mo", from: 0, to: 3 }],
    ["/model gpt", {
      kind: "argument",
      command: "model",
      word: "gpt",
      from: 7,
      to: 10,
    }],
    ["see @src/re", { kind: "file", word: "src/re", from: 4, to: 11 }],
    ["(@a", { kind: "file", word: "a", from: 1, to: 3 }],
    ["use $rev", { kind: "skill", word: "rev", from: 4, to: 8 }],
    ["mail a@b", undefined],
    [" /mo", undefined],
    ["/usr/bin", undefined],
    ["plain", undefined],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(findToken(text, text.length), expected, text);
  }
});

Deno.test("completeSlash() offers commands by their start", () => {
  assert.deepEqual(
    completeSlash("re").map(({ insert }) => insert).sort(),
    ["/rename", "/resume", "/review"],
  );
  assert.deepEqual(completeSlash("zzz"), []);
});

Deno.test("completeWords() prefers the start, else looks inside", () => {
  const inserts = (word: string) =>
    completeWords(["gpt-5", "gpt-5-mini", "o-mini"], word, "$").map((
      { insert },
    ) => insert);
  assert.deepEqual(inserts("GPT"), ["$gpt-5", "$gpt-5-mini"]);
  assert.deepEqual(inserts("mini"), ["$gpt-5-mini", "$o-mini"]);
});

Deno.test("commonInsert() gives what all begin with when it is more than typed", () => {
  const all = (inserts: readonly string[], typed: string) =>
    commonInsert(
      inserts.map((insert) => ({ insert, label: "", isWhole: true })),
      typed,
    );
  assert.equal(all(["@repl.ts", "@repl_x.ts"], "@r"), "@repl");
  assert.equal(all(["@repl.ts", "@repl_x.ts"], "@repl"), undefined);
  assert.equal(all(["👩x", "👨x"], ""), undefined);
});

Deno.test("completeFiles() lists a folder, hides dot files, finds by name below", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/src/deep`, { recursive: true });
  await Deno.mkdir(`${folder}/node_modules/x`, { recursive: true });
  await Deno.writeTextFile(`${folder}/src/repl.ts`, "");
  await Deno.writeTextFile(`${folder}/src/deep/my render.ts`, "");
  await Deno.writeTextFile(`${folder}/node_modules/x/render.ts`, "");
  await Deno.writeTextFile(`${folder}/.env`, "");
  const inserts = async (word: string) =>
    (await completeFiles(testHost(), word, folder)).map(({ insert }) => insert);
  assert.deepEqual(await inserts(""), ["@node_modules/", "@src/"]);
  assert.deepEqual(await inserts(".e"), ["@.env"]);
  assert.deepEqual(await inserts("src/"), ["@src/deep/", "@src/repl.ts"]);
  assert.deepEqual(await inserts("render"), ["@src/deep/my\\ render.ts"]);
  assert.deepEqual(await inserts("nothing"), []);
  assert.deepEqual(await inserts("/no/such/folder/"), []);
  await Deno.remove(folder, { recursive: true });
});
