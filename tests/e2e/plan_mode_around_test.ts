/** Plan mode beside all else that reads, writes or shortens: undo, notify, pictures, compaction. */
import assert from "node:assert/strict";
import { call, type Part, say } from "../support/mock_model.ts";
import { type Stage, stage } from "./support.ts";

const WRITE = { sandbox: "workspace-write" } as const;
const RESUMED = { ...WRITE, command: ["resume", "--last"] } as const;
/** A picture of one dot. */
const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function shell(script: string): Part {
  return call("shell", { command: ["sh", "-c", script] });
}

async function exists({ home }: Stage, name: string): Promise<boolean> {
  return await Deno.stat(`${home.work}/${name}`).then(() => true, () => false);
}

Deno.test("what the person takes back with undo is taken back in plan mode, and the mode stays", async () => {
  await using s = await stage({
    laws: { breaks: [4] },
    script: [
      call("apply_patch", {
        input: "*** Begin Patch\n*** Add File: made\n+made\n*** End Patch",
      }),
      say("made"),
      shell("echo owned > owned"),
      say("1. A plan."),
      shell("echo owned > owned"),
      say("1. Another plan."),
      shell("echo done > done"),
      say("done"),
    ],
  });
  await s.json("make it", WRITE);
  await s.json("plan it", { ...RESUMED, args: ["--plan"] });
  // The turn of the plan has changed nothing, so there is one turn before it.
  const undone = await s.run(["undo", "2", "--yes"]);
  assert.equal(undone.code, 0, undone.stderr);
  assert.equal(await exists(s, "made"), false);
  // The conversation is taken back beyond where the mode began; it is still on.
  const back = await s.run(["rollback", "2", "--yes"]);
  assert.equal(back.code, 0, back.stderr);
  const again = await s.json("plan again", RESUMED);
  assert.equal(again.events[0]?.["mode"], "plan");
  assert.equal(await exists(s, "owned"), false);
  const done = await s.json("", { ...RESUMED, args: ["--accept-plan"] });
  assert.equal(done.code, 0, done.stdout);
  assert.equal(await exists(s, "done"), true);
});

Deno.test("plan mode outlives a compaction, and the plan is carried out after it", async () => {
  await using s = await stage({
    script: [
      say("1. A plan."),
      shell("echo owned > owned"),
      say("1. The plan, after all."),
      shell("echo done > done"),
      say("done"),
    ],
    // As often as it is asked: each request is longer than the limit.
    compact: Array.from({ length: 8 }, () => [{
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "What was said before." }],
    }]),
    config: { provider: "supports_compact = true" },
  });
  const agent = s.start("", {
    ...WRITE,
    args: ["--input", "jsonl", "--plan"],
    stdin: "open",
  });
  const send = (line: Record<string, string>): Promise<void> =>
    agent.write(`${JSON.stringify(line)}\n`);
  await send({ type: "user.input", text: "plan it" });
  await agent.untilEvent("turn.completed");
  await agent.closeStdin();
  await agent.finished;
  const compacted = await s.json("go on", {
    ...RESUMED,
    args: ["-c", "model_auto_compact_token_limit=1"],
  });
  assert.equal(compacted.events[0]?.["mode"], "plan");
  assert.ok(
    compacted.events.some(({ type }) => type === "context.compacted"),
    compacted.stdout,
  );
  assert.equal(await exists(s, "owned"), false);
  // What holds is said again to a model that has forgotten it.
  const sent = JSON.stringify(s.model.requests.at(-1)?.input);
  assert.match(sent, /What was said before/);
  assert.match(sent, /Sandbox mode is `read-only`[^]*Plan mode is on/);
  const done = await s.json("", { ...RESUMED, args: ["--accept-plan"] });
  assert.equal(done.code, 0, done.stdout);
  assert.equal(await exists(s, "done"), true);
  assert.match(
    JSON.stringify(s.model.requests.at(-1)?.input),
    /1\. The plan, after all/,
  );
});

Deno.test("pictures are looked at in plan mode, but for those that are hidden", async () => {
  const picture = Uint8Array.fromBase64(DOT);
  await using s = await stage({
    script: [
      call("view_image", { path: "seen.png" }),
      call("view_image", { path: "hidden/secret.png" }),
      say("1. A plan."),
    ],
    config: {
      bottom: '[sandbox_workspace_write]\ndeny_read = ["**/hidden"]',
    },
  });
  const { work } = s.home;
  await Deno.mkdir(`${work}/hidden`);
  await Deno.writeFile(`${work}/seen.png`, picture);
  await Deno.writeFile(`${work}/hidden/secret.png`, picture);
  const run = await s.json("plan it", { ...WRITE, args: ["--plan"] });
  assert.equal(run.code, 0, run.stdout);
  const said = s.model.request(2).input
    .filter(({ type }) => /_call_output$/.test(String(type)))
    .map(({ output }) => JSON.stringify(output));
  assert.match(said[0] ?? "", /image\/png;base64/);
  assert.match(said[1] ?? "", /Cannot/);
  assert.ok(!said[1]?.includes(DOT));
});

Deno.test("the person's own notify program runs after a plan, and is told of it as of any turn", async () => {
  await using s = await stage({ script: [say("1. A plan.")] });
  const fifo = `${s.home.root}/notice`;
  await new Deno.Command("mkfifo", { args: [fifo] }).output();
  const notify = ["/bin/sh", "-c", `printf %s "$1" > ${fifo}`, "sh"];
  const run = await s.json("plan it", {
    ...WRITE,
    args: ["--plan", "-c", `notify=${JSON.stringify(notify)}`],
  });
  // It waits for its reader.
  const notice = JSON.parse(await Deno.readTextFile(fifo));
  assert.equal(run.code, 0, run.stdout);
  assert.equal(notice["last-assistant-message"], "1. A plan.");
  assert.match(String(notice["input-messages"]), /The request:\n\nplan it$/);
});
