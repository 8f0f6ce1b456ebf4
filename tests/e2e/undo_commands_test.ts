/** What commands did to files, taken back with the real program. */
import assert from "node:assert/strict";
import {
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";
import { mcpServerCommand } from "../support/mcp_server.ts";
import { call, mockModel, say } from "../support/mock_model.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";

const WAYS: Readonly<Record<string, readonly string[]>> = {
  "in the sandbox": ["-s", "workspace-write"],
  "with full access": ["--dangerously-bypass-approvals-and-sandbox"],
};

for (const [way, flags] of Object.entries(WAYS)) {
  Deno.test(`undo brings back what sed -i and rm did ${way}`, async () => {
    const rm = way === "with full access" ? "rm -rf" : "rm -r";
    const line = `sed -i s/one/two/ a.txt && ${rm} src && echo x > made`;
    await using model = mockModel({
      script: [
        call("shell", { command: ["bash", "-c", line] }),
        say("Done."),
      ],
    });
    await using home = await agentHome({
      config: mockConfig(model.url),
      files: { "a.txt": "one\n", "src/deep/b.txt": "kept\n" },
    });
    const run = (args: readonly string[]): Promise<AgentRun> =>
      runAgent({ home, args });
    const turn = await run(["exec", "--skip-git-repo-check", ...flags, "go"]);
    assert.equal(turn.code, 0, turn.stderr);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "two\n");
    await assert.rejects(() => Deno.stat(`${home.work}/src`));
    const { stdout: health } = await run(["doctor"]);
    assert.match(health, /kept for undo: [\d.]+ (B|KiB) of at most 512\.0 MiB/);

    const by = `(${line})`;
    const shown = await run(["undo", "--restore", "code"]);
    assert.equal(
      shown.stdout,
      [
        "Undo 1 turn:",
        `  restore  ${home.work}/a.txt ${by}`,
        `  delete   ${home.work}/made ${by}`,
        `  recreate ${home.work}/src ${by}`,
        `  recreate ${home.work}/src/deep ${by}`,
        `  recreate ${home.work}/src/deep/b.txt ${by}`,
        "Nothing was changed; pass --yes to do it",
        "",
      ].join("\n"),
    );
    const undone = await run(["undo", "--yes"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\n");
    assert.equal(
      await Deno.readTextFile(`${home.work}/src/deep/b.txt`),
      "kept\n",
    );
    await assert.rejects(() => Deno.stat(`${home.work}/made`));
  });
}

Deno.test("/undo shows what a command did, and takes it back when it is confirmed", async () => {
  await using model = mockModel({
    script: [
      call("shell", { command: ["bash", "-c", "echo two > a.txt; mkdir new"] }),
      say("Done."),
    ],
  });
  await using home = await agentHome({
    config: mockConfig(model.url),
    files: { "a.txt": "one\n" },
  });
  const { stdout, stderr, code } = await runAgent({
    home,
    args: ["-s", "danger-full-access"],
    stdin: { text: "go\n/undo code\n/undo code yes\n/undo code\n" },
  });
  assert.equal(code, 0, stderr);
  const by = "(echo two > a.txt; mkdir new)";
  assert.match(
    stdout.replaceAll(by, "BY"),
    /restore {2}a\.txt BY\n {2}delete {3}new BY\n/,
  );
  assert.match(stdout, /Nothing to undo in files/);
  assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\n");
  await assert.rejects(() => Deno.stat(`${home.work}/new`));
});

Deno.test("/undo shows the first of very many files, and undoes all of them", async () => {
  await using model = mockModel({
    script: [
      call("shell", { command: ["bash", "-c", "touch f{001..050}"] }),
      say("Done."),
    ],
  });
  await using home = await agentHome({ config: mockConfig(model.url) });
  const { stdout, code, stderr } = await runAgent({
    home,
    args: ["-s", "danger-full-access"],
    stdin: { text: "go\n/undo code yes\n" },
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /delete {3}f040 [^\n]*\n {2}and 10 more\n/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(home.work)), []);
});

Deno.test("what was moved aside after a command goes with its turn", async () => {
  await using model = mockModel({
    script: [
      call("shell", {
        command: ["bash", "-c", "mkdir .codex; echo x > .codex/config.toml"],
      }),
      say("Done."),
    ],
  });
  await using home = await agentHome({
    config: mockConfig(model.url),
    files: { "a.txt": "one\n" },
  });
  await runAgent({
    home,
    args: ["exec", "--skip-git-repo-check", "-s", "workspace-write", "go"],
  });
  const names = async (): Promise<readonly string[]> =>
    (await Array.fromAsync(Deno.readDir(home.work))).map(({ name }) => name)
      .sort();
  const [aside = "", ...rest] = await names();
  assert.match(aside, /^\.codex.+/);
  assert.deepEqual(rest, ["a.txt"]);
  await runAgent({ home, args: ["undo", "--yes"] });
  assert.deepEqual(await names(), ["a.txt"]);
});

Deno.test("undo takes back what a session did that was typed to in a later turn", async () => {
  await using model = mockModel({
    script: [
      call("exec_command", {
        cmd: "echo 1 > a.txt; read line; echo $line > a.txt; echo x > b.txt",
        tty: true,
        yield_time_ms: 300,
      }),
      say("It waits."),
      (request) => {
        const id = /session ID (\d+)/.exec(JSON.stringify(request.input))?.[1];
        return call("write_stdin", {
          session_id: Number(id),
          chars: "typed\n",
          yield_time_ms: 1_000,
        });
      },
      say("It is over."),
    ],
  });
  await using home = await agentHome({
    config: mockConfig(model.url),
    files: { "a.txt": "0\n" },
  });
  const read = (): Promise<string> => Deno.readTextFile(`${home.work}/a.txt`);
  const { stdout, stderr } = await runAgent({
    home,
    args: ["-s", "danger-full-access", "-m", "gpt-5.5"],
    stdin: { text: "go\nagain\n/undo code yes\n" },
  });
  assert.match(stdout, /restore {2}a\.txt \(echo 1/, stderr);
  assert.equal(await read(), "1\n");
  await assert.rejects(() => Deno.stat(`${home.work}/b.txt`));
  await runAgent({ home, args: ["undo", "--yes"] });
  assert.equal(await read(), "0\n");
});

Deno.test("undo takes back what a server of MCP wrote during a call", async () => {
  await using model = mockModel({
    script: [call("mcp__files__write", { text: "x" }), say("Done.")],
  });
  await using home = await agentHome();
  const logFile = `${home.work}/log.jsonl`;
  const [command = "", ...args] = mcpServerCommand({
    tools: [{ name: "write", inputSchema: { type: "object" } }],
    logFile,
  });
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, {
      bottom: [
        "[mcp_servers.files]",
        `command = ${JSON.stringify(command)}`,
        `args = ${JSON.stringify(args)}`,
        'default_tools_approval_mode = "approve"',
      ].join("\n"),
    }),
  );
  const turn = await runAgent({
    home,
    args: ["exec", "--skip-git-repo-check", "-s", "workspace-write", "go"],
  });
  assert.equal(turn.code, 0, turn.stderr);
  assert.match(await Deno.readTextFile(logFile), /tools\/call/);
  const undone = await runAgent({ home, args: ["undo", "--yes"] });
  assert.match(undone.stdout, /log\.jsonl \(files: write\)/);
  assert.doesNotMatch(await Deno.readTextFile(logFile), /tools\/call/);
});

Deno.test({
  name: "undo brings back what a command did under Landlock",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using model = mockModel({
      script: [
        call("shell", { command: ["bash", "-c", "rm a.txt; mkdir -p d/e"] }),
        say("Done."),
      ],
    });
    await using home = await agentHome({
      config: mockConfig(model.url),
      files: { "a.txt": "one\n" },
    });
    const turn = await runAgent({
      home,
      under: WITHOUT_BWRAP,
      args: ["exec", "--skip-git-repo-check", "-s", "workspace-write", "go"],
    });
    assert.match(turn.stderr, /landlock/);
    await assert.rejects(() => Deno.stat(`${home.work}/a.txt`));
    await runAgent({ home, args: ["undo", "--yes"] });
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\n");
    await assert.rejects(() => Deno.stat(`${home.work}/d`));
  },
});
