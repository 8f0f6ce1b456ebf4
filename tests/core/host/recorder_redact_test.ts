/** Secrets are found where they are told, and taken out wherever they appear. */
import assert from "node:assert/strict";
import { Redactor } from "../../../core/host/recorder_redact.ts";

Deno.test("redact() takes out what was learnt, in keys and values at any depth", () => {
  const redactor = new Redactor();
  redactor.learn("top-secret-value", undefined, "short");
  assert.deepEqual(
    redactor.redact({
      "top-secret-value": ["a top-secret-value b", { n: 1, short: null }],
      kept: true,
    }),
    {
      "[redacted]": ["a [redacted] b", { n: 1, short: null }],
      kept: true,
    },
  );
});

Deno.test("learnVariables() goes by the names", () => {
  const redactor = new Redactor();
  redactor.learnVariables({
    OPENAI_API_KEY: "value-one",
    GITHUB_TOKEN: "value-two",
    db_password: "value-three",
    MONKEY: "value-four",
    PATH: "value-five",
    KEY_NAME_IN: "OPENAI_API_KEY",
  });
  assert.equal(
    redactor.redact(
      "value-one value-two value-three value-four value-five OPENAI_API_KEY",
    ),
    "[redacted] [redacted] [redacted] value-four value-five OPENAI_API_KEY",
  );
});

Deno.test("learnFile() reads credentials from the files that hold them, and no others", () => {
  const toml = `env_key = "OPENAI_API_KEY"
experimental_bearer_token = "bearer-value"
http_headers = { "X-Api-Key" = "header-value", Authorization = "Basic abcdef" }
base_url = "https://example.com"`;
  const redactor = new Redactor();
  redactor.learnFile("/h/.codex/config.toml", toml);
  redactor.learnFile("/h/.codex/auth.json", '{"tokens":{"id":"an-id-token"}}');
  redactor.learnFile("/h/notes.md", 'password = "not-a-secret"');
  assert.equal(
    redactor.redact(`${toml} an-id-token not-a-secret`),
    toml.replace("bearer-value", "[redacted]")
      .replace("header-value", "[redacted]")
      .replace("Basic abcdef", "[redacted]") + " [redacted] not-a-secret",
  );
});

Deno.test("learnHeaders() takes the credentials with and without their scheme", () => {
  const redactor = new Redactor();
  redactor.learnHeaders(
    new Headers({
      authorization: "Bearer the-bearer",
      "api-key": "the-api-key",
      "user-agent": "rondo/1.2.3",
    }),
  );
  assert.equal(
    redactor.redact("Bearer the-bearer, the-bearer, the-api-key, rondo/1.2.3"),
    "[redacted], [redacted], [redacted], rondo/1.2.3",
  );
});

Deno.test("redact() knows the shape of keys nobody told of", () => {
  assert.equal(
    new Redactor().redact("use sk-proj-abcdefghijklmnop0123 or task-list"),
    "use [redacted] or task-list",
  );
});
