/** Hooks as configured: which files, whose they are, what is not understood. */
import assert from "node:assert/strict";
import { loadHooks } from "../../../core/config/hooks.ts";
import type { ConfigFlags } from "../../../core/config/overrides.ts";
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
  await machine.approve();
  const loaded = await machine.load();
  const { hooks, warnings } = await loadHooks(machine.host(), loaded);
  assert.deepEqual(warnings, []);
  const common = { timeoutMs: LIMITS.hookMs };
  assert.deepEqual(hooks.map(({ key: _key, ...hook }) => hook), [
    {
      event: "PreToolUse",
      matcher: "Bash",
      command: "mine",
      timeoutMs: 5_000,
      isOwn: true,
    },
    { event: "PreToolUse", command: "theirs", ...common, isOwn: false },
    { event: "Stop", command: "from-json", ...common, isOwn: true },
    { event: "Stop", command: "from-json", ...common, isOwn: false },
  ]);
});

Deno.test("loadHooks() leaves out what the person has switched off, and a project switches off nothing", async () => {
  await using machine = await Machine.create();
  const own = `${machine.userFile}:pre_tool_use:0:0`;
  const state = `[hooks.state."${own}"]\nenabled = false\n`;
  const namesWith = async (
    user: string,
    project: string,
  ): Promise<string[]> => {
    await machine.user(toml("PreToolUse", "mine") + user);
    await machine.write(`${machine.cwd}/.codex/config.toml`, project);
    const loaded = await machine.load({ flags: { trust: true } });
    const { hooks } = await loadHooks(machine.host(), loaded);
    return hooks.map(({ command }) => command);
  };
  assert.deepEqual(await namesWith("", ""), ["mine"]);
  assert.deepEqual(await namesWith(state, ""), []);
  assert.deepEqual(await namesWith("", state), ["mine"]);
});

Deno.test("loadHooks() leaves out what nobody has approved, and everything when the feature is off", async () => {
  await using machine = await Machine.create();
  await machine.write(`${machine.cwd}/.codex/hooks.json`, JSON_HOOKS);
  const countWith = async (flags: ConfigFlags): Promise<number> => {
    const loaded = await machine.load({ flags });
    return (await loadHooks(machine.host(), loaded)).hooks.length;
  };
  assert.equal(await countWith({}), 0);
  assert.equal(await countWith({ trust: true }), 0);
  assert.equal(await countWith({ trust: true, bypassHookTrust: true }), 1);
  await machine.approve();
  assert.equal(await countWith({}), 1);
  assert.equal(await countWith({ disable: ["hooks"] }), 0);
  assert.equal(await countWith({ disable: ["codex_hooks"] }), 0);
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
    SubagentStart: [],
    SubagentStop: [{ hooks: [{ type: "command", command: "x" }] }],
  }));
  assert.deepEqual(odd.hooks, []);
  assert.deepEqual(odd.warnings, [
    `Ignoring hooks for "PreTolUse" in ${path}: there is no such event`,
    `Ignoring a PreToolUse hook in ${path}: its type is prompt, must be command with a command`,
    `Ignoring a PreToolUse hook in ${path}: its type is command, must be command with a command`,
  ]);
  await assert.rejects(() => load("[]"), /not a JSON object/);
  await assert.rejects(() => load("{"), /not a JSON object/);
  await assert.rejects(
    () => load('{"hooks":{"Stop":[{"hooks":"x"}]}}'),
    /"Stop\.0\.hooks" is wrong/,
  );
});
