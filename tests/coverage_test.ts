/** What a user can name is named by a test: no command, tool or flag can be lost unseen. */
import assert from "node:assert/strict";
import { commandNames } from "../core/contract/commands.ts";
import { FLAGS } from "../core/contract/flags.ts";
import {
  SLASH_COMMANDS,
  slashCommand,
} from "../core/frontends/conversation/slash_table.ts";
import { loadFiles, withoutComments } from "../scripts/checks/source.ts";
import { denoHost } from "../core/host/host.ts";
import { builtinTools } from "../tools/mod.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname)
  .replace(/\/$/, "");

async function testTexts(): Promise<string> {
  const files = await loadFiles(ROOT);
  return files.filter(({ path }) => path.startsWith("tests/"))
    .map(({ text }) => withoutComments(text)).join("\n");
}

function assertNamed(
  texts: string,
  names: Iterable<string>,
  patternOf: (name: string) => string,
): void {
  const unnamed = [...names].filter((name) =>
    !new RegExp(patternOf(name)).test(texts)
  );
  assert.deepEqual(unnamed, [], "no test would notice the loss of these");
}

Deno.test("every flag is given to the program by a test", async () => {
  assertNamed(
    await testTexts(),
    Object.values(FLAGS).map(({ long }) => long),
    (long) => `${long}(?![\\w-])`,
  );
});

Deno.test("every flag is read, or says that it is only accepted", async () => {
  const files = await loadFiles(ROOT);
  const code = files.filter(({ path }) =>
    /^(main|core|tools)\b/.test(path) &&
    !/^core\/contract\/(flags|commands|command_line)/.test(path)
  ).map(({ text }) => withoutComments(text)).join("\n");
  const unread = Object.entries(FLAGS).filter(([name, { help }]) =>
    !help.startsWith("Accepted") &&
    !new RegExp(
      `flags\\.${name}\\b|\\{[^{}]*\\b${name}\\b[^{}]*\\}[\\w:, }]*= [\\w.]*flags\\b|\\b${name}\\b[^()]*\\}: (Exec|Agent)?Flags`,
    ).test(code)
  ).map(([name]) => name);
  assert.deepEqual(unread, []);
});

Deno.test("every field that is promised to programs is named where their lines are made", async () => {
  const files = await loadFiles(ROOT);
  const code = files.filter(({ path }) =>
    /^core\/(frontends\/(jsonl|exec)\/|contract\/review\.ts)/.test(path)
  ).map(({ text }) => withoutComments(text)).join("\n");
  const register = new URL("golden/files/contract.json", import.meta.url);
  const { events, result } = JSON.parse(await Deno.readTextFile(register));
  const unsent = Object.keys({ ...events, ...result }).filter((path) =>
    !new RegExp(`\\b${path.split(".").at(-1)}\\b`).test(code)
  );
  assert.deepEqual(unsent, []);
});

Deno.test("every command is run by a test", async () => {
  const files = (await loadFiles(ROOT)).filter(({ path }) =>
    path.startsWith("tests/") && path !== "tests/main_test.ts"
  );
  // All its words stand as arguments in one file.
  const unrun = commandNames().filter((name) =>
    name !== "repl" &&
    !files.some(({ text }) =>
      name.split(" ").every((word) => text.includes(`"${word}"`))
    )
  );
  assert.deepEqual(unrun, [], "no test would notice the loss of these");
});

Deno.test("every slash command is typed by a test, and its other names lead to it", async () => {
  assertNamed(
    await testTexts(),
    SLASH_COMMANDS.map(({ name }) => name),
    (name) => `["\`]/${name}(?=["\` \\\\])`,
  );
  const aliases = SLASH_COMMANDS.flatMap(({ aliases = [] }) => aliases);
  assert.deepEqual(
    aliases.map((alias) => [alias, slashCommand(alias)?.name]),
    [
      ["?", "help"],
      ["permissions", "approvals"],
      ["clear", "new"],
      ["exit", "quit"],
      ["q", "quit"],
    ],
  );
});

Deno.test("every built-in tool is called by a test", async () => {
  const names = builtinTools({
    host: denoHost(),
    gate: { run: () => Promise.reject(new Error("nothing runs")) },
    shell: "/bin/bash",
    sandbox: { readable: () => denoHost().files },
    applyPatch: "function",
    webSearch: "live",
  }).map(({ name }) => name);
  assertNamed(
    await testTexts(),
    names,
    (name) => `"${name}"|create${pascalCase(name)}Tool\\(`,
  );
});

function pascalCase(name: string): string {
  return name.replace(/(?:^|_)(.)/g, (_, letter) => letter.toUpperCase());
}
