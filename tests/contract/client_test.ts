/** The typed client under Deno and under Node, with the real program. */
import assert from "node:assert/strict";
import { EVENT_SCHEMA } from "../../core/protocol/version.ts";
import {
  EVENT_SCHEMA as CLIENT_SCHEMA,
  type ExecEvent,
  EXIT_CODES,
  runRondo,
  startRondo,
} from "../../scripts/client/rondo.ts";
import { loadClient } from "../../scripts/schema.ts";
import { EXIT_CODES as CODES } from "../../core/contract/exit_code.ts";
import { agentCommand } from "../support/run_agent.ts";
import { call, say } from "../support/mock_model.ts";
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

Deno.test({
  name: "the client works under Node",
  ignore: !hasNode(),
  async fn(): Promise<void> {
    await using stage = await openStage({
      script: [touch("a", "x"), say("Grüße from Node 😀")],
    });
    const options = await optionsOf(stage);
    const folder = stage.home.root;
    const bundle = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--platform=deno",
        `--output=${folder}/rondo.mjs`,
        decodeURIComponent(CLIENT.pathname),
      ],
    }).output();
    assert(bundle.success, new TextDecoder().decode(bundle.stderr));
    const program = `
      import { runRondo } from "./rondo.mjs";
      const options = JSON.parse(process.argv[2]);
      const result = await runRondo({ ...options, onApproval: () => "approve" });
      console.log(JSON.stringify(result));`;
    await Deno.writeTextFile(`${folder}/main.mjs`, program);
    const { stdout, stderr } = await new Deno.Command("node", {
      args: [
        `${folder}/main.mjs`,
        JSON.stringify({ ...options, prompt: "go" }),
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    assert.equal(text.decode(stderr), "");
    const result = JSON.parse(text.decode(stdout));
    assert.deepEqual([result.exitCode, result.message], [
      0,
      "Grüße from Node 😀",
    ]);
    assert((await Deno.stat(`${stage.home.work}/x`)).isFile);
  },
});

function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}
