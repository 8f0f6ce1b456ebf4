/** The laws must be breakable: each breach is named. */
import assert from "node:assert/strict";
import { checkLaws, type LawOptions } from "./laws.ts";
import type { MockRequest } from "./mock_model.ts";
import { topLevelTexts } from "./raw_json.ts";

const MESSAGE = '{"type":"message","role":"user","content":"hi"}';
const CALL = '{"type":"function_call","call_id":"c1","name":"x"}';
const OUTPUT = '{"type":"function_call_output","call_id":"c1","output":""}';

function request(
  index: number,
  items: readonly string[],
  more: {
    readonly path?: string;
    readonly thread?: string;
    readonly fields?: string;
  } = {},
): MockRequest {
  const thread = more.thread ?? "t1";
  const fields = more.fields ??
    `"instructions":"be good","tools":[{"name":"x"}],"store":false,"stream":true,"prompt_cache_key":"${thread}"`;
  const text = `{"model":"m",${fields},"input":[${items.join(",")}]}`;
  const body = JSON.parse(text);
  return {
    index,
    method: "POST",
    path: more.path ?? "/v1/responses",
    query: new URLSearchParams(),
    headers: new Headers({ "thread-id": thread }),
    text,
    body,
    input: body.input,
    connection: 1,
    ended: Promise.resolve(),
    outputOf: () => undefined,
  };
}

function breach(
  requests: readonly MockRequest[],
  expected: RegExp,
  options: LawOptions = {},
): void {
  assert.throws(() => checkLaws(requests, options), expected);
}

Deno.test("checkLaws() is content with a history that only grows", () => {
  checkLaws([
    request(0, []),
    request(1, [MESSAGE]),
    request(2, [MESSAGE, CALL, OUTPUT]),
    request(3, [MESSAGE, CALL, OUTPUT]),
    request(4, [MESSAGE], { thread: "t2" }),
  ]);
});

Deno.test("checkLaws() sees an item that was changed, dropped or put in between", () => {
  const first = request(0, [MESSAGE, CALL, OUTPUT]);
  const changed = OUTPUT.replace('""', '"x"');
  breach([first, request(1, [MESSAGE, CALL, changed])], /input\[2\]/);
  breach([first, request(1, [MESSAGE])], /input\[1\]/);
  breach([first, request(1, [MESSAGE, MESSAGE, CALL, OUTPUT])], /input\[1\]/);
});

Deno.test("checkLaws() compares bytes, not values", () => {
  const spaced = MESSAGE.replace('"hi"', ' "hi"');
  breach([request(0, [MESSAGE]), request(1, [spaced])], /bytes/);
});

Deno.test("checkLaws() does not take the beginning of an item for an item", () => {
  const first = request(0, ["1"]);
  breach([first, request(1, ["12"])], /input\[0\]/);
});

Deno.test("checkLaws() sees changed instructions and tools", () => {
  const first = request(0, [MESSAGE]);
  for (const [from, to] of [["be good", "be bad"], ['"x"', '"y"']] as const) {
    const text = first.text.replace(from, to);
    const second = { ...first, index: 1, text, body: JSON.parse(text) };
    breach([first, second], /changed/);
  }
});

Deno.test("checkLaws() lets a history begin anew after a compaction, and only then", () => {
  const long = [MESSAGE, CALL, OUTPUT];
  const summary = request(1, [...long, MESSAGE], {
    fields:
      `"instructions":"be good","tools":[{"name":"x"}],"store":false,"stream":true,"prompt_cache_key":"t1","tool_choice":"none"`,
  });
  const compact = request(1, long, { path: "/v1/responses/compact" });
  const fresh = request(2, [MESSAGE.replace("hi", "summary")]);
  checkLaws([request(0, long), summary, fresh]);
  checkLaws([request(0, long), compact, fresh]);
  breach([request(0, long), fresh], /no prefix/);
  checkLaws([request(0, long), fresh], { breaks: [2] });
  const another = request(3, [MESSAGE.replace("hi", "again")]);
  breach([request(0, long), compact, fresh, another], /no prefix/);
});

Deno.test("checkLaws() holds a summary request to the prefix too", () => {
  const summary = request(1, [MESSAGE.replace("hi", "sum up")], {
    fields:
      `"instructions":"be good","tools":[{"name":"x"}],"store":false,"stream":true,"prompt_cache_key":"t1","tool_choice":"none"`,
  });
  breach([request(0, [MESSAGE]), summary], /no prefix/);
});

Deno.test("checkLaws() wants one output for each call, after it", () => {
  breach([request(0, [CALL])], /without output/);
  breach([request(0, [OUTPUT])], /without its call/);
  breach([request(0, [OUTPUT, CALL])], /without its call/);
  breach([request(0, [CALL, OUTPUT, OUTPUT])], /second output/);
  breach([request(0, [CALL, CALL, OUTPUT])], /called twice/);
});

Deno.test("checkLaws() wants the fixed fields as they are", () => {
  const good = request(0, [MESSAGE]);
  const wrong = [
    ['"store":false', '"store":true', /store/],
    ['"stream":true', '"stream":false', /stream/],
    ['"model"', '"previous_response_id":"r","model"', /previous_response_id/],
    ['"prompt_cache_key":"t1"', '"prompt_cache_key":"t2"', /prompt_cache_key/],
  ] as const;
  for (const [from, to, expected] of wrong) {
    const text = good.text.replace(from, to);
    breach([{ ...good, text, body: JSON.parse(text) }], expected);
  }
});

Deno.test("topLevelTexts() gives the raw text of each member", () => {
  const json = '{ "a" : "x\\\\\\"}," , "b":[1,{"c":"]"}],"d":-1.5e3 ,"e":null}';
  assert.deepEqual([...topLevelTexts(json)], [
    ["a", '"x\\\\\\"},"'],
    ["b", '[1,{"c":"]"}]'],
    ["d", "-1.5e3 "],
    ["e", "null"],
  ]);
  assert.deepEqual([...topLevelTexts("{}")], []);
});
