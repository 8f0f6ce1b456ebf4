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

/** A folder for the PATH in which the program has its name. */
async function placeProgram(s: Stage): Promise<string> {
  const folder = `${s.home.root}/bin`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.symlink(agentCommand()[0], `${folder}/rondo`).catch(() => {});
  return folder;
}

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/** What stands on the command line of a shell after these keys and a tab. */
async function completed(
  s: Stage,
  keys: string,
  shell: "bash" | "zsh" = "bash",
): Promise<string> {
  const folder = await placeProgram(s);
  const rc = `${s.home.home}/${shell === "bash" ? ".bashrc" : ".zshrc"}`;
  await Deno.writeTextFile(rc, RC[shell]);
  await using pty = openPty({
    argv: shell === "bash" ? ["bash", "--rcfile", rc, "-i"] : ["zsh", "-i"],
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
  const line = pty.output.replaceAll("\u0007", "").replaceAll("\r", "")
    .replaceAll(" \b", "").split(
      "\n",
    )
    .findLast((one) => one.includes("#end"));
  return line?.replace(/^> /, "").replace(/#end.*/, "") ?? "";
}

const RC = {
  bash:
    "PS1='> '\nbind 'set enable-bracketed-paste off'\nsource <(rondo completion bash)\n",
  zsh:
    "PS1='> '\nunset zle_bracketed_paste\nunsetopt prompt_sp prompt_cr\nautoload -Uz compinit; compinit -u -D\nsource <(rondo completion zsh)\n",
};

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

Deno.test("zsh completes what only this machine knows", {
  ignore: IGNORE || !isInstalled("zsh"),
}, async () => {
  await using s = await stage({
    script: () => say("done"),
    config: { bottom: CONFIG },
  });
  for (const keys of ["rondo -p fa", "rondo mcp get do"]) {
    const line = CASES.find(([one]) => one === keys)?.[1];
    assert.equal(await completed(s, keys, "zsh"), line, keys);
  }
});

Deno.test("fish completes what only this machine knows", {
  ignore: IGNORE || !isInstalled("fish"),
}, async () => {
  await using s = await stage({
    script: () => say("done"),
    config: { bottom: CONFIG },
  });
  const folder = await placeProgram(s);
  const offered = async (line: string): Promise<string[]> => {
    const { stdout } = await new Deno.Command("fish", {
      args: [
        "--no-config",
        "-c",
        `rondo completion fish | source; complete -C '${line}'`,
      ],
      cwd: s.home.work,
      env: {
        PATH: `${folder}:${Deno.env.get("PATH")}`,
        HOME: s.home.home,
        CODEX_HOME: s.home.codexHome,
      },
      clearEnv: true,
    }).output();
    return new TextDecoder().decode(stdout).trim().split("\n")
      .map((row) => row.split("\t")[0] ?? "");
  };
  assert.deepEqual(await offered("rondo -p "), ["fast", "two words"]);
  assert.ok((await offered("rondo mcp get do")).includes("documents"));
});
