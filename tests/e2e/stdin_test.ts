/** What stdin is to `rondo exec`, and that it never hangs on it. */
import assert from "node:assert/strict";
import { say } from "../support/mock_script.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { ended, errorOf, stage } from "./support.ts";

Deno.test("exec takes the prompt from stdin without an argument, or with -", async () => {
  await using s = await stage({ script: () => say("ok") });
  for (const prompt of ["", "-"]) {
    const run = await s.json(prompt, { stdin: { text: "from stdin\n" } });
    assert.equal(run.code, 0, run.stderr);
  }
  assert.deepEqual(s.model.requests.map(prompts), [
    ["from stdin\n"],
    ["from stdin\n"],
  ]);
});

Deno.test("exec appends what is on stdin to a prompt argument", async () => {
  await using s = await stage({ script: [say("ok")] });
  await s.json("sum up", { stdin: { text: "some data" } });
  assert.deepEqual(prompts(s.model.request(0)), [
    "sum up\n\n<stdin>\nsome data\n</stdin>",
  ]);
});

Deno.test("exec leaves an idle open pipe alone and says so", async () => {
  await using s = await stage({ script: [say("ok")] });
  await using agent = s.start("just this", { stdin: "open" });
  const run = await ended(agent);
  assert.equal(run.code, 0);
  assert.match(run.stderr, /ignoring stdin/);
  assert.deepEqual(prompts(s.model.request(0)), ["just this"]);
});

Deno.test("exec --stdin waits for the end of a slow pipe", async () => {
  await using s = await stage({ script: [say("ok")] });
  await using agent = s.start("read", { stdin: "open", args: ["--stdin"] });
  // Longer than an idle pipe is given.
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(s.model.requests.length, 0);
  await agent.write("late data");
  await agent.closeStdin();
  await ended(agent);
  assert.deepEqual(prompts(s.model.request(0)), [
    "read\n\n<stdin>\nlate data\n</stdin>",
  ]);
});

Deno.test("exec without any prompt, or with what is no text, is a usage error", async () => {
  await using s = await stage({ script: [] });
  const empty = await s.json("", { stdin: { text: "" } });
  assert.equal(empty.code, 2);
  assert.match(String(errorOf(empty)["message"]), /the prompt is empty/);
  const nothing = await s.json("");
  assert.equal(nothing.code, 2);
  assert.equal(s.model.requests.length, 0);
});

Deno.test("exec with a directory on stdin is a usage error, not a hang", async () => {
  await using s = await stage({ script: [] });
  const rondo = decodeURIComponent(
    new URL("../../build/rondo", import.meta.url).pathname,
  );
  const { code, stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'exec "$0" exec --json --skip-git-repo-check - < .',
      program(rondo),
    ],
    cwd: s.home.work,
    env: { HOME: s.home.home, CODEX_HOME: s.home.codexHome },
  }).output();
  assert.equal(code, 2, new TextDecoder().decode(stdout));
});

function program(built: string): string {
  return Deno.env.get("AGENT_BIN") ?? built;
}

// The words of the person, context left out.
function prompts(request: MockRequest): string[] {
  return request.input.flatMap((item) => {
    const [part] = (item["content"] ?? []) as { text?: string }[];
    const text = part?.text ?? "";
    return item["role"] === "user" && !text.startsWith("<") &&
        !text.startsWith("#")
      ? [text]
      : [];
  });
}
