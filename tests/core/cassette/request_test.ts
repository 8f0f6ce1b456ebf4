/** Requests on a cassette: small, and back as they were; differences by place. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeRequest,
  diffRequests,
  encodeRequest,
  type RecordedRequest,
  requestKey,
  Substitutes,
} from "../../../core/cassette/request.ts";
import type { Json } from "../../../core/util/json/json.ts";

function request(
  input: readonly Json[],
  fields: RecordedRequest["fields"] = { model: "m", instructions: "i" },
): RecordedRequest {
  return { path: "POST /v1/responses", fields, input };
}

Deno.test("decodeRequest() gives any sequence of requests back", () => {
  const value = fc.constantFrom<Json>(1, "a", { b: [2] }, { b: [2], c: null });
  const some = fc.record({
    path: fc.constantFrom("POST /a", "POST /b"),
    fields: fc.dictionary(fc.constantFrom("x", "y", "z"), value),
    input: fc.array(value, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 5 }), (requests) => {
      let sent: RecordedRequest | undefined;
      let read: RecordedRequest | undefined;
      for (const each of requests) {
        const line = JSON.stringify(encodeRequest(each, sent));
        sent = each;
        read = decodeRequest(JSON.parse(line), read);
        assert.equal(requestKey(read), requestKey(each));
        assert.deepEqual(diffRequests(read, each), []);
      }
    }),
  );
});

Deno.test("encodeRequest() writes only what is new", () => {
  const first = request([{ n: 1 }, { n: 2 }]);
  const second = request([{ n: 1 }, { n: 2 }, { n: 3 }]);
  assert.deepEqual(encodeRequest(second, first), {
    path: "POST /v1/responses",
    fields: {},
    kept: 2,
    input: [{ n: 3 }],
  });
});

Deno.test("diffRequests() names each place, and what of it changes the course", () => {
  const output = { type: "function_call_output", call_id: "c", output: "a" };
  const user = { type: "message", role: "user", content: "go" };
  const told = {
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: "<environment_context> Monday" }],
  };
  const developer = { type: "message", role: "developer", content: "rules" };
  const cases: readonly [Json, Json, string, boolean][] = [
    [output, { ...output, output: "b" }, "input[0].output", false],
    [output, { ...output, call_id: "d" }, "input[0].call_id", true],
    [user, { ...user, content: "stop" }, "input[0].content", true],
    [user, { ...user, role: "assistant" }, "input[0].role", true],
    [developer, { ...developer, content: "other" }, "input[0].content", false],
    [
      told,
      {
        ...told,
        content: [{ type: "input_text", text: "<environment_context>" }],
      },
      "input[0].content",
      false,
    ],
    [told, user, "input[0].content", true],
    [output, user, "input[0].type", true],
  ];
  for (const [left, right, place, isStructural] of cases) {
    const [found] = diffRequests(request([left]), request([right]));
    assert.equal(found?.place, place);
    assert.equal(found?.isStructural, isStructural, JSON.stringify(right));
  }
  assert.deepEqual(
    diffRequests(request([user]), request([user, output]))
      .map(({ place, recorded, isStructural }) => [
        place,
        recorded,
        isStructural,
      ]),
    [["input[1]", "nothing", true]],
  );
  assert.deepEqual(
    diffRequests(
      request([], { model: "a", instructions: "x" }),
      request([], { model: "b", instructions: "y" }),
    ).map(({ place, isStructural }) => [place, isStructural]),
    [["model", true], ["instructions", false]],
  );
});

Deno.test("requestKey() does not see measured times", () => {
  const timed = (text: string): string =>
    requestKey(request([{ type: "function_call_output", output: text }]));
  assert.equal(timed("Wall time: 0.1 seconds"), timed("Wall time: 12 seconds"));
  assert.equal(timed("aborted after 1.5s"), timed("aborted after 20s"));
  assert.notEqual(timed("exit 1"), timed("exit 2"));
});

Deno.test("Substitutes stand for the places of a machine, inner paths for themselves, and back", () => {
  const here = new Substitutes({
    cwd: "/home/a/repo",
    home: "/home/a",
    codexHome: "/home/a/.codex",
    temp: null,
  }, "thread-1");
  const named = here.encodeAll({
    p: ["/home/a/repo/x", "/home/a/.codex/y", "/home/a/z"],
    "thread-1": "thread-1",
  });
  assert.deepEqual(named, {
    p: ["⟦cwd⟧/x", "⟦codex_home⟧/y", "⟦home⟧/z"],
    "thread-1": "⟦thread⟧",
  });
  const there = new Substitutes(
    { cwd: 'C:\\w "x"', home: "/root", codexHome: null, temp: null },
    "thread-2",
  );
  const json = here.encode('{"dir":"/home/a/repo","t":"thread-1"}');
  assert.deepEqual(JSON.parse(there.decode(json)), {
    dir: 'C:\\w "x"',
    t: "thread-2",
  });
});

Deno.test("Substitutes leave places alone that are too short to be told from text", () => {
  const root = new Substitutes(
    { cwd: "/", home: "/ab", codexHome: null, temp: null },
    null,
  );
  assert.equal(root.encode("a/b /ab"), "a/b /ab");
});
