/** Record and replay of the real program: elsewhere, as somebody else, byte for byte. */
import assert from "node:assert/strict";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  isCompiled,
} from "../support/run_agent.ts";
import {
  call,
  customCall,
  fail,
  mockModel,
  say,
  think,
} from "../support/mock_model.ts";
import { checkRun, FREE, openStage, type Stage } from "./support.ts";

const SECRET = "sekrit-of-the-mock-5f1c";
const NATIVE = ["--events", "native", "--deltas"];

function steps(): Parameters<typeof mockModel>[0] {
  return {
    laws: false,
    script: [
      fail(503),
      [
        think("Looking around"),
        call("shell", { command: ["sh", "-c", "date; echo $$; ls"] }, {
          callId: "a",
        }),
        call("shell", { command: ["sh", "-c", "echo err >&2; exit 3"] }, {
          callId: "b",
        }),
      ],
      customCall(
        "apply_patch",
        "*** Begin Patch\n*** Update File: notes.txt\n@@\n-old\n+new\n*** End Patch\n",
      ),
      say("Hällo, done 😀", { deltas: 4 }),
    ],
  };
}

async function record(stage: Stage, mode: string): Promise<string> {
  const run = await stage.exec([
    ...NATIVE,
    `--replay-mode=${mode}`,
    "--record=../run.cassette",
    "go",
  ], { env: { MOCK_KEY: SECRET } });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(stage.model.stepsLeft, 0);
  assert.match(run.stdout, /"type":"file_change"/);
  return run.stdout;
}

interface Replayed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// In a place of its own, without key, configuration and server.
async function replay(
  cassette: string,
  home: AgentHome,
  options: { readonly user?: number; readonly args?: readonly string[] } = {},
): Promise<Replayed> {
  const [program, ...first] = agentCommand();
  const argv = [
    program,
    ...first,
    "exec",
    "--json",
    ...FREE,
    ...(options.args ?? [...NATIVE, `--replay=${cassette}`, "go"]),
  ];
  const user = options.user === undefined ? [] : [
    "setpriv",
    `--reuid=${options.user}`,
    `--regid=${options.user}`,
    "--clear-groups",
  ];
  const [command = "", ...args] = [...user, ...argv];
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: home.work,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: home.home },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

async function isPossible(user: number): Promise<boolean> {
  if (Deno.uid() !== 0 || !isCompiled()) return false;
  const [program] = agentCommand();
  try {
    const { success } = await new Deno.Command("setpriv", {
      args: [`--reuid=${user}`, "--clear-groups", program, "--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

Deno.test("a cassette replays in full elsewhere to the same bytes, and touches nothing", async () => {
  await using stage = await openStage({
    ...steps(),
    files: { "notes.txt": "old\n" },
  });
  const said = await record(stage, "full");
  const cassette = `${stage.home.root}/run.cassette`;
  const stat = await Deno.stat(cassette);
  assert.equal((stat.mode ?? 0) & 0o777, 0o600);
  await using home = await agentHome();
  for (let turn = 0; turn < 2; turn++) {
    const again = await replay(cassette, home);
    assert.equal(again.stdout, said, again.stderr);
    assert.equal(again.code, 0);
  }
  assert.equal(stage.model.requests.length, 4);
  for (const folder of [home.work, home.codexHome]) {
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  }
});

Deno.test({
  name: "a cassette replays in full as another user to the same bytes",
  ignore: !await isPossible(65534),
  async fn(): Promise<void> {
    await using stage = await openStage({
      ...steps(),
      files: { "notes.txt": "old\n" },
    });
    const said = await record(stage, "full");
    await using home = await agentHome();
    const cassette = `${home.root}/run.cassette`;
    await Deno.copyFile(`${stage.home.root}/run.cassette`, cassette);
    for (
      const path of [home.root, home.home, home.work, home.codexHome, cassette]
    ) {
      await Deno.chown(path, 65534, 65534);
    }
    const again = await replay(cassette, home, { user: 65534 });
    assert.equal(again.stdout, said, again.stderr);
  },
});

Deno.test("a cassette holds no key, whatever way it came in", async () => {
  await using stage = await openStage({
    script: [
      call("shell", { command: ["sh", "-c", "echo $MOCK_KEY; cat key.txt"] }),
      say("done"),
    ],
    files: { "key.txt": `the key is ${SECRET}\n` },
    config: { provider: 'http_headers = { "x-api-key" = "hdr-value-77" }' },
  });
  for (const mode of ["full", "model"]) {
    await stage.exec([
      `--replay-mode=${mode}`,
      "--record=../run.cassette",
      `my key is ${SECRET}`,
    ], { env: { MOCK_KEY: SECRET } });
    const text = await Deno.readTextFile(`${stage.home.root}/run.cassette`);
    assert.equal(text.includes(SECRET), false, mode);
    assert.equal(text.includes("hdr-value-77"), false, mode);
    assert.match(text, /\[redacted\]/);
    stage.model.add(
      call("shell", { command: ["cat", "key.txt"] }, { callId: "again" }),
      say("done"),
    );
  }
});

Deno.test("a cassette of the model is played with tools run for real, differences named", async () => {
  await using stage = await openStage({
    ...steps(),
    files: { "notes.txt": "old\n" },
  });
  await record(stage, "model");
  const cassette = `${stage.home.root}/run.cassette`;
  await using away = await openStage({
    files: { "notes.txt": "old\n", "more.txt": "" },
  });
  const run = await away.exec([
    "--replay-mode=model",
    `--replay=${cassette}`,
    "go",
  ]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(await Deno.readTextFile(`${away.home.work}/notes.txt`), "new\n");
  assert.equal(away.model.requests.length, 0);
  assert.match(
    run.stderr,
    /Replay: .*request \d+ differs at input\[\d+\]\.output/,
  );
});

Deno.test("a replay names the first place where it differs, and fails", async () => {
  await using stage = await openStage({
    ...steps(),
    files: { "notes.txt": "old\n" },
  });
  await record(stage, "full");
  const cassette = `${stage.home.root}/run.cassette`;
  await using home = await agentHome();
  const other = [...NATIVE, `--replay=${cassette}`, "go elsewhere"];
  const run = await replay(cassette, home, { args: other });
  const checked = checkRun({ ...run, signal: null, events: [] });
  assert.notEqual(checked.code, 0);
  assert.match(run.stderr, /request 1 differs at input\[\d+\]/);
  assert.equal(stage.model.requests.length, 4);
});

Deno.test("a replay fails loudly for what the cassette does not hold", async () => {
  await using stage = await openStage({ script: [say("one")] });
  for (const mode of ["full", "model"]) {
    const recorded = await stage.exec([
      `--replay-mode=${mode}`,
      "--record=../run.cassette",
      "go",
    ]);
    assert.equal(recorded.code, 0);
    const cassette = `${stage.home.root}/run.cassette`;
    const text = await Deno.readTextFile(cassette);
    const lines = text.split("\n");
    const cut = lines.filter((line) => !line.includes('"id":"fetch#'));
    assert.equal(cut.length, lines.length - 1);
    await Deno.writeTextFile(cassette, cut.join("\n"));
    const run = await stage.exec([
      `--replay-mode=${mode}`,
      `--replay=${cassette}`,
      "go",
    ]);
    assert.notEqual(run.code, 0);
    assert.match(
      run.stderr,
      /Cannot replay: (the cassette holds no answer to request 1|there is no answer to request 1)/,
    );
    stage.model.add(say("two"));
  }
  assert.equal(stage.model.requests.length, 2);
});

Deno.test("--record and --replay together, and files that are none, are refused", async () => {
  await using stage = await openStage({ files: { "none.cassette": "{}\n" } });
  for (
    const args of [
      ["--record=a", "--replay=b"],
      ["--replay=none.cassette"],
      ["--replay=missing.cassette"],
      ["--record=no/such/folder/a"],
    ]
  ) {
    const run = await stage.exec([...args, "go"]);
    assert.equal(run.code, 2, `${args}: ${run.stderr}`);
  }
});
