/** Recording a small program that does all a host can do, and playing it back elsewhere. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import {
  openRecorder,
  openReplay,
} from "../../../core/cassette/cassette_host.ts";
import { createModelClient } from "../../../core/model/client.ts";
import { errorCode, ModelError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import {
  call,
  fail,
  type MockModel,
  mockModel,
  say,
} from "../../support/mock_model.ts";
import { testEndpoint, testTransport } from "../../support/settings.ts";

const KEY = "sk-test-0123456789abcdefghij";
const PROGRAM = { name: "rondo", version: "1.0.0" };

interface Place extends AsyncDisposable {
  readonly root: string;
  readonly host: Host;
  readonly cassette: string;
}

/** A folder with a home and a working folder, and a host that lives there. */
async function place(more: Partial<Host> = {}): Promise<Place> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  for (const folder of ["home", "repo"]) await Deno.mkdir(`${root}/${folder}`);
  await Deno.writeTextFile(`${root}/repo/notes.txt`, `in ${root}`);
  await Deno.writeTextFile(
    `${root}/home/auth.json`,
    `{"OPENAI_API_KEY": ${JSON.stringify(KEY)}}`,
  );
  const variables: Record<string, string> = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: `${root}/home`,
    MY_SERVICE_TOKEN: "token-of-the-person",
    PIN_TOKEN: "t4711",
    DIARY: "what nobody needs to know",
    LANG: "C",
  };
  return {
    root,
    cassette: `${root}/run.cassette`,
    host: {
      ...denoHost({ mainUrl: "file:///rondo/main.ts" }),
      cwd: `${root}/repo`,
      homeDir: () => `${root}/home`,
      env: (name) => variables[name],
      envAll: () => variables,
      ...more,
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Asks the model once; what comes back as text. */
async function ask(host: Host, url: string, input: unknown[]): Promise<string> {
  const client = createModelClient({
    ...testTransport(host, testEndpoint(url, { streamIdleMs: 30_000 }), KEY),
    program: PROGRAM,
  });
  const seen: string[] = [];
  const thread = host.newId();
  const request = {
    body: JSON.stringify({
      model: "m",
      instructions: "be good",
      input,
      prompt_cache_key: thread,
    }),
    threadId: thread,
    signal: new AbortController().signal,
    onRetry: (notice: { readonly delayMs: number }) =>
      seen.push(`retry ${notice.delayMs}`),
  };
  for await (const batch of client.stream(request)) {
    seen.push(...batch.map((event) => JSON.stringify(event)));
  }
  return seen.join("\n").replaceAll(thread, "THREAD");
}

function user(text: string): unknown {
  return {
    type: "message",
    role: "user",
    content: [{ type: "input_text", text }],
  };
}

/** What a program does that reads, waits, runs and asks, much of it at once. */
async function program(host: Host, url: string): Promise<string> {
  const log: string[] = [];
  const note = (text: string): void => {
    log.push(`${host.now().toISOString()} ${host.monotonicMs()} ${text}`);
  };
  note(`${host.cwd} ${host.homeDir()} ${host.timezone()} ${host.newId()}`);
  note(`${host.env("MY_SERVICE_TOKEN")} ${host.env("NONE")} ${host.random()}`);
  note(`${host.env("PIN_TOKEN")}`);
  note(await host.files.readText("notes.txt".replace(/^/, `${host.cwd}/`)));
  note(await host.files.readText(`${host.homeDir()}/auth.json`));
  note(`${await host.files.stat(`${host.cwd}/none`)}`);
  await host.files.readText(`${host.cwd}/none`).catch((error) =>
    note(`${errorCode(error)} ${error.name}`)
  );
  const appended = await host.files.openAppend(`${host.cwd}/log.txt`);
  appended.write("written\n");
  appended.close();
  const stop = new AbortController();
  const racing = [
    host.sleep(3).then(() => note(`slept 3 ${host.newId()}`)),
    host.sleep(1).then(() => note(`slept 1 ${host.newId()}`)),
    host.sleep(60_000, stop.signal).catch((error) => note(`${error}`)),
    run(host, "echo one; sleep 0.02; echo two >&2; exit 3", note),
    run(host, "echo three; kill -9 $$", note),
  ];
  note(await ask(host, url, [user(`work in ${host.cwd}`)]));
  stop.abort("enough");
  await Promise.all(racing);
  try {
    host.spawn(spawnRequest(host, "/none/at/all", []));
  } catch (error) {
    note(`${errorCode(error)}`);
  }
  note(await ask(host, url, [user(`work in ${host.cwd}`), user("go on")]));
  return log.join("\n");
}

function spawnRequest(
  host: Host,
  command: string,
  args: readonly string[],
): Parameters<Host["spawn"]>[0] {
  return {
    command,
    args,
    cwd: host.cwd,
    env: host.envAll(),
    stdin: "null",
    stdout: "pipe",
    stderr: "pipe",
    detached: false,
  };
}

async function run(
  host: Host,
  script: string,
  note: (text: string) => void,
): Promise<void> {
  const child = host.spawn(spawnRequest(host, "/bin/sh", ["-c", script]));
  const decoder = new TextDecoder();
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const chunk of stream ?? []) {
      note(`${host.newId()} ${decoder.decode(chunk)}`);
    }
  });
  await Promise.all(reading);
  note(JSON.stringify(await child.status));
}

function twoAnswers(): MockModel {
  return mockModel({
    script: [
      fail(503),
      [say("Hällo 😀", { deltas: 3 }), call("shell", { command: ["ls"] })],
      say("done"),
    ],
    laws: false,
  });
}

async function record(
  at: Place,
  mode: "model" | "full" = "full",
): Promise<{ said: string; url: string }> {
  await using server = twoAnswers();
  const recorder = await openRecorder(at.host, {
    path: at.cassette,
    mode,
    program: PROGRAM,
  });
  const said = await program(recorder.host, server.url);
  recorder.close();
  assert.equal(server.requests.length, 3);
  return { said, url: server.url };
}

/** A host of which nothing may be used. */
function deadHost(host: Host): Host {
  const dead = (name: string) => (): never => {
    throw new Error(`${name} was used in a full replay`);
  };
  return {
    ...host,
    uid: 4_242,
    pid: 1,
    fetch: dead("fetch"),
    spawn: dead("spawn"),
    newId: dead("newId"),
    random: dead("random"),
    now: dead("now"),
    env: dead("env"),
    envAll: dead("envAll"),
    kill: dead("kill"),
    files: { ...host.files, write: dead("write"), stat: dead("stat") },
  };
}

async function replayFull(
  at: Place,
  cassette: string,
  url: string,
): Promise<{ said: string; warnings: string[] }> {
  const warnings: string[] = [];
  const replay = await openReplay(deadHost(at.host), {
    path: cassette,
    mode: "full",
    onWarning: (text) => warnings.push(text),
  });
  try {
    return { said: await program(replay.host, url), warnings };
  } finally {
    replay.close();
  }
}

function withoutKey(said: string): string {
  return said.replaceAll(KEY, "[redacted]")
    .replaceAll("token-of-the-person", "[redacted]")
    .replaceAll("t4711", "[redacted]");
}

Deno.test("a full replay says byte for byte what was said, elsewhere and by another user", async () => {
  await using there = await place();
  const { said, url } = await record(there);
  await using here = await place();
  for (let turn = 0; turn < 3; turn++) {
    const again = await replayFull(here, there.cassette, url);
    assert.equal(again.said, withoutKey(said));
    assert.deepEqual(again.warnings, []);
  }
  assert.match(said, /slept 1/);
  assert.match(said, /"code":137/);
  assert.match(said, /retry \d+/);
});

Deno.test("a full replay touches no file but the cassette", async () => {
  await using there = await place();
  const { url } = await record(there);
  assert.equal(
    await Deno.readTextFile(`${there.root}/repo/log.txt`),
    "written\n",
  );
  await using here = await place();
  await replayFull(here, there.cassette, url);
  await assert.rejects(Deno.stat(`${here.root}/repo/log.txt`));
});

Deno.test("a cassette holds no secret, and only its owner may read it", async () => {
  await using there = await place();
  await record(there);
  const text = await Deno.readTextFile(there.cassette);
  assert.ok(!text.includes(KEY));
  assert.ok(!text.includes("token-of-the-person"));
  assert.ok(text.includes("[redacted]"));
  assert.equal(((await Deno.stat(there.cassette)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a cassette holds of the environment only what was asked for and where things are", async () => {
  await using there = await place();
  await record(there);
  const text = await Deno.readTextFile(there.cassette);
  assert.ok(!text.includes("t4711"));
  assert.ok(!text.includes("DIARY") && !text.includes("nobody needs"));
  const all = text.split("\n").find((line) => line.includes('"envAll#1"'));
  assert.deepEqual(
    Object.keys(JSON.parse(all ?? "{}").ok),
    ["PATH", "HOME", "LANG"],
  );
});

Deno.test("a full replay names the first divergence and asks nobody", async () => {
  await using there = await place();
  const { url } = await record(there);
  const replay = await openReplay(there.host, {
    path: there.cassette,
    mode: "full",
    onWarning: () => {},
  });
  await assert.rejects(
    ask(replay.host, url, [user(`work in ${there.root}/repo!`)]),
    (error: unknown) => {
      assert.ok(error instanceof ModelError);
      assert.equal(error.retryable, false);
      assert.match(
        error.message,
        /^Cannot replay: request 1 differs at input\[0\]\.content/,
      );
      return true;
    },
  );
  replay.close();
});

Deno.test("a full replay fails loudly for what was never asked", async () => {
  await using there = await place();
  await record(there);
  const replay = await openReplay(there.host, {
    path: there.cassette,
    mode: "full",
    onWarning: () => {},
  });
  await assert.rejects(
    replay.host.files.readText("/etc/hosts"),
    /does not hold readText:\/etc\/hosts#1/,
  );
  assert.throws(
    () => replay.host.spawn(spawnRequest(replay.host, "rm", ["-rf", "/"])),
    /does not hold spawn:\["rm"/,
  );
  replay.close();
});

Deno.test("a full replay fails when it waits for what was never recorded", async () => {
  await using there = await place();
  await record(there);
  const replay = await openReplay(
    { ...there.host, sleep: () => Promise.resolve() },
    { path: there.cassette, mode: "full", onWarning: () => {} },
  );
  await assert.rejects(replay.host.sleep(7_777), /does not hold sleep:7777#1/);
  replay.close();
});

Deno.test("a full replay goes on without what nobody asks for any more", async () => {
  await using there = await place();
  const recorder = await openRecorder(there.host, {
    path: there.cassette,
    mode: "full",
    program: PROGRAM,
  });
  await recorder.host.files.list(there.root);
  await recorder.host.files.realPath(there.root);
  recorder.close();
  const warnings: string[] = [];
  const replay = await openReplay(there.host, {
    path: there.cassette,
    mode: "full",
    onWarning: (text) => warnings.push(text),
  });
  assert.equal(await replay.host.files.realPath(there.root), there.root);
  assert.match(warnings[0] ?? "", /never asked for list:/);
  replay.close();
});

Deno.test("a replay of the model works elsewhere with tools run for real", async () => {
  for (const mode of ["model", "full"] as const) {
    await using there = await place();
    const { url } = await record(there, mode);
    await using here = await place();
    const warnings: string[] = [];
    const replay = await openReplay(here.host, {
      path: there.cassette,
      mode: "model",
      onWarning: (text) => warnings.push(text),
    });
    const said = await program(replay.host, url);
    assert.ok(said.includes(here.root) && !said.includes(there.root));
    assert.match(said, /Hällo 😀/);
    assert.deepEqual(warnings, []);
    assert.equal(
      await Deno.readTextFile(`${here.root}/repo/log.txt`),
      "written\n",
    );
  }
});

Deno.test("a replay of the model warns of outputs that differ, once, and goes on", async () => {
  await using there = await place();
  const inputs = (output: string, date: string): unknown[][] => [
    [user(`<environment_context>${date}`), user("go")],
    [
      user(`<environment_context>${date}`),
      user("go"),
      { type: "function_call", call_id: "c", name: "x", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output },
    ],
  ];
  {
    await using server = mockModel({
      script: [say("one"), say("two")],
      laws: false,
    });
    const recorder = await openRecorder(there.host, {
      path: there.cassette,
      mode: "model",
      program: PROGRAM,
    });
    for (const input of inputs("Wall time: 0.12 seconds\nok", "Monday")) {
      await ask(recorder.host, server.url, input);
    }
    recorder.close();
  }
  const replay = async (all: unknown[][]): Promise<string[]> => {
    const warnings: string[] = [];
    const { host } = await openReplay(there.host, {
      path: there.cassette,
      mode: "model",
      onWarning: (text) => warnings.push(text),
    });
    for (const input of all) await ask(host, "http://127.0.0.1:9/v1", input);
    return warnings;
  };
  assert.deepEqual(
    await replay(inputs("Wall time: 3 seconds\nok", "Monday")),
    [],
  );
  const warned = await replay(inputs("Wall time: 3 seconds\nno", "Tuesday"));
  assert.equal(warned.length, 2);
  assert.match(warned[0] ?? "", /request 1 differs at input\[0\]\.content/);
  assert.match(warned[1] ?? "", /request 2 differs at input\[3\]\.output/);
  const [first, second] = inputs("ok", "Monday") as [unknown[], unknown[]];
  const wrong: readonly [unknown[][], RegExp][] = [
    [[[first[0], user("stop")]], /request 1 differs at input\[1\]\.content/],
    [[[...first, user("more")]], /request 1 differs at input\[2\]/],
    [
      [
        first,
        second.with(2, {
          type: "function_call",
          call_id: "c",
          name: "y",
          arguments: "{}",
        }),
      ],
      /request 2 differs at input\[2\]\.name/,
    ],
    [[first, second, second], /no answer to request 3, the cassette holds 2/],
  ];
  for (const [all, expected] of wrong) {
    await assert.rejects(replay(all), expected);
  }
});

Deno.test("a replay keeps the recorded pauses when told to", async () => {
  await using there = await place();
  const recorder = await openRecorder(there.host, {
    path: there.cassette,
    mode: "full",
    program: PROGRAM,
  });
  await recorder.host.sleep(40);
  recorder.close();
  for (const timing of ["kept", "skipped"] as const) {
    const pauses: number[] = [];
    const replay = await openReplay({
      ...there.host,
      sleep: (ms) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    }, {
      path: there.cassette,
      mode: "full",
      timing,
      onWarning: () => {},
    });
    await replay.host.sleep(40);
    replay.close();
    assert.equal(pauses.some((ms) => ms >= 39), timing === "kept");
  }
});

Deno.test("openReplay() refuses what is no cassette, or not of the right kind", async () => {
  await using there = await place();
  const open = (mode: "model" | "full"): Promise<unknown> =>
    openReplay(there.host, {
      path: there.cassette,
      mode,
      onWarning: () => {},
    });
  await assert.rejects(open("model"), /Cannot replay .*No such file/);
  await Deno.writeTextFile(there.cassette, '{"cassette":99}\n');
  await assert.rejects(open("model"), /not a cassette of version 1/);
  await record(there, "model");
  await assert.rejects(open("full"), /recorded in mode "model"/);
  await Deno.writeTextFile(there.cassette, "{broken\n", { append: true });
  await assert.rejects(open("model"), /line \d+ is broken/);
});

Deno.test("openRecorder() says why it cannot write", async () => {
  await using there = await place();
  const recording = openRecorder(there.host, {
    path: `${there.root}/none/x`,
    mode: "full",
    program: PROGRAM,
  });
  await assert.rejects(recording, /Cannot record to .*none\/x: No such file/);
});

Deno.test("a recording that cannot be written does not disturb the run, and says so at its end", async () => {
  await using there = await place();
  const { files } = there.host;
  let written = 0;
  const host: Host = {
    ...there.host,
    files: {
      ...files,
      openAppend: async (path) => {
        const file = await files.openAppend(path);
        if (path !== there.cassette) return file;
        return {
          ...file,
          close: () => file.close(),
          write: (bytes) => {
            if (++written > 3) throw new Error("no space left");
            file.write(bytes);
          },
        };
      },
    },
  };
  await using server = twoAnswers();
  const recorder = await openRecorder(host, {
    path: there.cassette,
    mode: "full",
    program: PROGRAM,
  });
  assert.match(await program(recorder.host, server.url), /slept 3/);
  assert.throws(() => recorder.close(), /no space left/);
  assert.equal(written, 4);
});
