/** The pages of reference: what the tables say, in the folder and from `rondo help TOPIC`. */
import assert from "node:assert/strict";
import {
  loadReference,
  REFERENCE,
  writeReference,
} from "../../scripts/reference.ts";
import { describeKey } from "../../core/config/file/schema_walk.ts";
import { EXIT_CODES } from "../../core/contract/exit_code.ts";
import { TOPICS } from "../../core/frontends/cli/topics.ts";
import { SLASH_COMMANDS } from "../../core/frontends/conversation/slash_table.ts";
import { leafKeys } from "../support/config_keys.ts";
import { agentHome, runAgent } from "../support/run_agent.ts";

// As a page spells a key: `skills.config[].path`.
function spell(key: string): string {
  return key.replace("hooks.EVENT", "hooks.Stop")
    .replaceAll(/\b(config|env_vars|matcher|hooks|Stop)\.\*/g, "$1[]")
    .replaceAll(".*", ".NAME");
}

Deno.test("every page of reference says what the program's tables say", async () => {
  if (Deno.env.get("UPDATE_GOLDEN") === "1") await writeReference();
  const pages = await loadReference();
  const names: string[] = [];
  for await (const { name } of Deno.readDir(REFERENCE)) names.push(name);
  assert.deepEqual(names.sort(), Object.keys(pages).sort());
  for (const [name, text] of Object.entries(pages)) {
    assert.equal(
      await Deno.readTextFile(new URL(name, REFERENCE)),
      text,
      `${name} is stale: deno task test:update`,
    );
  }
});

Deno.test("every key of config.toml that works is explained in words", () => {
  const silent = leafKeys().filter((key) => {
    const path = key.replace("EVENT", "Stop").split(".");
    return describeKey(path)?.description === undefined;
  });
  assert.deepEqual(silent, []);
});

Deno.test("help TOPIC prints each page in 80 columns, with all that belongs to it", async () => {
  await using home = await agentHome({});
  const show = async (topic: string): Promise<string> => {
    const shown = await runAgent({ home, args: ["help", topic] });
    assert.equal(shown.code, 0, shown.stderr);
    return shown.stdout;
  };
  const config = await show("config");
  assert.deepEqual(
    leafKeys().map(spell).filter((key) => !config.includes(`  ${key}`)),
    [],
  );
  const codes = await show("exit-codes");
  for (const { code, meaning } of Object.values(EXIT_CODES)) {
    assert.match(codes, new RegExp(`^  ${code} `, "m"));
    assert.ok(codes.replaceAll(/\s+/g, " ").includes(meaning));
  }
  const slash = await show("slash-commands");
  for (const { name } of SLASH_COMMANDS) assert.ok(slash.includes(`/${name}`));
  const events = await show("events");
  for (const word of ["turn.failed", "item: file_change", "exit_code"]) {
    assert.ok(events.includes(word), word);
  }
  assert.match(await show("flags"), /--fail-on-denied\b/);
  for (const page of [codes, slash]) {
    const long = page.split("\n").filter((line) => line.length > 80);
    assert.deepEqual(long, []);
  }
});

Deno.test("the page of the tools has every tool with its arguments", async () => {
  const text = await Deno.readTextFile(new URL("tools.md", REFERENCE));
  const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title = ""]) =>
    title.replaceAll("\\", "")
  );
  assert.deepEqual(titles, [
    "shell",
    "update_plan",
    "apply_patch",
    "view_image",
    "web_search",
    "exec_command",
    "write_stdin",
    "read_file",
  ]);
  assert.match(text, /^- `timeout_ms` \(number, may be absent\): /m);
});

Deno.test("the help of the program names every topic", async () => {
  await using home = await agentHome({});
  const { stdout } = await runAgent({ home, args: ["--help"] });
  for (const topic of Object.keys(TOPICS)) {
    assert.ok(stdout.includes(`rondo help ${topic}`), topic);
  }
});
