/** `rondo exec` as people and programs run it: its two faces and its flags. */
import assert from "node:assert/strict";
import { call, customCall, say, think } from "../support/mock_script.ts";
import {
  errorOf,
  eventsOf,
  hasBubblewrap,
  initGit,
  itemsOf,
  lastEvent,
  stage,
} from "./support.ts";

const PIXEL = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  ),
  (char) => char.charCodeAt(0),
);

Deno.test("exec prints the last message on stdout and what happened on stderr", async () => {
  await using s = await stage({
    script: [
      [
        think("Looking around."),
        say("I will look."),
        call("shell", { command: ["echo", "seen-it"] }),
      ],
      say("All done."),
    ],
  });
  const run = await s.human("have a look");
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stdout, "All done.\n");
  assert.match(run.stderr, /echo seen-it/);
  assert.match(run.stderr, /exit 0/);
  assert.match(run.stderr, /I will look\./);
});

Deno.test("exec --json tells every step as one event", async () => {
  await using s = await stage({
    script: [
      [
        think("Hm."),
        call("shell", { command: ["sh", "-c", "echo out; exit 3"] }),
        customCall(
          "apply_patch",
          "*** Begin Patch\n*** Add File: new.txt\n+line\n*** End Patch\n",
        ),
        call("update_plan", {
          plan: [{ step: "one", status: "in_progress" }],
        }),
      ],
      say("Done."),
    ],
  });
  const run = await s.json("work");
  assert.equal(run.code, 0, run.stderr);
  const [command] = itemsOf(run, "command_execution");
  assert.equal(command?.["aggregated_output"], "out\n");
  assert.equal(command?.["exit_code"], 3);
  assert.equal(command?.["status"], "failed");
  const [change] = itemsOf(run, "file_change");
  assert.equal(change?.["status"], "completed");
  assert.equal(await Deno.readTextFile(`${s.home.work}/new.txt`), "line\n");
  assert.deepEqual(itemsOf(run, "todo_list")[0]?.["items"], [
    { text: "one", completed: false, status: "in_progress" },
  ]);
  assert.equal(itemsOf(run, "reasoning")[0]?.["text"], "Hm.");
  assert.equal(itemsOf(run, "agent_message")[0]?.["text"], "Done.");
  const [first] = run.events;
  assert.equal(first?.["type"], "thread.started");
  assert.equal(first?.["cwd"], s.home.work);
  assert.equal(first?.["model"], "gpt-5.2-codex");
  assert.equal(lastEvent(run)["type"], "turn.completed");
});

Deno.test("exec sends every request of a run over one connection", async () => {
  await using s = await stage({
    script: [
      ...Array.from({ length: 8 }, () => call("shell", { command: ["true"] })),
      say("end"),
    ],
  });
  await s.json("go");
  const connections = s.model.requests.map((request) => request.connection);
  assert.equal(connections.length, 9);
  assert.equal(new Set(connections).size, 1);
});

Deno.test("exec -o writes the last message to a file", async () => {
  await using s = await stage({ script: [say("The answer."), say("Again.")] });
  await s.human("ask", { args: ["-o", "answer.txt"] });
  assert.equal(
    await Deno.readTextFile(`${s.home.work}/answer.txt`),
    "The answer.",
  );
  const run = await s.json("ask", { args: ["-o", "no/such/folder/a.txt"] });
  assert.equal(run.code, 2);
});

Deno.test(
  "exec -o is refused before a request where only the end would show that it takes nothing",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    await using s = await stage({ script: () => say("The answer.") });
    const socket = `${s.home.work}/socket`;
    const listener = Deno.listen({ transport: "unix", path: socket });
    const cases = [
      ["/dev/full", "it is a device"],
      ["/dev/zero", "it is a device"],
      [socket, "it is a socket"],
      ["n".repeat(300), "name too long"],
    ] as const;
    for (const [path, why] of cases) {
      const run = await s.json("ask", { args: ["-o", path] });
      assert.equal(run.code, 2, run.stdout);
      assert.match(run.stdout, new RegExp(why, "i"));
    }
    listener.close();
    assert.equal(s.model.requests.length, 0);
    for (const path of ["/dev/null", "/dev/stderr", "n".repeat(255)]) {
      const run = await s.json("ask", { args: ["-o", path] });
      assert.equal(run.code, 0, run.stdout);
    }
  },
);

Deno.test("exec -o writes into a file whose folder takes no other one", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using s = await stage({ script: [say("The answer.")] });
  const folder = `${s.home.work}/closed`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/answer.txt`, "an older one");
  await Deno.chmod(folder, 0o500);
  const run = await s.json("ask", {
    args: ["-o", "closed/answer.txt"],
    // Without capabilities root, too, is refused what a mode refuses.
    under: Deno.uid() === 0
      ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
      : [],
  });
  await Deno.chmod(folder, 0o700);
  assert.equal(run.code, 0, run.stdout);
  assert.equal(
    await Deno.readTextFile(`${folder}/answer.txt`),
    "The answer.",
  );
});

Deno.test("exec -m, -c and -p choose the model, flags before profiles before files", async () => {
  await using s = await stage({
    script: () => say("ok"),
    config: {
      top: 'model_reasoning_effort = "low"',
      bottom: '[profiles.fast]\nmodel = "profile-model"\n',
    },
  });
  await Deno.writeTextFile(
    `${s.home.codexHome}/layer.config.toml`,
    'model = "layer-model"\n',
  );
  await s.json("x", { args: ["-m", "flag-model", "-p", "fast"] });
  await s.json("x", { args: ["-p", "fast"] });
  await s.json("x", { args: ["-p", "layer"] });
  await s.json("x", {
    args: ["-c", "model=plain-text", "-c", 'model_reasoning_effort="high"'],
  });
  await s.json("x");
  assert.deepEqual(
    s.model.requests.map((request) => request.body["model"]),
    [
      "flag-model",
      "profile-model",
      "layer-model",
      "plain-text",
      "gpt-5.2-codex",
    ],
  );
  const efforts = s.model.requests.map((request) =>
    (request.body["reasoning"] as { effort?: string } | undefined)?.effort
  );
  assert.equal(efforts[4], "low");
  // A model nobody knows is asked to reason when the person names an effort.
  assert.equal(efforts[3], "high");
});

Deno.test("exec -C works in another folder and --add-dir opens one more", {
  ignore: !hasBubblewrap(),
}, async () => {
  await using s = await stage({
    script: [
      call("shell", {
        command: ["sh", "-c", "pwd; touch here ../extra/there; touch ../no"],
      }),
      say("ok"),
    ],
    files: { "project/keep": "", "extra/keep": "" },
  });
  // Elsewhere than /tmp, which commands may write anyway.
  const root = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "rondo-" });
  try {
    await Deno.mkdir(`${root}/project`);
    await Deno.mkdir(`${root}/extra`);
    const run = await s.json("go", {
      sandbox: "workspace-write",
      args: ["-C", `${root}/project`, "--add-dir", `${root}/extra`],
    });
    const output = String(s.model.request(1).outputOf("call_1"));
    assert.match(output, new RegExp(`${root}/project`));
    assert.equal((await Deno.stat(`${root}/project/here`)).isFile, true);
    assert.equal((await Deno.stat(`${root}/extra/there`)).isFile, true);
    await assert.rejects(Deno.stat(`${root}/no`));
    assert.equal(run.code, 0);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("exec -s decides what commands may write", {
  ignore: !hasBubblewrap(),
}, async () => {
  await using s = await stage({
    script: (request) =>
      request.input.some((item) => item["type"] === "function_call_output")
        ? say("ok")
        : call("shell", { command: ["touch", "file"] }),
  });
  const path = `${s.home.work}/file`;
  const readOnly = await s.json("go", { sandbox: "read-only" });
  assert.notEqual(itemsOf(readOnly, "command_execution")[0]?.["exit_code"], 0);
  await assert.rejects(Deno.stat(path));
  const [started] = readOnly.events;
  assert.equal((started?.["sandbox"] as { mode?: string }).mode, "read-only");
  await s.json("go", { sandbox: "workspace-write" });
  assert.equal((await Deno.stat(path)).isFile, true);
});

Deno.test("exec -i sends images before the prompt", async () => {
  await using s = await stage({ script: [say("a dot")] });
  await Deno.writeFile(`${s.home.work}/a.png`, PIXEL);
  await Deno.writeFile(`${s.home.work}/b.png`, PIXEL);
  const run = await s.json("what is it", { args: ["-i", "a.png,b.png"] });
  assert.equal(run.code, 0, run.stderr);
  const text = s.model.request(0).text;
  assert.equal(text.split('"input_image"').length - 1, 2);
  assert.ok(text.indexOf("data:image/png") < text.indexOf("what is it"));
});

Deno.test("exec works outside a git repository only when told to", async () => {
  await using s = await stage({ script: () => say("ok") });
  const args = ["exec", "--json", "-s", "danger-full-access", "hi"];
  const refused = await s.run(args);
  assert.equal(refused.code, 2);
  assert.match(String(errorOf(refused)["message"]), /--skip-git-repo-check/);
  assert.equal(s.model.requests.length, 0);
  await initGit(s.home.work);
  assert.equal((await s.run(args)).code, 0);
});

Deno.test("exec outside a git repository names the command that trusts the folder, and it does", async () => {
  await using s = await stage({ script: () => say("ok") });
  const args = ["exec", "--json", "-s", "danger-full-access", "hi"];
  const refused = String(errorOf(await s.run(args))["message"]);
  const [, words = ""] = /: run rondo (\S+) here, or pass /.exec(refused) ?? [];
  assert.equal((await s.run([words, "--yes"])).code, 0, refused);
  assert.equal((await s.run(args)).code, 0);
});

Deno.test("exec --output-schema asks for that form", async () => {
  const schema = {
    type: "object",
    properties: { n: { type: "number" } },
    required: ["n"],
    additionalProperties: false,
  };
  await using s = await stage({
    script: [say('{"n":1}')],
    files: { "schema.json": JSON.stringify(schema) },
  });
  const run = await s.human("count", {
    args: ["--output-schema", "schema.json"],
  });
  assert.equal(run.stdout, '{"n":1}\n');
  const format = (s.model.request(0).body["text"] as {
    format?: { type?: string; schema?: unknown; strict?: boolean };
  }).format;
  assert.equal(format?.type, "json_schema");
  assert.deepEqual(format?.schema, schema);
  for (const [name, text] of [["no.json", undefined], ["bad.json", "{"]]) {
    if (text !== undefined) {
      await Deno.writeTextFile(`${s.home.work}/${name}`, text);
    }
    const bad = await s.json("count", { args: ["--output-schema", `${name}`] });
    assert.equal(bad.code, 2, bad.stdout);
  }
});

Deno.test("exec --color paints stderr, never stdout", async () => {
  await using s = await stage({ script: () => say("Message.") });
  const painted = await s.human("x", { args: ["--color", "always"] });
  assert.ok(painted.stderr.includes("\x1b["));
  assert.equal(painted.stdout, "Message.\n");
  const plain = await s.human("x", { args: ["--color", "never"] });
  assert.ok(!plain.stderr.includes("\x1b"));
});

Deno.test("exec goes on with an unknown model and says so", async () => {
  await using s = await stage({ script: [say("ok")] });
  const run = await s.json("x", { args: ["-m", "no-such-model-9"] });
  assert.equal(run.code, 0);
  const [warning] = eventsOf(run, "warning");
  assert.match(String(warning?.["message"]), /no-such-model-9/);
});

Deno.test("exec --events native numbers and dates every line", async () => {
  await using s = await stage({ script: [say("ok", { deltas: 3 })] });
  const run = await s.json("x", { args: ["--events", "native", "--deltas"] });
  const thread = run.events[0]?.["thread_id"];
  run.events.forEach((event, at) => {
    assert.equal(event["seq"], at);
    assert.equal(event["thread_id"], thread);
    assert.match(String(event["ts"]), /^\d{4}-\d\d-\d\dT.*Z$/);
  });
  const text = eventsOf(run, "text.delta").map((event) => event["text"]);
  assert.equal(text.join(""), "ok");
});

Deno.test("exec uses the key of the environment for the built-in provider", async () => {
  await using s = await stage({ script: () => say("ok") });
  await Deno.writeTextFile(`${s.home.codexHome}/config.toml`, "");
  const run = await s.json("x", {
    args: ["-c", `openai_base_url="${s.model.url}"`],
    env: { CODEX_API_KEY: "from-codex", OPENAI_API_KEY: "from-openai" },
  });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(
    s.model.request(0).headers.get("authorization"),
    "Bearer from-codex",
  );
});

Deno.test("exec keeps the keys of its providers from commands", async () => {
  await using s = await stage({
    script: [call("shell", { command: ["env"] }), say("ok")],
  });
  await s.json("x", {
    env: { CODEX_API_KEY: "c-secret", OPENAI_API_KEY: "o-secret" },
  });
  const output = String(s.model.request(1).outputOf("call_1"));
  assert.match(output, /PATH=/);
  assert.doesNotMatch(output, /mock-key|c-secret|o-secret/);
});
