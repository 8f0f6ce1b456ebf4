/** A key that works makes a difference; one that nothing reads cannot pass here. */
import assert from "node:assert/strict";
import { FATED_KEYS, fatedFeatures } from "../../core/config/file/fates.ts";
import { Machine } from "../core/config/config_fixture.ts";
import { effectsOf } from "../support/config_effects.ts";
import { leafKeys } from "../support/config_keys.ts";
import { KEY_ROWS, type KeyRow, SEEN_ELSEWHERE } from "./key_walk_rows.ts";
import { openStage } from "./support.ts";

const FILES = {
  "marker": "",
  "OTHER.md": "Guide above the repository.",
  "wdir/OTHER.md": "Guide of the repository.",
  ".codex/text.md": "Text of a file.",
  ".codex/catalog.json": JSON.stringify({
    models: [{ slug: "gpt-5.5", context_window: 30_000 }],
  }),
  ".codex/skills/one/SKILL.md": "---\nname: one\ndescription: First.\n---\n",
};

Deno.test("every key that works makes a difference, one that nothing reads does not", async () => {
  const keys = leafKeys();
  const known = [...Object.keys(KEY_ROWS), ...Object.keys(SEEN_ELSEWHERE)];
  assert.deepEqual(
    keys.filter((key) => !known.includes(key)),
    [],
    "Give it a row in key_walk_rows.ts",
  );
  assert.deepEqual(known.filter((key) => !keys.includes(key)), [], "no key");
  await using machine = await Machine.create();
  machine.env["PLAIN"] = "1";
  for (const [path, text] of Object.entries(FILES)) {
    await machine.write(`${machine.home}/${path}`, text);
  }
  const seen = new Map<string, string>();
  const effects = async (text: string): Promise<string> => {
    const full = text.replaceAll("HOME", machine.home)
      .replaceAll("CWD", machine.cwd);
    const found = seen.get(full) ?? await effectsOf(machine, full);
    seen.set(full, found);
    return found;
  };
  const dead: string[] = [];
  const table: Readonly<Record<string, KeyRow>> = {
    ...KEY_ROWS,
    "personality": { set: 'personality = "x"' },
  };
  for (const [key, { base = "", set, refused }] of Object.entries(table)) {
    // A `set` that has the tables of the base stands for all of it.
    const whole = base !== "" && isWhole(base, set) ? set : `${base}\n${set}`;
    // Proving a sandbox takes time, and only some rows are about one.
    const head = /sandbox|permissions|projects/.test(base + set)
      ? ""
      : 'sandbox_mode = "danger-full-access"\n';
    const plain = await effects(head + base);
    const changed = await effects(head + whole);
    assert.ok(plain.startsWith("{"), `${key}: ${plain}`);
    if (plain === changed) dead.push(key);
    else if (!changed.startsWith("{")) {
      assert.ok(refused !== undefined && changed.includes(refused), changed);
    }
  }
  assert.deepEqual(dead, ["personality"]);
});

Deno.test("a login is stored in a file, or not at all", async () => {
  await using stage = await openStage({
    script: [],
    config: { bottom: '[mcp_servers.docs]\nurl = "http://127.0.0.1:9"' },
  });
  const stdin = { text: "sk-test-1234567890\n" };
  for (
    const [key, words] of [
      ["cli_auth_credentials_store", ["login", "--with-api-key"]],
      ["mcp_oauth_credentials_store", ["mcp", "login", "docs"]],
    ] as const
  ) {
    const flags = ["-c", `${key}="keyring"`];
    const run = await stage.run([...words, ...flags], { stdin });
    assert.equal(run.code, 3, run.stderr);
    assert.ok(run.stderr.includes(`value of "${key}" is "keyring"`));
  }
});

Deno.test("what is seen elsewhere is seen there", async () => {
  for (const [key, [file, name]] of Object.entries(SEEN_ELSEWHERE)) {
    const path = new URL(`../${file}`, import.meta.url);
    const test = (await Deno.readTextFile(path)).split("\nDeno.test(")
      .find((text) => text.startsWith(JSON.stringify(name)));
    assert.ok(test?.includes(key.split(".").at(-1) ?? key), key);
  }
});

function isWhole(base: string, set: string): boolean {
  const heads = base.match(/^\[.*$/gm) ?? [];
  return heads.some((head) => set.split("\n").includes(head));
}

Deno.test("every key and feature with another fate has it", async () => {
  await using stage = await openStage({ script: [] });
  const rows = [
    ...Object.entries(FATED_KEYS).map(([key, fate]) => ({ key, fate })),
    ...Object.entries(fatedFeatures()).map(([name, fate]) => ({
      key: `features.${name}`,
      fate,
    })),
  ];
  const ignored = rows.filter(({ fate }) => fate.type === "ignored");
  const settings = ignored.flatMap(({ key }) => ["-c", `${key}=true`]);
  const run = await stage.run(["debug", "prompt", ...settings, "hi"]);
  assert.equal(run.code, 0, run.stderr);
  for (const { key, fate } of ignored) {
    assert.ok(run.stderr.includes(key), key);
    assert.ok(fate.type === "ignored" && run.stderr.includes(fate.why), key);
  }
  const strict = await stage.run(
    ["debug", "prompt", "--strict-config", ...settings, "hi"],
  );
  assert.equal(strict.code, 3);
  for (const { key } of rows.filter(({ fate }) => fate.type === "refused")) {
    const refused = await stage.run([
      "debug",
      "prompt",
      "-c",
      `${key}=true`,
      "hi",
    ]);
    assert.equal(refused.code, 3, key);
    assert.ok(refused.stderr.includes(`"${key}"`), refused.stderr);
  }
});

Deno.test("an unknown feature is an error", async () => {
  await using stage = await openStage({ script: [] });
  for (const name of ["nosuch", "shel_tool", "toString", "__proto__"]) {
    const set = await stage.run([
      "debug",
      "prompt",
      "-c",
      `features.${name}=false`,
      "hi",
    ]);
    assert.equal(set.code, 3, `${name}: ${set.stdout}`);
    const flag = await stage.run(["debug", "prompt", "--disable", name, "hi"]);
    assert.equal(flag.code, 2, name);
  }
});
