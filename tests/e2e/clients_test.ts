/** What programs built for Codex look for: phases, every item of the server, names, pictures. */
import assert from "node:assert/strict";
import { bigPng } from "../support/big_png.ts";
import { say, unknownItem } from "../support/mock_script.ts";
import { itemsOf, lastEvent, stage } from "./support.ts";

Deno.test("the answer is the last message that is no commentary, in a file, as text and as JSON", async () => {
  await using s = await stage({
    script: () => [
      say("Looking.", { phase: "commentary" }),
      say("The answer.", { phase: "final_answer" }),
      say("By the way.", { phase: "commentary" }),
    ],
  });
  const run = await s.json("go", { args: ["-o", "last.txt"] });
  assert.equal(
    await Deno.readTextFile(`${s.home.work}/last.txt`),
    "The answer.",
  );
  assert.deepEqual(itemsOf(run, "agent_message").map(({ phase }) => phase), [
    "commentary",
    "final_answer",
    "commentary",
  ]);
  const human = await s.human("go");
  assert.equal(human.stdout, "The answer.\n");
  assert.match(human.stderr, /Looking\.[^]*By the way\./);
});

Deno.test("a turn of nothing but commentary has its last message as the answer", async () => {
  await using s = await stage({
    script: [[
      say("One.", { phase: "commentary" }),
      say("Two.", {
        phase: "commentary",
      }),
    ]],
  });
  assert.equal((await s.human("go")).stdout, "Two.\n");
});

Deno.test("whatever the server did by itself is an item, a picture with its data", async () => {
  await using s = await stage({
    script: [[
      unknownItem({
        type: "image_generation_call",
        status: "completed",
        revised_prompt: "a dot",
        result: "iVBORw0KGgo=",
      }),
      unknownItem({ type: "file_search_call", queries: ["x"] }),
      unknownItem({ type: "wide_call", ...wide(5_000) }),
      say("Done."),
    ]],
  });
  const run = await s.json("go");
  assert.equal(lastEvent(run)["exit_code"], 0, run.stderr);
  const [picture] = itemsOf(run, "image_generation");
  assert.deepEqual([picture?.["revised_prompt"], picture?.["result"]], [
    "a dot",
    "iVBORw0KGgo=",
  ]);
  const [search, broad] = itemsOf(run, "server_item");
  assert.equal(search?.["name"], "file_search_call");
  assert.deepEqual((search?.["data"] as { queries: unknown }).queries, ["x"]);
  assert.equal(broad?.["name"], "wide_call");
});

Deno.test("requests name what started the program, and the header has the session's id", async () => {
  await using s = await stage({ script: () => say("ok") });
  const named = await s.human("go", {
    env: { CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "codex_sdk_ts" },
  });
  assert.match(named.stderr, /^session id: [0-9a-f-]{36}$/m);
  await s.human("go", {
    env: { CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "no\u00e9 header" },
  });
  const names = s.model.requests.map(({ headers }) =>
    headers.get("originator")
  );
  assert.deepEqual(names, ["codex_sdk_ts", "rondo"]);
});

Deno.test("a picture that was cut off is a sentence for the model and one warning", async () => {
  await using s = await stage({ script: () => say("ok") });
  await Deno.writeFile(`${s.home.work}/cut.png`, bigPng(900).subarray(0, 500));
  const run = await s.json("", {
    stdin: {
      text: `{"type":"user.input","text":"see","images":["cut.png"]}\n`,
    },
    args: ["--input", "jsonl"],
  });
  const { text } = s.model.requests.at(-1) ?? assert.fail(run.stderr);
  assert.match(text, /cut\.png, is left out/);
  assert.doesNotMatch(text, /input_image/);
  const warnings = run.events.filter(({ type, message }) =>
    type === "warning" && String(message).includes("cut.png")
  );
  assert.equal(warnings.length, 1);
});

function wide(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`key${at}`, "x".repeat(100)]),
  );
}
