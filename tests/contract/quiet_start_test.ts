/** Help, version, schemas, completion and manual: printed without a look at disk or network. */
import assert from "node:assert/strict";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  isCompiled,
} from "../support/run_agent.ts";
import { forEachAtOnce } from "../support/at_once.ts";
import { understandArgv } from "../../main.ts";
import { COMMANDS } from "../../core/contract/commands.ts";

const QUESTIONS: readonly (readonly string[])[] = [
  ["--version"],
  ["-V"],
  ["--help"],
  ["-h"],
  ["help", "exec"],
  ["exec", "--help"],
  ["exec", "resume", "-h"],
  ["schema", "events"],
  ["schema", "result"],
  ["schema", "input"],
  ["schema", "exit-codes"],
  ["schema", "config"],
  ["completion", "bash"],
  ["completion", "zsh"],
  ["completion", "fish"],
  ["man"],
];

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// A home that would break whoever reads it.
async function brokenHome(): Promise<AgentHome> {
  const home = await agentHome({
    config: "this is = no = toml",
    files: { ".codex/config.toml": "nor = is = this" },
  });
  await Deno.chmod(home.codexHome, 0o000);
  return home;
}

async function ask(
  home: AgentHome,
  wrapper: readonly string[],
  question: readonly string[],
): Promise<Answer> {
  const [command = "", ...args] = [...wrapper, ...agentCommand(), ...question];
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: home.work,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home.home,
      CODEX_HOME: home.codexHome,
    },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

function canRun(command: string, ...args: string[]): boolean {
  try {
    const probe = new Deno.Command(command, {
      args: [...args, "true"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return isCompiled() && probe.outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "what rondo says of itself needs no file and no socket",
  ignore: !canRun("strace", "-o", "/dev/null"),
  async fn(): Promise<void> {
    await using home = await brokenHome();
    const trace = `${home.temp}/trace`;
    for (const question of QUESTIONS) {
      const strace = [
        "strace",
        "-f",
        "-e",
        "trace=%file,%network",
        "-o",
        trace,
      ];
      const answer = await ask(home, strace, question);
      assert.deepEqual(
        [answer.code, answer.stderr],
        [0, ""],
        question.join(" "),
      );
      assert(answer.stdout.length > 5);
      const calls = (await Deno.readTextFile(trace)).split("\n");
      assert(calls.some((line) => line.includes("execve(")));
      // Without the call that starts the program, which names the folder it is in.
      const touched = calls.filter((line) =>
        !line.includes("execve(") &&
        (/AF_INET|connect\(/.test(line) ||
          /\.codex|\/etc\/codex|\/etc\/resolv|\.gitconfig/.test(line) ||
          line.includes(`"${home.work}/`) || line.includes(`"${home.home}`))
      );
      assert.deepEqual(touched, [], question.join(" "));
    }
  },
});

Deno.test({
  name: "what rondo says of itself is said without any network",
  ignore: !canRun("unshare", "-n"),
  async fn(): Promise<void> {
    await using home = await brokenHome();
    await forEachAtOnce(QUESTIONS, async (question) => {
      const { code, stderr } = await ask(home, ["unshare", "-n"], question);
      assert.deepEqual([code, stderr], [0, ""], question.join(" "));
    });
  },
});

Deno.test("every command has a short and a long help", async () => {
  const names = Object.keys(COMMANDS).filter((name) => name !== "repl");
  for (const name of names) {
    const [short, long] = await Promise.all(
      ["-h", "--help"].map((flag) =>
        understandArgv([...name.split(" "), flag])
      ),
    );
    assert(short !== undefined && "text" in short, name);
    assert(long !== undefined && "text" in long, name);
    assert.match(short.text, new RegExp(`rondo ${name}`));
    assert(short.text.length <= long.text.length, name);
  }
});

Deno.test("--help ends quietly when its reader leaves", async () => {
  await using home = await agentHome();
  const [command = "", ...args] = agentCommand();
  const child = new Deno.Command(command, {
    args: [...args, "schema", "events"],
    cwd: home.work,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal(stderr, "");
  const { code } = await child.status;
  assert(code === 0 || code === 1, String(code));
});
