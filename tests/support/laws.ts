/** What every sequence of requests must obey, whatever the test is about. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import type { MockRequest } from "./mock_model.ts";
import { topLevelTexts } from "./raw_json.ts";

export interface LawOptions {
  /** Indices of requests that may begin a new prefix beside those after a compaction. */
  readonly breaks?: readonly number[];
  /** Laws a test means to break, by name. */
  readonly except?: readonly LawName[];
}

export type LawName = "prefix" | "outputs" | "fields" | "key";

/**
 * Throws with the number of the request and the place of the first breach. A request after
 * a compaction (`/responses/compact`, or one with `tool_choice: "none"`) may begin anew.
 */
export function checkLaws(
  requests: readonly MockRequest[],
  options: LawOptions = {},
): void {
  const except = new Set(options.except);
  const threads = Map.groupBy(
    requests.filter((request) => isPrompt(request) && !isSingle(request)),
    (request) =>
      isChat(request)
        ? threadOf(request)
        : String(request.body["prompt_cache_key"]),
  );
  for (const request of requests) {
    if (isChat(request)) {
      if (!except.has("outputs")) checkChatOutputs(request);
      continue;
    }
    if (!isPrompt(request)) continue;
    if (!except.has("fields")) checkFields(request);
    if (!except.has("outputs")) checkOutputs(request);
    if (isSingle(request)) checkSingle(request);
    else if (!except.has("key")) checkKey(request);
  }
  if (except.has("prefix")) return;
  const free = new Set([
    ...(options.breaks ?? []),
    ...compactionsIn(requests),
  ]);
  for (const thread of threads.values()) checkPrefixes(thread, free);
}

function isChat({ path }: MockRequest): boolean {
  return path.endsWith("/chat/completions");
}

function isPrompt(request: MockRequest): boolean {
  return request.path.endsWith("/responses") || isChat(request);
}

/** The raw text of `input`, or `messages`, without its closing bracket. */
export function openInput(request: MockRequest): string {
  const texts = topLevelTexts(request.text);
  const text = texts.get(isChat(request) ? "messages" : "input") ?? "[]";
  return text.slice(0, -1);
}

// Index of each request that a compaction allows to begin anew: the next of its thread.
function compactionsIn(requests: readonly MockRequest[]): number[] {
  return requests.flatMap((request) => {
    const compacts = request.path.endsWith("/compact") ||
      request.body["tool_choice"] === "none";
    if (!compacts) return [];
    const key = threadOf(request);
    const next = requests.find((later) =>
      later.index > request.index && threadOf(later) === key &&
      isPrompt(later) &&
      later.body["tool_choice"] !== "none"
    );
    return next === undefined ? [] : [next.index];
  });
}

// What a server asks the model stands beside every thread; nothing else bounds its answer.
function isSingle(request: MockRequest): boolean {
  return ["max_output_tokens", "max_tokens", "max_completion_tokens"]
    .some((name) => name in request.body);
}

function checkSingle(request: MockRequest): void {
  for (const field of ["tools", "prompt_cache_key", "include"]) {
    assert.equal(
      field in request.body,
      false,
      `Request ${request.index}: ${field} must not be sent`,
    );
  }
}

function threadOf(request: MockRequest): string {
  return request.headers.get("thread-id") ?? "";
}

function checkFields(request: MockRequest): void {
  const name = `Request ${request.index}`;
  assert.equal(request.body["store"], false, `${name}: store must be false`);
  assert.equal(request.body["stream"], true, `${name}: stream must be true`);
  assert.equal(
    "previous_response_id" in request.body,
    false,
    `${name}: previous_response_id must not be sent`,
  );
}

function checkKey(request: MockRequest): void {
  assert.equal(
    request.body["prompt_cache_key"],
    request.headers.get("thread-id"),
    `Request ${request.index}: prompt_cache_key must be the thread id`,
  );
}

// One output for each call, after it, before anything is asked again.
function checkOutputs(request: MockRequest): void {
  const open = new Set<string>();
  const answered = new Set<string>();
  request.input.forEach((item, at) => {
    const place = `Request ${request.index}, input[${at}]`;
    const id = String(item["call_id"] ?? item["id"]);
    if (isCall(item)) {
      assert.ok(
        !open.has(id) && !answered.has(id),
        `${place}: ${id} called twice`,
      );
      open.add(id);
    } else if (isOutput(item)) {
      assert.ok(!answered.has(id), `${place}: second output of ${id}`);
      assert.ok(open.delete(id), `${place}: output of ${id} without its call`);
      answered.add(id);
    }
  });
  assert.deepEqual(
    [...open],
    [],
    `Request ${request.index}: calls without output`,
  );
}

// The outputs of an answer's calls follow it at once, each once, in their order.
function checkChatOutputs(request: MockRequest): void {
  let open: unknown[] = [];
  request.input.forEach((message, at) => {
    const place = `Request ${request.index}, messages[${at}]`;
    if (message["role"] === "tool") {
      assert.equal(message["tool_call_id"], open.shift(), `${place}: its call`);
      return;
    }
    assert.deepEqual(open, [], `${place}: calls without output before it`);
    const calls = (message["tool_calls"] ?? []) as readonly JsonObject[];
    open = calls.map(({ id }) => id);
  });
  assert.deepEqual(open, [], `Request ${request.index}: calls without output`);
}

function isCall(item: JsonObject): boolean {
  return ["function_call", "custom_tool_call", "local_shell_call"].includes(
    String(item["type"]),
  );
}

function isOutput(item: JsonObject): boolean {
  return ["function_call_output", "custom_tool_call_output"].includes(
    String(item["type"]),
  );
}

// A summary request only adds to what was sent; the thread goes on from before it.
function checkPrefixes(
  requests: readonly MockRequest[],
  free: ReadonlySet<number>,
): void {
  let earlier: MockRequest | undefined;
  for (const request of requests) {
    if (earlier !== undefined && !free.has(request.index)) {
      checkPrefix(earlier, request);
    }
    if (request.body["tool_choice"] !== "none") earlier = request;
  }
}

function checkPrefix(earlier: MockRequest, later: MockRequest): void {
  const name = `Request ${later.index} after ${earlier.index}`;
  const before = topLevelTexts(earlier.text);
  const after = topLevelTexts(later.text);
  for (const key of ["instructions", "tools"]) {
    assert.equal(after.get(key), before.get(key), `${name}: ${key} changed`);
  }
  const start = openInput(earlier);
  const whole = openInput(later);
  const extends_ = whole.startsWith(start) &&
    (whole.length === start.length || start === "[" ||
      whole[start.length] === ",");
  if (extends_) return;
  const at = earlier.input.findIndex((item, index) =>
    JSON.stringify(item) !== JSON.stringify(later.input[index])
  );
  const place = at < 0 ? "the bytes of equal items differ" : [
    `they part at input[${at}]:`,
    JSON.stringify(earlier.input[at]),
    JSON.stringify(later.input[at]),
  ].join("\n  ");
  assert.fail(`${name}: the earlier input is no prefix; ${place}`);
}
