/** Large images of sessions on the built program: kept once, sent as they were, given up with the last session. */
import assert from "node:assert/strict";
import { BLANK_IMAGE } from "../../core/session/log/blob_text.ts";
import { imageDataUrl } from "../../core/util/image.ts";
import { bigPng } from "../support/big_png.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { call, say, type Step } from "../support/mock_script.ts";
import { type Stage, stage } from "./support.ts";

const PICTURE = bigPng(300 * 1024);
const URL_OF_PICTURE = imageDataUrl("image/png", PICTURE);

Deno.test("an image that is seen twice is kept once and sent as it was after a resume", async () => {
  await using s = await look();
  assert.equal((await blobsOf(s)).length, 1);
  const { size } = await Deno.stat(await logPath(s));
  assert.ok(size < 64 * 1024, `${size} bytes`);
  const run = await s.json("go on", { command: ["resume", "--last"] });
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(run.events[0]?.["resume"], {
    exact: true,
    cause: "",
    lost_tokens: 0,
  });
  const [, , , resumed] = s.model.requests;
  assert.equal(resumed?.text.split(URL_OF_PICTURE).length, 3);
});

Deno.test("a fork shares its images with the session it comes from, and outlives it", async () => {
  await using s = await look();
  const id = (await logPath(s)).slice(-42, -6);
  const fork = await s.json("branch off", { command: ["fork", id] });
  assert.equal(fork.code, 0, fork.stderr);
  assert.equal((await blobsOf(s)).length, 1);
  await good(s, "sessions", "delete", id, "--yes");
  assert.equal((await blobsOf(s)).length, 1);
  const forkId = String(fork.events[0]?.["thread_id"]);
  assert.match(
    await good(s, "sessions", "verify", forkId),
    /\n1 large payload beside it, .*\nthe log is whole\n$/,
  );
  const run = await s.json("go on", { command: ["resume", forkId] });
  assert.equal(run.code, 0, run.stderr);
  assert.ok(s.model.requests.at(-1)?.text.includes(URL_OF_PICTURE));
  await good(s, "sessions", "delete", forkId, "--yes");
  assert.deepEqual(await blobsOf(s), []);
});

Deno.test("an export has its images in its lines", async () => {
  await using s = await look();
  const id = (await logPath(s)).slice(-42, -6);
  await good(s, "sessions", "export", id, "--format", "jsonl", "-o", "o.jsonl");
  const text = await Deno.readTextFile(`${s.home.work}/o.jsonl`);
  assert.equal(text.split(URL_OF_PICTURE).length, 3);
  assert.ok(!text.includes(BLANK_IMAGE));
  // It opens as a session where there is nothing beside it.
  await Deno.copyFile(`${s.home.work}/o.jsonl`, await logPath(s));
  await Deno.remove(`${s.home.codexHome}/session_blobs`, { recursive: true });
  assert.match(await good(s, "sessions", "verify", id), /the log is whole\n$/);
});

Deno.test("a lost image is told, and all the rest of the session goes on", async () => {
  await using s = await look();
  const id = (await logPath(s)).slice(-42, -6);
  const [name] = await blobsOf(s);
  await Deno.remove(`${s.home.codexHome}/session_blobs/${name}`);
  const check = await s.run(["sessions", "verify", id]);
  assert.equal(check.code, 9);
  assert.match(
    check.stdout,
    new RegExp(`lost image .* blank one: .*${name} does not exist`),
  );
  const run = await s.json("go on", { command: ["resume", "--last"] });
  assert.equal(run.code, 0, run.stderr);
  const warnings = run.events.filter(({ type }) => type === "warning")
    .map(({ message }) => String(message));
  assert.ok(warnings.some((text) => text.includes(String(name))));
  assert.ok(
    warnings.some((text) => text.includes("differs from the one this session")),
  );
  const text = s.model.requests.at(-1)?.text ?? "";
  assert.equal(text.split(BLANK_IMAGE).length, 3);
  assert.ok(text.includes("what is this"));
});

Deno.test("an ephemeral run keeps no image", async () => {
  await using s = await look(["--ephemeral"]);
  await assert.rejects(Deno.stat(`${s.home.codexHome}/session_blobs`));
});

Deno.test("processes that show, delete and prune the same image do not harm each other", async () => {
  await using s = await stage({ laws: false, script: lookOnce });
  await Deno.writeFile(`${s.home.work}/picture.png`, PICTURE);
  const done = new AbortController();
  const shown: string[] = [];
  const show = async (): Promise<void> => {
    for (let run = 0; run < 5; run++) {
      const { code, events, stderr } = await s.json("look");
      assert.equal(code, 0, stderr);
      shown.push(String(events[0]?.["thread_id"]));
      // Every second one goes again, while the others come.
      if (run % 2 === 1) {
        await good(s, "sessions", "delete", shown.shift() ?? "", "--yes");
      }
    }
  };
  const prune = async (): Promise<void> => {
    while (!done.signal.aborted) await good(s, "sessions", "prune", "--yes");
  };
  const pruning = prune();
  await Promise.all([show(), show()]).finally(() => done.abort());
  await pruning;
  assert.equal(shown.length, 6);
  assert.equal((await blobsOf(s)).length, 1);
  for (const id of shown) {
    const verdict = await good(s, "sessions", "verify", id);
    assert.match(verdict, /\n1 large payload beside it, /);
    await good(s, "sessions", "delete", id, "--yes");
  }
  assert.deepEqual(await blobsOf(s), []);
});

// What comes next is told from the prompt alone.
function lookOnce({ input }: MockRequest): Step {
  return input.some(({ type }) => type === "function_call_output")
    ? say("a picture")
    : call("view_image", { path: "picture.png" });
}

// A turn in which the model looks at the same picture twice.
async function look(args: readonly string[] = []): Promise<Stage> {
  let requests = 0;
  const s = await stage({
    laws: false,
    script: () =>
      ++requests <= 2
        ? call("view_image", { path: "picture.png" })
        : say("a picture"),
  });
  await Deno.writeFile(`${s.home.work}/picture.png`, PICTURE);
  const run = await s.json("what is this", { args });
  assert.equal(run.code, 0, run.stderr);
  return s;
}

async function good(s: Stage, ...args: readonly string[]): Promise<string> {
  const run = await s.run(args);
  assert.equal(run.code, 0, `${args.join(" ")}: ${run.stdout}${run.stderr}`);
  return run.stdout;
}

async function blobsOf(s: Stage): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (
      const { name } of Deno.readDir(`${s.home.codexHome}/session_blobs`)
    ) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

async function logPath(s: Stage): Promise<string> {
  const now = new Date();
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())];
  const folder = `${s.home.codexHome}/sessions/${day.join("/")}`;
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".jsonl")) names.push(name);
  }
  assert.ok(names[0] !== undefined);
  return `${folder}/${names.sort()[0]}`;
}
