/** The official Codex SDK drives the program: what it can do with its own, it can do with ours. */
import assert from "node:assert/strict";
import {
  call,
  errorBody,
  fail,
  hang,
  say,
  think,
} from "../support/mock_script.ts";
import { agentCommand, isCompiled } from "../support/run_agent.ts";
import {
  loadSdk,
  type SdkCodex,
  type SdkThread,
  type SdkThreadOptions,
} from "../support/sdk.ts";
import { assertNoneLeft, newMarker, type Stage, stage } from "./support.ts";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const sdk = isCompiled() ? await loadSdk() : undefined;
const options = { ignore: sdk === undefined };

Deno.test(
  "the SDK runs a turn and gets items, answer and usage",
  options,
  async () => {
    await using s = await stage({
      script: [
        [think("Hm."), call("shell", { command: ["echo", "hi"] })],
        say("Four."),
      ],
    });
    const turn = await newThread(s).run("two and two");
    assert.equal(turn.finalResponse, "Four.");
    assert.deepEqual(turn.items.map((item) => item.type), [
      "reasoning",
      "command_execution",
      "agent_message",
    ]);
    assert.ok((turn.usage?.["input_tokens"] ?? 0) > 0);
    assert.equal(
      s.model.request(0).headers.get("authorization"),
      "Bearer sdk-key",
    );
  },
);

Deno.test("the SDK sees a turn event by event", options, async () => {
  await using s = await stage({
    script: [call("shell", { command: ["echo", "hi"] }), say("Done.")],
  });
  const thread = newThread(s);
  const types: string[] = [];
  const { events } = await thread.runStreamed("go");
  for await (const event of events) types.push(event.type);
  const known = types.filter((type) => /^(thread|turn|item)\./.test(type));
  assert.deepEqual(known, [
    "thread.started",
    "turn.started",
    "item.started",
    "item.completed",
    "item.completed",
    "turn.completed",
  ]);
  assert.notEqual(thread.id, null);
});

Deno.test(
  "the SDK goes on with a thread, its own and a resumed one",
  options,
  async () => {
    await using s = await stage({ script: () => say("ok") });
    const thread = newThread(s);
    await thread.run("first words");
    await thread.run("second words");
    const { id } = thread;
    assert.ok(id !== null);
    const resumed = codex(s).resumeThread(id, threadOptions(s));
    assert.equal((await resumed.run("third words")).finalResponse, "ok");
    // That each request extends the one before is checked when the stage comes down.
    assert.match(
      s.model.request(2).text,
      /first words.*second words.*third words/s,
    );
    assert.equal(resumed.id, id);
  },
);

Deno.test(
  "the SDK sends texts and an image as one message",
  options,
  async () => {
    await using s = await stage({ script: [say("A dot.")] });
    const path = `${s.home.work}/dot.png`;
    await Deno.writeFile(
      path,
      Uint8Array.from(atob(PIXEL), (char) => char.charCodeAt(0)),
    );
    await newThread(s).run([
      { type: "text", text: "part one" },
      { type: "text", text: "part two" },
      { type: "local_image", path },
    ]);
    const { text } = s.model.request(0);
    assert.match(text, /part one\\n\\npart two/);
    assert.match(text, /data:image\/png;base64,iVBOR/);
  },
);

Deno.test(
  "the SDK gets an answer in the form of a schema",
  options,
  async () => {
    await using s = await stage({ script: [say('{"sum":4}')] });
    const turn = await newThread(s).run("two and two", {
      outputSchema: {
        type: "object",
        properties: { sum: { type: "number" } },
        required: ["sum"],
        additionalProperties: false,
      },
    });
    assert.deepEqual(JSON.parse(turn.finalResponse), { sum: 4 });
    assert.match(s.model.request(0).text, /"type":"json_schema"/);
  },
);

Deno.test(
  "the SDK throws the server's words when a turn fails",
  options,
  async () => {
    await using s = await stage({
      script: [fail(400, errorBody("No such unicorn"))],
    });
    await assert.rejects(newThread(s).run("go"), /No such unicorn/);
  },
);

Deno.test(
  "the SDK aborts a turn and leaves nothing running",
  options,
  async () => {
    const marker = newMarker();
    const loop = `while :; do sleep 0.2; done # ${marker}`;
    await using s = await stage({
      script: [call("shell", { command: ["sh", "-c", loop] })],
    });
    const abort = new AbortController();
    const { events } = await newThread(s).runStreamed("go", {
      signal: abort.signal,
    });
    let last = "";
    await assert.rejects(async () => {
      for await (const event of events) {
        last = event.type;
        if (event.type === "item.started") abort.abort();
      }
    }, { name: "AbortError" });
    assert.equal(last, "turn.failed");
    await assertNoneLeft(marker);
  },
);

Deno.test(
  "the SDK aborts a turn that waits for the provider",
  options,
  async () => {
    await using s = await stage({ script: [[hang()]] });
    const abort = new AbortController();
    const run = newThread(s).run("go", { signal: abort.signal });
    void s.model.received(1).then(() => abort.abort());
    // run() throws for the terminal line before it looks at the abort.
    await assert.rejects(run, {
      message: "The run was aborted by a signal (AbortError)",
    });
    assert.equal(abort.signal.aborted, true);
  },
);

Deno.test("the SDK passes every option of a thread on", options, async () => {
  await using s = await stage({ script: [say("ok")] });
  await newThread(s, {
    model: "gpt-5.2-codex",
    modelReasoningEffort: "high",
    networkAccessEnabled: true,
    webSearchMode: "live",
    approvalPolicy: "never",
    additionalDirectories: [s.home.temp],
  }).run("go");
  const { body } = s.model.request(0);
  assert.equal((body["reasoning"] as { effort?: string }).effort, "high");
  assert.match(s.model.request(0).text, /"type":"web_search"/);
});

Deno.test(
  "run() of the SDK resolves once the command of --until has passed, and throws when it has not",
  options,
  async () => {
    await using s = await stage({
      script: [
        say("It is made."),
        call("shell", { command: ["touch", "made"] }),
        say("Now it is."),
        say("Also done."),
      ],
    });
    const path = `${s.home.root}/rondo-until`;
    const [program = ""] = agentCommand();
    await Deno.writeTextFile(
      path,
      `#!/bin/sh\nshift\nexec ${program} exec --max-rounds 2 --until "rm made" "$@"\n`,
      { mode: 0o755 },
    );
    const run = (): ReturnType<SdkThread["run"]> =>
      codex(s, path).startThread(threadOptions(s)).run("make it");
    assert.equal((await run()).finalResponse, "Now it is.");
    s.model.add(say("Really."));
    await assert.rejects(run(), /Cannot call it done: rm made ended with/);
  },
);

function newThread(s: Stage, more: SdkThreadOptions = {}): SdkThread {
  return codex(s).startThread({ ...threadOptions(s), ...more });
}

function threadOptions(s: Stage): SdkThreadOptions {
  return {
    sandboxMode: "danger-full-access",
    workingDirectory: s.home.work,
    skipGitRepoCheck: true,
  };
}

function codex(
  s: Stage,
  codexPathOverride = agentCommand()[0],
): SdkCodex {
  assert.ok(sdk !== undefined);
  return new sdk.Codex({
    codexPathOverride,
    baseUrl: s.model.url,
    apiKey: "sdk-key",
    config: { model_provider: "openai" },
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: s.home.home,
      CODEX_HOME: s.home.codexHome,
      TMPDIR: s.home.temp,
    },
  });
}
