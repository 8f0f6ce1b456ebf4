/** Answers that are none, judged. */
import assert from "node:assert/strict";
import {
  buildHttpError,
  buildIncompleteError,
  buildServerError,
  type HttpFailure,
  publicUrl,
} from "../../../../core/model/errors/errors.ts";
import type { JsonObject } from "../../../../core/util/json/json.ts";
import type { FailureKind } from "../../../../core/protocol/event.ts";

function failure(more: Partial<HttpFailure>): HttpFailure {
  return {
    status: 500,
    statusText: "",
    headers: new Headers(),
    body: "",
    url: "https://me:secret@api.example.com/v1/responses?key=secret#x",
    nowMs: Date.UTC(2026, 0, 1),
    ...more,
  };
}

function errorBody(message: string, code: string | null = null): string {
  return JSON.stringify({ error: { message, type: "some_error", code } });
}

Deno.test("buildHttpError() judges by status", () => {
  const cases: readonly [number, FailureKind, boolean][] = [
    [400, "invalid_request", false],
    [401, "auth", false],
    [402, "http", false],
    [403, "auth", false],
    [404, "http", false],
    [408, "http", true],
    [409, "http", true],
    [413, "context_window", false],
    [422, "invalid_request", false],
    [425, "http", true],
    [429, "rate_limit", true],
    [307, "http", false],
    [500, "http", true],
    [503, "http", true],
    [529, "http", true],
  ];
  for (const [status, kind, retryable] of cases) {
    const error = buildHttpError(failure({ status }));
    assert.deepEqual(
      { kind: error.kind, retryable: error.retryable, status: error.status },
      { kind, retryable, status },
    );
  }
});

Deno.test("buildHttpError() lets a code overrule the status", () => {
  const cases: readonly [number, string, FailureKind, boolean][] = [
    [400, "context_length_exceeded", "context_window", false],
    [400, "invalid_prompt", "invalid_request", false],
    [400, "invalid_image", "invalid_request", false],
    [429, "insufficient_quota", "rate_limit", false],
    [429, "usage_limit_reached", "rate_limit", false],
    [429, "usage_not_included", "rate_limit", false],
    [429, "rate_limit_exceeded", "rate_limit", true],
    [503, "server_is_overloaded", "http", true],
    [503, "slow_down", "rate_limit", true],
    [400, "something_else", "invalid_request", false],
  ];
  for (const [status, code, kind, retryable] of cases) {
    const error = buildHttpError(
      failure({ status, body: errorBody("m", code) }),
    );
    assert.deepEqual(
      { kind: error.kind, retryable: error.retryable },
      { kind, retryable },
      code,
    );
  }
});

Deno.test("buildHttpError() finds the code where servers put it", () => {
  const bodies = [
    { error: { type: "usage_limit_reached", message: "m" } },
    { error: { code: "usage_limit_reached", message: "m" } },
    { code: "usage_limit_reached", message: "m" },
  ];
  for (const body of bodies) {
    const error = buildHttpError(
      failure({ status: 429, body: JSON.stringify(body) }),
    );
    assert.equal(error.retryable, false);
  }
});

Deno.test("buildHttpError() keeps the server's text in whatever shape it comes", () => {
  const cases: readonly [string, RegExp][] = [
    [errorBody("Model not found"), /: Model not found \(/],
    ['{"message":"plain"}', /: plain \(/],
    ['{"error":"as text"}', /: as text \(/],
    ['{"detail":"of fastapi"}', /: of fastapi \(/],
    ['{"detail":[{"msg":"bad field"}]}', /bad field/],
    ['{"unknown":"shape"}', /\{"unknown":"shape"\}/],
    ["just words", /: just words \(/],
    ["{broken json", /\{broken json/],
    ["", /the server gave no reason/],
    [
      "<html><head><style>x{}</style><title>502</title></head>\n<body>Bad&nbsp;<b>Gateway</b><script>1</script></body></html>",
      /: 502 Bad&nbsp; Gateway \(/,
    ],
    ["<p>no<p <b>more</b><script>1<script>2", /: no<p more \(/],
  ];
  for (const [body, expected] of cases) {
    assert.match(buildHttpError(failure({ body })).message, expected);
  }
});

Deno.test("buildHttpError() bounds a long text", () => {
  const { message } = buildHttpError(failure({ body: "ü".repeat(100_000) }));
  assert.ok(message.length < 1_500);
  assert.match(message, /ü…/);
});

Deno.test("buildHttpError() tells where and by which id, and no secret", () => {
  const error = buildHttpError(failure({
    status: 404,
    statusText: "Not Found",
    body: errorBody("no such model"),
    headers: new Headers({ "x-request-id": "req_7", "cf-ray": "abc-FRA" }),
  }));
  assert.equal(
    error.message,
    "HTTP 404 Not Found: no such model (url: https://api.example.com/v1/responses, request id: req_7, cf-ray: abc-FRA)",
  );
  assert.equal(error.requestId, "req_7");
});

Deno.test("buildHttpError() explains a page of Cloudflare, and only that", () => {
  const page =
    "<html><title>Attention Required! | Cloudflare</title>You have been blocked</html>";
  const blocked = buildHttpError(failure({ status: 403, body: page }));
  assert.match(blocked.message, /filter in front of the service/);
  const plain = buildHttpError(failure({ status: 403, body: errorBody("no") }));
  assert.doesNotMatch(plain.message, /filter/);
});

Deno.test("buildHttpError() says where a redirect points and when a limit ends", () => {
  const moved = buildHttpError(failure({
    status: 308,
    headers: new Headers({
      location: "https://new.example.com/v1?token=secret",
    }),
  }));
  assert.match(moved.message, /points to https:\/\/new\.example\.com\/v1;/);
  const body = JSON.stringify({
    error: {
      type: "usage_limit_reached",
      message: "The usage limit has been reached",
      resets_at: 1_767_225_600,
    },
  });
  const limit = buildHttpError(failure({ status: 429, body }));
  assert.match(
    limit.message,
    /reached\. The limit ends at 2026-01-01T00:00:00/,
  );
});

Deno.test("buildHttpError() reads the wait a server asks for, header before text", () => {
  const asked = (
    headers: Record<string, string>,
    message = "",
    status = 429,
  ): number | undefined =>
    buildHttpError(failure({
      status,
      body: errorBody(message),
      headers: new Headers(headers),
    })).retryAfterMs;
  assert.equal(asked({ "retry-after": "3" }), 3_000);
  assert.equal(
    asked({ "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }),
    9_000,
  );
  assert.equal(asked({ "retry-after-ms": "15" }), 15);
  assert.equal(asked({}, "Please try again in 1.5s"), 1_500);
  assert.equal(asked({ "retry-after": "3" }, "try again in 9s"), 3_000);
  assert.equal(asked({ "retry-after": "3" }, "", 400), undefined);
  assert.equal(asked({}), undefined);
});

Deno.test("buildServerError() judges a failed stream, the unknown as worth another try", () => {
  const cases: readonly [unknown, FailureKind, boolean, RegExp][] = [
    [
      { code: "insufficient_quota", message: "pay" },
      "rate_limit",
      false,
      /pay/,
    ],
    [{ code: "server_error", message: "oops" }, "http", true, /oops/],
    [{ code: "new_code", message: "odd" }, "stream", true, /odd \(new_code\)/],
    ["words", "stream", true, /words/],
    [null, "stream", true, /no reason/],
    [undefined, "stream", true, /no reason/],
  ];
  for (const [wire, kind, retryable, message] of cases) {
    const error = buildServerError(wire);
    assert.equal(error.kind, kind);
    assert.equal(error.retryable, retryable);
    assert.match(error.message, message);
  }
});

Deno.test("buildIncompleteError() names the reason and asks for no retry", () => {
  const error = buildIncompleteError("content_filter");
  assert.match(error.message, /content_filter/);
  assert.equal(error.retryable, false);
});

Deno.test("publicUrl() keeps origin and path alone", () => {
  assert.equal(publicUrl("http://u:p@h:1/a/b?c=d#e"), "http://h:1/a/b");
  assert.equal(publicUrl("not a url?key=secret"), "not a url");
});

Deno.test("an overflow of the window is known in every server's words", () => {
  const words = [
    "request (60179 tokens) exceeds the available context size (60160 tokens)",
    "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens.",
    "The number of tokens to keep from the initial prompt is greater than the context length",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "Input is too long for requested model.",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "Range of input length should be [1, 30720]",
    "input length exceeds the context length",
    "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    "Your input exceeds the context window of this model.",
  ];
  for (const message of words) {
    for (const status of [400, 500]) {
      const body = JSON.stringify({ error: { code: status, message } });
      const error = buildHttpError(failure({ status, body }));
      assert.equal(error.kind, "context_window", message);
    }
    assert.equal(buildServerError({ message }).kind, "context_window", message);
  }
});

Deno.test("a limit per time is no overflow, although it speaks of tokens", () => {
  const words = [
    "Too many tokens, please wait before trying again.",
    "Rate limit reached: maximum context length tokens per minute",
    "Request exceeds the token limit per minute. Please try again in 20s.",
  ];
  for (const message of words) {
    const body = JSON.stringify({ error: { message } });
    const error = buildHttpError(failure({ status: 429, body }));
    assert.deepEqual([error.kind, error.retryable], ["rate_limit", true]);
  }
});

Deno.test("waits are understood in words, in details and in headers", () => {
  const cases:
    readonly (readonly [JsonObject, Record<string, string>, number])[] = [
      [{ message: "Please try again in 1m2.5s." }, {}, 62_500],
      [{ message: "retry after 3 seconds" }, {}, 3_000],
      [{ message: "x", details: [{}, { retryDelay: "3.4s" }] }, {}, 3_400],
      [{ message: "x", resets_in_seconds: 7 }, {}, 7_000],
      [{ message: "x" }, {
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m1s",
      }, 61_000],
    ];
  for (const [error, headers, waitMs] of cases) {
    const body = JSON.stringify({ error });
    const built = buildHttpError(
      failure({ status: 429, body, headers: new Headers(headers) }),
    );
    assert.equal(built.retryAfterMs, waitMs);
  }
});

Deno.test("a date beyond the calendar does not lose the server's words", () => {
  const body = JSON.stringify({
    error: { message: "used up", resets_at: 1e300 },
  });
  assert.match(
    buildHttpError(failure({ status: 429, body })).message,
    /used up/,
  );
});
