/** Hooks as configured: which files, whose they are, what is not understood. */
import assert from "node:assert/strict";
import {
  hookTrustPath,
  loadHooks,
  readHookTrust,
} from "../../../core/config/hooks.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { Machine } from "./config_fixture.ts";

const JSON_HOOKS = JSON.stringify({
  hooks: {
    Stop: [{ hooks: [{ type: "command", command: "from-json" }] }],
  },
});

function toml(event: string, command: string, more: string = ""): string {
  return `[[hooks.${event}]]\n${more}\n[[hooks.${event}.hooks]]\ntype = "command"\ncommand = "${command}"\n`;
}

Deno.test("loadHooks() reads every place, the person's before the project's, and joins nothing away", async () => {
  await using machine = await Machine.create();
  await machine.user(
    toml("PreToolUse", "mine", 'matcher = "Bash"') + `timeout = 5\n`,
  );
  await machine.write(`${machine.codexHome}/hooks.json`, JSON_HOOKS);
  await machine.write(
    `${machine.cwd}/.codex/config.toml`,
    toml("PreToolUse", "theirs"),
  );
  await machine.write(`${machine.cwd}/.codex/hooks.json`, JSON_HOOKS);
  const loaded = await machine.load({ flags: { trust: true } });
  const { sources, warnings } = await loadHooks(machine.host(), loaded);
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    sources.map(({ place, isProject, hooks }) => [place, isProject, hooks]),
    [
      [machine.userFile, false, [{
        event: "PreToolUse",
        matcher: "Bash",
        command: "mine",
        timeoutMs: 5_000,
      }]],
      [`${machine.cwd}/.codex/config.toml`, true, [{
        event: "PreToolUse",
        command: "theirs",
        timeoutMs: LIMITS.hookMs,
      }]],
      [`${machine.codexHome}/hooks.json`, false, [{
        event: "Stop",
        command: "from-json",
        timeoutMs: LIMITS.hookMs,
      }]],
      [`${machine.cwd}/.codex/hooks.json`, true, [{
        event: "Stop",
        command: "from-json",
        timeoutMs: LIMITS.hookMs,
      }]],
    ],
  );
});

Deno.test("loadHooks() leaves a project alone that nobody trusts, and everything when the feature is off", async () => {
  await using machine = await Machine.create();
  await machine.write(`${machine.cwd}/.codex/hooks.json`, JSON_HOOKS);
  const untrusted = await machine.load();
  assert.deepEqual((await loadHooks(machine.host(), untrusted)).sources, []);
  const off = await machine.load({
    flags: { trust: true, disable: ["hooks"] },
  });
  assert.deepEqual((await loadHooks(machine.host(), off)).sources, []);
  const on = await machine.load({ flags: { trust: true } });
  assert.equal((await loadHooks(machine.host(), on)).sources.length, 1);
});

Deno.test("loadHooks() has another hash for other hooks, and the same for the same", async () => {
  await using machine = await Machine.create();
  const hashOf = async (text: string): Promise<string | undefined> => {
    await machine.write(`${machine.codexHome}/hooks.json`, text);
    const { sources } = await loadHooks(machine.host(), await machine.load());
    return sources[0]?.hash;
  };
  const first = await hashOf(JSON_HOOKS);
  assert.match(first ?? "", /^[0-9a-f]{64}$/);
  assert.equal(await hashOf(`\n  ${JSON_HOOKS}`), first);
  assert.notEqual(
    await hashOf(JSON_HOOKS.replace("from-json", "other")),
    first,
  );
  assert.notEqual(
    await hashOf(JSON_HOOKS.replace('"type"', '"timeout":1,"type"')),
    first,
  );
});

Deno.test("loadHooks() names what it does not understand, and refuses what is broken", async () => {
  await using machine = await Machine.create();
  const path = `${machine.codexHome}/hooks.json`;
  const load = async (text: string) => {
    await machine.write(path, text);
    return await loadHooks(machine.host(), await machine.load());
  };
  const odd = await load(JSON.stringify({
    PreToolUse: [{
      hooks: [{ type: "prompt", prompt: "?" }, { type: "command" }],
    }],
    PreTolUse: [],
    SubagentStop: [{ hooks: [{ type: "command", command: "x" }] }],
  }));
  assert.deepEqual(odd.sources, []);
  assert.deepEqual(odd.warnings, [
    `Ignoring hooks for "PreTolUse" in ${path}: there is no such event`,
    `Ignoring a PreToolUse hook in ${path}: its type is prompt, must be command with a command`,
    `Ignoring a PreToolUse hook in ${path}: its type is command, must be command with a command`,
  ]);
  await assert.rejects(() => load("[]"), /no JSON object/);
  await assert.rejects(() => load("{"), /no JSON object/);
  await assert.rejects(
    () => load('{"hooks":{"Stop":[{"hooks":"x"}]}}'),
    /"Stop\.0\.hooks" is wrong/,
  );
});

Deno.test("readHookTrust() takes a file that is none for no decisions at all", async () => {
  await using machine = await Machine.create();
  const host = machine.host();
  assert.deepEqual(await readHookTrust(host, undefined), {});
  assert.deepEqual(await readHookTrust(host, machine.codexHome), {});
  const path = hookTrustPath(machine.codexHome);
  for (const text of ["{", "[]", '{"a":{"hash":1}}']) {
    await machine.write(path, text);
    assert.deepEqual(await readHookTrust(host, machine.codexHome), {}, text);
  }
  const good = { "/a": { hash: "h", trusted: true } };
  await machine.write(path, JSON.stringify(good));
  assert.deepEqual(await readHookTrust(host, machine.codexHome), good);
});
