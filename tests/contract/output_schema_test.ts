/** --output-schema, -o and --output-format json of the real program. */
import assert from "node:assert/strict";
import { assertValid } from "../core/frontends/support.ts";
import { call, fail, say } from "../support/mock_model.ts";
import { kindOf, openStage } from "./support.ts";

const SCHEMA = JSON.stringify({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: { answer: { type: "integer" } },
  required: ["answer"],
  additionalProperties: false,
});
const FILES = { "schema.json": SCHEMA };
const ARGS = ["--output-schema", "schema.json", "-o", "last.txt", "add"];

Deno.test("a final message that satisfies the schema ends the run at once", async () => {
  await using stage = await openStage({
    script: [say('{"answer": 4}')],
    files: FILES,
  });
  const run = await stage.exec(ARGS);
  assert.equal(run.code, 0);
  assert.equal(stage.model.requests.length, 1);
  const text = stage.model.request(0).body["text"] as { format: unknown };
  assert.deepEqual(text.format, {
    type: "json_schema",
    name: "codex_output_schema",
    strict: true,
    schema: JSON.parse(SCHEMA),
  });
  const path = `${stage.home.work}/last.txt`;
  assert.equal(await Deno.readTextFile(path), '{"answer": 4}');
});

Deno.test("a wrong final message is sent back once with what is wrong with it", async () => {
  await using stage = await openStage({
    script: [say('{"answer": "four", "why": 1}'), say('{"answer": 4}')],
    files: FILES,
  });
  const run = await stage.exec(ARGS);
  assert.equal(run.code, 0);
  assert.equal(stage.model.requests.length, 2);
  const told = JSON.stringify(stage.model.request(1).input.at(-1));
  assert.match(told, /"role":"developer"/);
  assert.match(told, /\/answer: must be integer/);
  assert.match(told, /must NOT have additional properties \(\\"why\\"\)/);
  const path = `${stage.home.work}/last.txt`;
  assert.equal(await Deno.readTextFile(path), '{"answer": 4}');
});

Deno.test("a message that is wrong again fails the run, and leaves no wrong file", async () => {
  await using stage = await openStage({
    script: [
      say("four"),
      call("update_plan", { plan: [] }),
      say('{"answer":""}'),
    ],
    files: { ...FILES, "last.txt": "of an earlier run" },
  });
  const run = await stage.exec(ARGS);
  assert.deepEqual([run.code, kindOf(run)], [1, "schema"]);
  assert.equal(stage.model.requests.length, 3);
  assert.match(
    JSON.stringify(stage.model.request(1).input.at(-1)),
    /it is not JSON/,
  );
  assert.match(
    run.stderr,
    /does not satisfy the output schema.*\/answer: must be integer/,
  );
  assert.equal(await Deno.readTextFile(`${stage.home.work}/last.txt`), "");
});

Deno.test("a schema that is none ends with 2 before anything is sent", async () => {
  await using stage = await openStage({
    files: {
      "word.json": "no json",
      "list.json": "[]",
      "type.json": '{"type": "wibble"}',
      "ref.json": '{"$ref": "#/nowhere"}',
      "old.json": '{"$schema": "http://json-schema.org/draft-04/schema#"}',
    },
  });
  for (
    const [file, why] of [
      ["word.json", /is not valid JSON/],
      ["list.json", /not a JSON object/],
      ["type.json", /not a valid JSON Schema: .*type/],
      ["ref.json", /not a valid JSON Schema: .*nowhere/],
      ["old.json", /"\$schema" is .*draft-04.*must be draft-06/],
      ["none.json", /no such file/],
    ] as const
  ) {
    const run = await stage.exec(["--output-schema", file, "add"]);
    assert.deepEqual([run.code, kindOf(run)], [2, "usage"], file);
    assert.match(run.stderr, why);
  }
  assert.equal(stage.model.requests.length, 0);
});

Deno.test("schemas of every dialect that is in use are understood", async () => {
  const dialects = [
    undefined,
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-06/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
  ];
  for (const $schema of dialects) {
    await using stage = await openStage({
      script: [say("[]"), say('{"a": {"b": 1}}')],
      files: {
        "schema.json": JSON.stringify({
          ...($schema !== undefined && { $schema }),
          type: "object",
          properties: { a: { $ref: "#/definitions/inner" } },
          definitions: {
            inner: {
              type: "object",
              properties: { b: { type: "integer", format: "unheard-of" } },
            },
          },
          unknownWord: true,
        }),
      },
    });
    const run = await stage.exec(["--output-schema", "schema.json", "go"]);
    assert.equal(run.code, 0, `${$schema}: ${run.stderr}`);
    assert.equal(stage.model.requests.length, 2, $schema);
  }
});

Deno.test("--output-format json gives one valid object at every end", async () => {
  await using stage = await openStage({
    script: [
      call("shell", { command: ["sh", "-c", "exit 3"] }, { callId: "a" }),
      say("done"),
      fail(400),
      call("shell", { command: ["true"] }, { callId: "b" }),
    ],
    laws: false,
  });
  const ends: unknown[] = [];
  for (const args of [["go"], ["go"], ["--max-requests=1", "go"], ["-m"]]) {
    const run = await stage.run([
      "exec",
      "--skip-git-repo-check",
      "--yolo",
      "--output-format=json",
      ...args,
    ]);
    if (args[0] === "-m") assert.equal(run.code, 2);
    const result = JSON.parse(run.stdout);
    assertValid("result", result);
    assert.equal(result.exit_code, run.code);
    ends.push([
      run.code,
      result.message,
      result.error?.kind ?? null,
      result.commands.map((one: { exit_code: number }) => one.exit_code),
    ]);
  }
  assert.deepEqual(ends, [
    [0, "done", null, [3]],
    [1, null, "invalid_request", []],
    [6, null, "limit", [0]],
    [2, null, "usage", []],
  ]);
});
