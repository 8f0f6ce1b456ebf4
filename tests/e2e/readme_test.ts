/** What README.md and the pages beside the code tell a reader to type or to write works so. */
import assert from "node:assert/strict";
import { parseRules } from "../../core/policy/rules_parse.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { Machine } from "../core/config/config_fixture.ts";
import { assertValid } from "../core/frontends/support.ts";
import { call, mockModel, say } from "../support/mock_model.ts";
import { type AgentHome, agentHome } from "../support/run_agent.ts";
import {
  readerPages,
  runAsReader,
  type ShellRun,
  type Snippet,
  snippetsOf,
} from "../support/snippets.ts";

/** What only another test can run, and the words of it that do. */
const ELSEWHERE: Readonly<
  Record<string, readonly [file: string, words: string]>
> = {
  "npx -y deno@2.8.3 task demo": ["tests/scripts/demo_test.ts", "demo"],
  "npx -y deno@2.8.3 task test": [".ci/run", "deno task test"],
  "sh install.sh": ["tests/scripts/release/install_test.ts", "install.sh"],
  "sh install.sh --uninstall": [
    "tests/scripts/release/install_test.ts",
    "--uninstall",
  ],
  // It asks, at a terminal.
  "rondo trust": ["tests/e2e/trust_test.ts", '"trust"'],
  "npm install -g @rondo-cli/rondo": ["tests/ship/packages_test.ts", "npm"],
};

const LANGUAGES = ["sh", "toml", "jsonl", "starlark", "text"];

// A line as it is typed: without what is said of it.
function typed(line: string): string {
  return line.replace(/\s+#.*$/, "").trim();
}

async function snippets(
  language: string,
): Promise<readonly (Snippet & { readonly page: string })[]> {
  const pages = await readerPages();
  const all = await Promise.all(
    pages.map(async (page) =>
      (await snippetsOf(page)).map((one) => ({ ...one, page }))
    ),
  );
  return all.flat().filter((one) => one.language === language);
}

// The folder of somebody who has just come: a repository, nothing decided.
async function newcomer(url: string): Promise<AgentHome> {
  const home = await agentHome({
    config: `openai_base_url = ${JSON.stringify(url)}\n`,
    files: { "Makefile": "test:\n\t@echo tested\n", "main.c": "int main;\n" },
  });
  await run(home, url, "git init -q . && git add -A");
  return home;
}

function run(home: AgentHome, url: string, script: string): Promise<ShellRun> {
  return runAsReader(home, ["bash", "-e", "-o", "pipefail", "-c", script], {
    CODEX_OSS_BASE_URL: url,
  });
}

Deno.test("every block of the pages is of a kind that a test here takes", async () => {
  const pages = await readerPages();
  assert.ok(pages.length >= 9, pages.join(" "));
  for (const page of pages) {
    for (const { language, text } of await snippetsOf(page)) {
      assert.ok(LANGUAGES.includes(language), `${page}:\n${text}`);
      if (language === "text") assert.doesNotMatch(text, /^\s*\$? ?rondo /m);
    }
  }
});

Deno.test("every command of the pages can be typed by a newcomer as it stands", async () => {
  let lines = 0;
  for (const { page, text } of await snippets("sh")) {
    const [here, elsewhere] = [new Array<string>(), new Array<string>()];
    for (const line of text.split("\n").filter((one) => one !== "")) {
      (Object.hasOwn(ELSEWHERE, typed(line)) ? elsewhere : here).push(line);
    }
    for (const line of elsewhere) {
      const [file, words] = ELSEWHERE[typed(line)] ?? ["", ""];
      const test = await Deno.readTextFile(
        new URL(`../../${file}`, import.meta.url),
      );
      assert.ok(test.includes(words), `${file} runs ${words}`);
    }
    if (here.length === 0) continue;
    await using model = mockModel({ script: () => say("Done."), laws: false });
    await using home = await newcomer(model.url);
    // The first block says where the key comes from; the others go on from there.
    const key = here.some((line) => line.startsWith("export OPENAI_API_KEY"))
      ? ""
      : "export OPENAI_API_KEY=k\n";
    const done = await run(home, model.url, key + here.join("\n"));
    assert.equal(
      done.code,
      0,
      `${page}:\n${text}\n${done.stdout}\n${done.stderr}`,
    );
    lines += here.length;
  }
  assert.ok(lines > 10, `${lines} lines`);
});

Deno.test("the first task that changes something does, in a project nobody has decided about", async () => {
  await using model = mockModel({
    script: [
      call("shell", { command: ["sh", "-c", "echo fixed > main.c"] }),
      say("Fixed."),
    ],
  });
  await using home = await newcomer(model.url);
  const line = (await snippets("sh")).flatMap(({ text }) => text.split("\n"))
    .find((one) => one.startsWith("rondo exec -s workspace-write")) ?? "";
  const done = await run(home, model.url, `export OPENAI_API_KEY=k\n${line}`);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(await Deno.readTextFile(`${home.work}/main.c`), "fixed\n");
});

Deno.test("every config.toml of the pages is read without a warning", async () => {
  const found = await snippets("toml");
  assert.ok(found.length > 0);
  for (const { page, text } of found) {
    await using machine = await Machine.create();
    await machine.user(text);
    const { warnings } = await machine.load({ canAsk: true });
    assert.deepEqual(warnings, [], page);
  }
});

Deno.test("every rule of the pages is one", async () => {
  const found = await snippets("starlark");
  assert.ok(found.length > 0);
  for (const { text, page } of found) {
    parseRules(text, { file: page, home: "/home/me" });
  }
});

// What is another at each run.
function sameEachTime(event: JsonObject, home: string): unknown {
  return JSON.parse(
    JSON.stringify(event).replaceAll(home, "/home/me/project")
      .replaceAll(/"thread_id":"[^"]*"/g, '"thread_id":"ID"')
      .replaceAll(/"duration_ms":\d+/g, '"duration_ms":0')
      .replaceAll(/"(\w+_tokens)":\d+/g, '"$1":0')
      .replaceAll(
        /"backend":"[^"]*","enforces":\[[^\]]*\],"note":"[^"]*"(,"loopback":"\w+")?/g,
        '"backend":""',
      )
      .replaceAll(/"sandbox":"\w+"/g, '"sandbox":""'),
  );
}

Deno.test("the JSON lines of the README are what the program prints", async () => {
  const [block] = await snippets("jsonl");
  const lines = (block?.text ?? "").trim().split("\n").map((line) =>
    JSON.parse(line) as JsonObject
  );
  for (const line of lines) assertValid("events", line);
  await using model = mockModel({
    script: [
      call("shell", { command: ["sh", "-c", "date -u +%Y > year.txt"] }),
      say("`year.txt` is there."),
    ],
  });
  await using home = await newcomer(model.url);
  const done = await run(
    home,
    model.url,
    'OPENAI_API_KEY=k rondo exec --json -s workspace-write "write the year to year.txt"',
  );
  const printed = done.stdout.trim().split("\n").map((line) =>
    JSON.parse(line) as JsonObject
  ).filter(({ type }) => type !== "request.completed");
  assert.deepEqual(
    lines.map((line) => sameEachTime(line, home.work)),
    printed.map((line) => sameEachTime(line, home.work)),
    JSON.stringify(printed),
  );
});

Deno.test("every link of the pages leads to a file that is there", async () => {
  for (const page of [...await readerPages(), "scripts/cookbook/README.md"]) {
    const url = new URL(`../../${page}`, import.meta.url);
    const text = await Deno.readTextFile(url);
    for (const [, to = ""] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      const { isFile } = await Deno.stat(new URL(to, url)).catch(() => ({
        isFile: false,
      }));
      assert.ok(isFile, `${page}: ${to}`);
    }
  }
});
