/** Rules on a real disk. */
import assert from "node:assert/strict";
import { UserError } from "../../../core/protocol/error.ts";
import { openRuleStore } from "../../../tools/gate/rule_store.ts";
import { host } from "../support.ts";

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "rules-" });
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), {
      recursive: true,
    });
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  return folder;
}

Deno.test("openRuleStore() reads the rules files of all layers, missing ones aside", async () => {
  const folder = await folderWith({
    "etc/a.rules": `prefix_rule(pattern=["a"])`,
    "etc/not.txt": "???",
    "home/default.rules": `prefix_rule(pattern=["b"])`,
    "home/z.rules": `prefix_rule(pattern=["c"])`,
  });
  const store = await openRuleStore({
    host,
    folders: [`${folder}/etc`, `${folder}/none`],
    savedPath: `${folder}/home/default.rules`,
  });
  assert.deepEqual(
    store.current().rules.map(({ pattern }) => pattern[0]?.[0]),
    ["a", "b", "c"],
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("revoke() leaves a rule that a loop makes to the person", async () => {
  const text = `for word in ["a", "b"]:\n    prefix_rule([word])\n`;
  const folder = await folderWith({ "rules/default.rules": text });
  const savedPath = `${folder}/rules/default.rules`;
  const store = await openRuleStore({ host, folders: [], savedPath });
  const [rule] = store.current().rules;
  assert.ok(rule !== undefined);
  await assert.rejects(store.revoke(rule), /default\.rules:2 makes it, change/);
  assert.equal(await Deno.readTextFile(savedPath), text);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openRuleStore() refuses rules that cannot be read, naming file, line and reason", async () => {
  const folder = await folderWith({
    "bad/x.rules": `\nprefix_rule(pattern=[])`,
    "huge/x.rules": "#".repeat(1024 * 1024 + 1),
  });
  const open = (name: string): Promise<unknown> =>
    openRuleStore({
      host,
      folders: [`${folder}/${name}`],
      savedPath: `${folder}/home/default.rules`,
    });
  await assert.rejects(
    open("bad"),
    (error) =>
      error instanceof UserError &&
      error.message.includes(
        `${folder}/bad/x.rules, line 2, column 1: "pattern" is empty`,
      ),
  );
  await assert.rejects(
    open("huge"),
    /x\.rules: it has 1048577 bytes, must be at most/,
  );
  await Deno.symlink("/nowhere", `${folder}/huge/y.rules`);
  await Deno.remove(`${folder}/huge/x.rules`);
  await assert.rejects(
    open("huge"),
    (error) =>
      error instanceof UserError &&
      /y\.rules: No such file/.test(error.message),
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("save() appends once, and two stores do not lose each other's rules", async () => {
  const folder = await folderWith({});
  const savedPath = `${folder}/rules/default.rules`;
  const [one, two] = [
    await openRuleStore({ host, folders: [], savedPath }),
    await openRuleStore({ host, folders: [], savedPath }),
  ];
  await Promise.all([
    one.save(["npm", "test"]),
    two.save(["cargo", "test"]),
    one.save(["go", "test"]),
  ]);
  await one.save(["npm", "test"]);
  const lines = (await Deno.readTextFile(savedPath)).trimEnd().split("\n")
    .sort();
  assert.deepEqual(
    lines,
    ["cargo", "go", "npm"].map((name) =>
      `prefix_rule(pattern=["${name}", "test"], decision="allow")`
    ),
  );
  assert.equal(one.current().rules.length, 3);
  assert.equal((await Deno.stat(savedPath)).mode! & 0o777, 0o600);
  await assert.rejects(one.save(["bash"]), /would allow everything/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("revoke() takes exactly one rule out of its file, and not when the file has changed", async () => {
  const text =
    `# head\nprefix_rule(pattern=["a"])  \nprefix_rule(\n  pattern=["b"],\n)\nprefix_rule(pattern=["c"])\n`;
  const folder = await folderWith({ "rules/default.rules": text });
  const savedPath = `${folder}/rules/default.rules`;
  await Deno.chmod(savedPath, 0o640);
  const store = await openRuleStore({ host, folders: [], savedPath });
  const [a, b] = store.current().rules;
  assert.ok(a && b);
  await store.revoke(b);
  assert.equal(
    await Deno.readTextFile(savedPath),
    `# head\nprefix_rule(pattern=["a"])  \nprefix_rule(pattern=["c"])\n`,
  );
  assert.equal((await Deno.stat(savedPath)).mode! & 0o777, 0o640);
  assert.deepEqual(
    store.current().rules.map(({ pattern }) => pattern[0]?.[0]),
    ["a", "c"],
  );
  await Deno.writeTextFile(savedPath, `# other\n${text}`);
  await assert.rejects(store.revoke(a), /has changed since it was read/);
  assert.equal(
    (await Array.fromAsync(Deno.readDir(`${folder}/rules`))).length,
    1,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openRuleStore() can ignore all files and still save", async () => {
  const text = `prefix_rule(pattern=["a"], decision="forbidden")\n`;
  const folder = await folderWith({
    "rules/default.rules": text,
    "bad/x.rules": "???",
  });
  const savedPath = `${folder}/rules/default.rules`;
  const store = await openRuleStore({
    host,
    folders: [`${folder}/bad`],
    savedPath,
    ignoreFiles: true,
  });
  assert.deepEqual(store.current().rules, []);
  await store.save(["npm", "test"]);
  assert.deepEqual(store.current().rules.map(({ pattern }) => pattern), [[[
    "npm",
  ], ["test"]]]);
  assert.match(await Deno.readTextFile(savedPath), /forbidden[^]*npm/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("save() keeps rules that stay in the sandbox in a file of their own", async () => {
  const folder = await folderWith({});
  const savedPath = `${folder}/rules/default.rules`;
  const store = await openRuleStore({ host, folders: [], savedPath });
  await store.save(["npm", "ci"], ["network", "/home/u/.npm"]);
  await store.save(["npm", "test"]);
  assert.equal(
    await Deno.readTextFile(`${folder}/rules/default.grants`),
    'prefix_rule(pattern=["npm", "ci"], decision="allow", sandbox=["network", "/home/u/.npm"])\n',
  );
  const again = await openRuleStore({ host, folders: [], savedPath });
  assert.deepEqual(
    again.current().rules.map(({ sandbox }) => sandbox),
    [["network", "/home/u/.npm"], undefined],
  );
  const [grant] = again.current().rules;
  assert.ok(grant !== undefined);
  await again.revoke(grant);
  assert.equal(again.current().rules.length, 1);
  await Deno.remove(folder, { recursive: true });
});
