/** Completion in a real bash at a real terminal, by the compiled program. */
import assert from "node:assert/strict";
import { hasPty, openPty } from "../support/pty.ts";
import { say } from "../support/mock_model.ts";
import { agentCommand, isCompiled } from "../support/run_agent.ts";
import { type Stage, stage } from "./support.ts";

const IGNORE = !hasPty() || !isCompiled();
if (IGNORE) console.warn("SKIPPED: no util-linux script, or not compiled");

const CONFIG = `[profiles.fast]
model_reasoning_effort = "low"
[profiles."two words"]
model_reasoning_effort = "low"
[mcp_servers.documents]
command = "true"`;

/** What stands on the command line of a bash after these keys and a tab. */
async function completed(s: Stage, keys: string): Promise<string> {
  const folder = `${s.home.root}/bin`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.symlink(agentCommand()[0], `${folder}/rondo`).catch(() => {});
  await Deno.writeTextFile(
    `${s.home.home}/.bashrc`,
    "PS1='> '\nbind 'set enable-bracketed-paste off'\nsource <(rondo completion bash)\n",
  );
  await using pty = openPty({
    argv: ["bash", "--rcfile", `${s.home.home}/.bashrc`, "-i"],
    cwd: s.home.work,
    columns: 200,
    env: {
      PATH: `${folder}:${Deno.env.get("PATH")}`,
      HOME: s.home.home,
      CODEX_HOME: s.home.codexHome,
      TERM: "dumb",
      MOCK_KEY: "mock-key",
    },
  });
  await pty.wrote("> ");
  // What is typed behind it tells that the shell has come so far.
  await pty.type(`${keys}\t#end`);
  await pty.wrote("#end");
  const line = pty.output.replaceAll("\u0007", "").replaceAll("\r", "").split(
    "\n",
  )
    .findLast((one) => one.includes("#end"));
  return line?.replace(/^> /, "").replace(/#end.*/, "") ?? "";
}

const CASES: readonly (readonly [keys: string, line: string])[] = [
  ["rondo exec -o my", "rondo exec -o my\\ notes\\ of\\ today.txt "],
  ["rondo exec -o my\\ no", "rondo exec -o my\\ notes\\ of\\ today.txt "],
  ['rondo exec -o "my n', 'rondo exec -o "my notes of today.txt" '],
  ["rondo -C so", "rondo -C some\\ folder/"],
  [
    "rondo sandbox -- cat my",
    "rondo sandbox -- cat my\\ notes\\ of\\ today.txt ",
  ],
  ["rondo -p fa", "rondo -p fast "],
  ["rondo --profile=tw", "rondo --profile=two\\ words "],
  ["rondo -m gpt-5.2-c", "rondo -m gpt-5.2-codex "],
  ["rondo mcp get do", "rondo mcp get documents "],
  ["rondo doctor provider mo", "rondo doctor provider mock "],
  ["rondo --enable ghost_c", "rondo --enable ghost_commit "],
  ["rondo sessions show my", "rondo sessions show my\\ login\\ bug "],
];

Deno.test("bash completes what only this machine knows, with spaces", {
  ignore: IGNORE,
}, async () => {
  await using s = await stage({
    script: () => say("done"),
    config: { bottom: CONFIG },
    files: { "my notes of today.txt": "", "some folder/x": "" },
  });
  await s.human("one");
  const { stdout } = await s.run(["sessions", "list", "--json"]);
  const [{ id }] = JSON.parse(stdout).sessions;
  await s.run(["sessions", "rename", id, "my login bug"]);
  for (const [keys, line] of CASES) {
    assert.equal(await completed(s, keys), line, keys);
  }
  assert.equal(
    await completed(s, `rondo resume ${id.slice(0, 30)}`),
    `rondo resume ${id} `,
  );
});

Deno.test("words that a shell asks for have what they are behind a tab", {
  ignore: IGNORE,
}, async () => {
  await using s = await stage({ script: () => say("done") });
  await s.human("repair the login");
  const { stdout } = await s.run(["completion", "words", "sessions"]);
  assert.match(stdout, /^[0-9a-f-]{36}\trepair the login\n$/);
  const none = await s.run(["completion", "words", "nothing"]);
  assert.equal(none.code, 2);
});
