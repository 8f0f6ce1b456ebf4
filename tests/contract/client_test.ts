/** The typed client under Deno and under Node, with the real program. */
import assert from "node:assert/strict";
import { EVENT_SCHEMA } from "../../core/protocol/version.ts";
import { writeNodeClient } from "../../scripts/client.ts";
import {
  EVENT_SCHEMA as CLIENT_SCHEMA,
  type ExecEvent,
  EXIT_CODES,
  openRondo,
  runRondo,
  startRondo,
} from "../../scripts/client/rondo.ts";
import { loadClient } from "../../scripts/schema.ts";
import { EXIT_CODES as CODES } from "../../core/contract/exit_code.ts";
import { agentCommand } from "../support/run_agent.ts";
import { call, fail, say } from "../support/mock_model.ts";
import { hang } from "../support/mock_script.ts";
import { openStage, type Stage } from "./support.ts";

const CLIENT = new URL("../../scripts/client/rondo.ts", import.meta.url);
const ASKING = [
  "--skip-git-repo-check",
  "-a",
  "untrusted",
  "-s",
  "danger-full-access",
];

// A shell function of the program's words, so that one path stands for it.
async function programOf(stage: Stage): Promise<string> {
  const path = `${stage.home.root}/rondo`;
  const words = agentCommand().map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${words} "$@"\n`);
  await Deno.chmod(path, 0o755);
  return path;
}

async function optionsOf(stage: Stage): Promise<{
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}> {
  const { home } = stage;
  return {
    program: await programOf(stage),
    cwd: home.work,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      MOCK_KEY: "key",
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("HOME")}/.cache/deno`,
    },
    args: ASKING,
  };
}

function touch(callId: string, file: string): ReturnType<typeof call> {
  return call("shell", { command: ["touch", file] }, { callId });
}

Deno.test("the types of the client are those of the schema", async () => {
  assert.ok(
    await Deno.readTextFile(CLIENT) === await loadClient(),
    "scripts/client/rondo.ts differs from the schemas; when the change is meant: deno task test:update",
  );
  assert.equal(CLIENT_SCHEMA, EVENT_SCHEMA);
  for (const [name, { code }] of Object.entries(CODES)) {
    assert.equal(EXIT_CODES[name as keyof typeof EXIT_CODES], code);
  }
});

Deno.test("runRondo() runs a prompt to its end, asking who is to be asked", async () => {
  await using stage = await openStage({
    script: [touch("a", "good"), touch("b", "bad"), say("all done")],
  });
  const types: string[] = [];
  const result = await runRondo({
    ...await optionsOf(stage),
    prompt: "go",
    onEvent: ({ type, seq }) => assert.equal(types.push(type) - 1, seq),
    onApproval: ({ detail }) => /good/.test(detail) ? "approve" : "deny",
  });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.equal(result.message, "all done");
  assert.deepEqual(result.ending?.denied, ["touch bad"]);
  assert.equal(types[0], "thread.started");
  assert.equal(types.at(-1), "turn.completed");
  assert((await Deno.stat(`${stage.home.work}/good`)).isFile);
  await assert.rejects(Deno.stat(`${stage.home.work}/bad`));
});

Deno.test("startRondo() holds a dialog and goes on with a session", async () => {
  await using stage = await openStage({
    script: [say("one"), hang({ before: true }), say("two"), say("three")],
  });
  const options = await optionsOf(stage);
  const run = startRondo({ ...options, isDialog: true, prompt: "first" });
  const ends: ExecEvent[] = [];
  for await (const event of run) {
    if (event.type === "turn.started" && ends.length === 1) {
      await stage.model.received(2);
      run.interrupt();
    }
    if (event.type !== "turn.completed" && event.type !== "turn.failed") {
      continue;
    }
    ends.push(event);
    if (ends.length < 3) run.say("more");
    else run.end();
  }
  const { exitCode, message, threadId } = await run.result;
  assert.deepEqual([exitCode, message], [0, "two"]);
  assert.deepEqual(ends.map(({ type }) => type), [
    "turn.completed",
    "turn.failed",
    "turn.completed",
  ]);
  const again = await runRondo({
    ...options,
    ...(threadId !== undefined && { resume: threadId }),
    prompt: "and on",
  });
  assert.deepEqual([again.message, again.threadId], ["three", threadId]);
});

Deno.test("a result is there though nobody reads events; an abort ends the run", async () => {
  await using stage = await openStage({
    script: [say("unread"), hang({ before: true })],
  });
  const options = await optionsOf(stage);
  const unread = await startRondo({ ...options, prompt: "go" }).result;
  assert.deepEqual([unread.exitCode, unread.message], [0, "unread"]);
  const stop = new AbortController();
  const run = startRondo({ ...options, prompt: "go", signal: stop.signal });
  await stage.model.received(2);
  stop.abort();
  const stopped = await run.result;
  assert.equal(stopped.exitCode, EXIT_CODES.sigterm);
  assert.equal(stopped.ending?.type, "turn.failed");
  const missing = startRondo({ ...options, program: "/no/such/program" });
  await assert.rejects(missing.result, /ENOENT|No such file/);
});

Deno.test("openRondo() takes messages in turn, and one that failed does not end the dialog", async () => {
  await using stage = await openStage({
    script: [
      say("one"),
      fail(400, { message: "not so" }),
      touch("a", "kept"),
      say("three"),
    ],
  });
  const dialog = openRondo({
    ...await optionsOf(stage),
    onApproval: () => {
      throw new Error("nobody is at home");
    },
  });
  const turns = await Promise.all(["a", "b", "c"].map((x) => dialog.ask(x)));
  assert.deepEqual(
    turns.map(({ message, ending }) => [message, ending.exit_code]),
    [["one", 0], ["", 1], ["three", 0]],
  );
  assert.deepEqual(turns[2]?.ending.denied, ["touch kept"]);
  assert.match(
    JSON.stringify(stage.model.request(3).input),
    /nobody is at home/,
  );
  assert.equal((await dialog.close()).exitCode, 0);
  await assert.rejects(dialog.ask("d"), /rondo has ended with exit code 0/);
});

Deno.test("openRondo() refuses what it cannot ask, and ends with a listener that throws", async () => {
  await using stage = await openStage({ script: [say("one")] });
  const options = await optionsOf(stage);
  const missing = openRondo({ ...options, program: "/no/such/program" });
  await assert.rejects(missing.ask("a"), /ENOENT|No such file/);
  const unknown = openRondo({ ...options, args: ["--no-such-flag"] });
  assert.equal((await unknown.ask("a")).ending.exit_code, EXIT_CODES.usage);
  await assert.rejects(unknown.ask("b"), /exit code 2/);
  const broken = openRondo({
    ...options,
    onEvent: ({ type }) => assert.notEqual(type, "turn.started"),
  });
  await assert.rejects(broken.ask("a"), assert.AssertionError);
  assert.equal((await broken.close()).exitCode, 0);
});

Deno.test({
  name:
    "the client made for Node runs there without a loader, and its program answers questions",
  ignore: !hasNode(),
  async fn(): Promise<void> {
    await using stage = await openStage({
      script: [touch("a", "x"), touch("b", "y"), say("Grüße from Node 😀")],
    });
    const options = await optionsOf(stage);
    const folder = stage.home.root;
    await writeNodeClient(folder);
    await Deno.writeTextFile(
      `${folder}/answer.mjs`,
      `import { answerApproval } from "./rondo.mjs";
      await answerApproval(({ detail }) => /x$/.test(detail)
        ? "approve"
        : { decision: "deny", message: "not that one" });`,
    );
    await Deno.writeTextFile(
      `${folder}/main.mjs`,
      `import { openRondo } from "./rondo.mjs";
      const rondo = openRondo({
        ...JSON.parse(process.argv[2]),
        onApproval: () => { throw new Error("asked the wrong one"); },
      });
      const { message, ending } = await rondo.ask("go");
      await rondo.close();
      console.log(JSON.stringify([message, ending.denied]));`,
    );
    const approvals = `exec:node '${folder}/answer.mjs'`;
    const { stdout, stderr } = await new Deno.Command("node", {
      args: [
        `${folder}/main.mjs`,
        JSON.stringify({ ...options, approvals }),
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    assert.equal(text.decode(stderr), "");
    assert.deepEqual(JSON.parse(text.decode(stdout)), [
      "Grüße from Node 😀",
      ["touch y"],
    ]);
    assert((await Deno.stat(`${stage.home.work}/x`)).isFile);
    assert.match(JSON.stringify(stage.model.request(2).input), /not that one/);
  },
});

Deno.test("the types of the client made for Node are those of the source", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo-client-" });
  try {
    await writeNodeClient(folder);
    const check = async (property: string): Promise<boolean> => {
      await Deno.writeTextFile(
        `${folder}/use.ts`,
        `import { openRondo } from "./rondo.mjs";
        const { message, ending } = await openRondo({}).ask("x");
        const text: string = message + ending.${property};`,
      );
      const args = ["check", "--no-config", "--quiet", `${folder}/use.ts`];
      const { success } = await new Deno.Command(Deno.execPath(), { args })
        .output();
      return success;
    };
    assert.deepEqual([await check("exit_code"), await check("exit")], [
      true,
      false,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}
