/** Secrets are found where they are told, and taken out wherever they appear. */
import assert from "node:assert/strict";
import { Redactor, redactVariable } from "../../../core/cassette/redact.ts";

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

Deno.test("learnVariables() takes a key in capitals for a key, and finds the login in an address", () => {
  const redactor = new Redactor();
  redactor.learnVariables({
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    https_proxy: "http://me:pass-word@proxy:3128",
  });
  assert.equal(
    redactor.redact("AKIAIOSFODNN7EXAMPLE via http://me:pass-word@other"),
    "[redacted] via http://[redacted]@other",
  );
});

Deno.test("redactVariable() leaves no key, however short, and no login", () => {
  const cases = [
    ["MY_KEY", "abc", "[redacted]"],
    ["MY_KEY", "", ""],
    ["MONKEY", "abc", "abc"],
    ["HTTP_PROXY", "http://a:b@proxy:3128", "http://[redacted]@proxy:3128"],
    ["HTTP_PROXY", "http://proxy:3128/a@b", "http://proxy:3128/a@b"],
  ] as const;
  for (const [name, value, written] of cases) {
    assert.equal(redactVariable(name, value), written);
  }
});

Deno.test("learnFile() reads credentials from the files that hold them, and no others", () => {
  const toml = `env_key = "OPENAI_API_KEY"
experimental_bearer_token = "bearer-value"
http_headers = { "X-Api-Key" = "header-value", Authorization = "Basic abcdef" }
base_url = "https://example.com"
proxy = "http://someone:else@proxy:3128"`;
  const redactor = new Redactor();
  redactor.learnFile("/h/.codex/config.toml", toml);
  redactor.learnFile("/h/.codex/auth.json", '{"tokens":{"id":"an-id-token"}}');
  redactor.learnFile("/h/notes.md", 'password = "not-a-secret"');
  assert.equal(
    redactor.redact(`${toml} an-id-token not-a-secret`),
    toml.replace("bearer-value", "[redacted]")
      .replace("header-value", "[redacted]")
      .replace("someone:else", "[redacted]")
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

Deno.test("learnFile() takes what follows a flag, a name or a scheme, in arguments, hooks and files of other programs", () => {
  const redactor = new Redactor();
  redactor.learnFile(
    "/h/.codex/config.toml",
    `notify = ["say", "--password", "correct-horse-battery", "--channel", "main-room"]
[mcp_servers.a]
url = "https://example.com/mcp/Zq04secretVx9/sse"
[[hooks.Stop]]
hooks = [{ command = "PASS=of-the-hook send --api-key from-a-flag" }]`,
  );
  redactor.learnFile(
    "/w/.codex/hooks.json",
    `{"Stop":[{"hooks":[{"command":"curl -H 'Authorization: Bearer of-a-header' x"}]}]}`,
  );
  redactor.learnFile("/w/.env", "API_KEY=of-the-env\nMODE=production");
  redactor.learnFile("/h/.npmrc", "//r/:_authToken=of-the-registry");
  redactor.learnFile("/h/.netrc", "machine m login l password of-the-netrc");
  redactor.learnVariables({ PGPASSWORD: "of-postgres", MY_PATH: "not-secret" });
  const secrets = "correct-horse-battery Zq04secretVx9 of-the-hook " +
    "from-a-flag of-a-header of-the-env of-the-registry of-the-netrc of-postgres";
  assert.equal(
    redactor.redact(`${secrets} main-room production not-secret`),
    `${"[redacted] ".repeat(9)}main-room production not-secret`,
  );
});
