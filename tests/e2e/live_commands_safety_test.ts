/** Commands that live on have no more rights than others, and leave nothing behind. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  type MockRequest,
  type Part,
  say,
} from "../support/mock_model.ts";
import { hasBubblewrap, itemsOf, stage, terminalLines } from "./support.ts";

const LIVE = { args: ["-m", "gpt-5.5"] };
const SANDBOXED = { ...LIVE, sandbox: "workspace-write" };
const BWRAP = { ignore: !hasBubblewrap() };

function exec(cmd: string, more: JsonObject = {}): Part {
  return call("exec_command", { cmd, yield_time_ms: 250, ...more });
}

function newest(request: MockRequest): string {
  const output = request.input.findLast((item) =>
    item["type"] === "function_call_output"
  );
  return String(output?.["output"] ?? "");
}

function sessionOf(request: MockRequest): number {
  const text = JSON.stringify(request.input);
  const [, id] = /running with session ID (\d+)/.exec(text) ?? [];
  assert.ok(id !== undefined, text);
  return Number(id);
}

Deno.test(
  "What an ended command planted is put away while another one lives on",
  BWRAP,
  async () => {
    await using s = await stage({
      script: [
        exec("sleep 1000"),
        exec(
          "mkdir .codex; touch .codex/config.toml; git init -q .; " +
            "echo evil > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
          { yield_time_ms: 30_000 },
        ),
        exec("ls -d .codex .git/hooks/pre-commit; :", {
          yield_time_ms: 30_000,
        }),
        say("done"),
      ],
    });
    await s.json("go", SANDBOXED);
    assert.match(
      newest(s.model.request(2)),
      /Note: The sandbox moved protected files aside: .*pre-commit\.rondo-moved.*\.codex\.rondo-moved/,
    );
    assert.match(newest(s.model.request(3)), /cannot access '.codex'/);
    assert.match(
      newest(s.model.request(3)),
      /cannot access '.git\/hooks\/pre-commit'/,
    );
  },
);

Deno.test(
  "What a command plants while it lives is put away before it ends",
  BWRAP,
  async () => {
    await using s = await stage({
      script: [
        exec("sleep 0.5; mkdir .codex; touch planted; sleep 1000"),
        exec(
          "until [ -e planted ]; do sleep 0.05; done; " +
            "while [ -e .codex ]; do sleep 0.05; done; echo gone",
          { yield_time_ms: 30_000 },
        ),
        say("done"),
      ],
    });
    await s.json("go", SANDBOXED);
    const output = newest(s.model.request(2));
    assert.match(output, /Process exited with code 0[^]*\ngone\n$/);
    assert.match(output, /moved protected files aside: .*\.codex\.rondo-moved/);
  },
);

Deno.test(
  "What the person makes beside a command that lives on stays, or is moved aside and told at once",
  BWRAP,
  async () => {
    await using s = await stage({
      script: [
        exec("sleep 1000"),
        exec("until [ -e told ]; do sleep 0.05; done", {
          yield_time_ms: 30_000,
        }),
        say("done"),
      ],
    });
    const { work } = s.home;
    await using agent = s.start("go", SANDBOXED);
    await s.model.received(2);
    const git = new Deno.Command("git", { args: ["init", "-q"], cwd: work });
    assert.ok((await git.output()).success);
    await Deno.mkdir(`${work}/.codex`);
    const warning = await agent.untilEvent("warning");
    assert.match(
      String(warning["message"]),
      /^While session \d+ lives on: The sandbox moved protected files aside: \S+\/\.codex\.rondo-moved-\w+$/,
    );
    await Deno.writeTextFile(`${work}/told`, "");
    await agent.finished;
    const names = (await Array.fromAsync(Deno.readDir(`${work}/.git`)))
      .map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.includes("moved")), []);
    assert.ok(names.includes("HEAD") && names.includes("config"));
  },
);

Deno.test("A hook for Bash sees commands that live on, and what is typed to them", async () => {
  await using s = await stage({
    script: [
      exec("touch made"),
      exec("cat", { tty: true }),
      (request) =>
        call("write_stdin", {
          session_id: sessionOf(request),
          chars: "touch made\n",
        }),
      (request) => call("write_stdin", { session_id: sessionOf(request) }),
      say("done"),
    ],
  });
  const command = "if grep -q 'command.:.touch made'; then exit 2; fi";
  await Deno.writeTextFile(
    `${s.home.codexHome}/hooks.json`,
    JSON.stringify({
      hooks: {
        PreToolUse: [{
          matcher: "Bash",
          hooks: [{ type: "command", command }],
        }],
      },
    }),
  );
  await s.json("go", LIVE);
  assert.match(newest(s.model.request(1)), /^A hook refused the call/);
  assert.match(newest(s.model.request(3)), /^A hook refused the call/);
  assert.doesNotMatch(newest(s.model.request(4)), /touch made/);
  await assert.rejects(Deno.stat(`${s.home.work}/made`));
});

Deno.test("Typing more than a program reads does not hold the turn up", async () => {
  await using s = await stage({
    script: [
      exec("stty raw -echo; echo ready; sleep 1000", {
        tty: true,
        yield_time_ms: 2_000,
      }),
      (request) =>
        call("write_stdin", {
          session_id: sessionOf(request),
          chars: "x".repeat(100_000),
        }),
      say("done"),
    ],
  });
  const run = await s.json("go", LIVE);
  assert.equal(itemsOf(run, "agent_message").at(-1)?.["text"], "done");
  assert.match(
    newest(s.model.request(2)),
    /Note: The program has not read all that was typed/,
  );
});

Deno.test("Where the file holds the end of the output alone, nobody calls it full", async () => {
  await using s = await stage({
    script: [
      exec("yes 0123456789 | head -c 34M; sleep 1000", {
        yield_time_ms: 30_000,
      }),
      say("done"),
    ],
  });
  await s.json("go", LIVE);
  assert.match(
    newest(s.model.request(1)),
    /^Output cut in the middle: .*; the end of the output is in (\S+), what came before it in \1\.before\.\n/,
  );
});

Deno.test("A dialogue that ends its commands still ends with its terminal line", async () => {
  await using s = await stage({ script: [exec("sleep 1000"), say("one")] });
  await using agent = s.start("", {
    args: [...LIVE.args, "--input", "jsonl"],
    stdin: "open",
  });
  await agent.write('{"type":"user.input","text":"go"}\n');
  await agent.untilEvent("turn.completed");
  await agent.closeStdin();
  const run = await agent.finished;
  assert.equal(run.code, 0);
  assert.equal(terminalLines(run).length, 1);
  assert.equal(run.events.at(-1)?.["type"], "turn.completed");
  assert.match(run.stderr, /Ended what still ran: 1/);
});
