import assert from "node:assert/strict";
import * as fc from "fast-check";
import { redactSecrets } from "../../../../core/util/text/redact.ts";
import { anyCharacter } from "../../../support/any_character.ts";

const REDACTED = "[redacted]";

const SECRETS: readonly string[] = [
  "sk-proj-abcdefghijklmnop1234567890",
  "sk-ant-api03-abcdefghijklmnop1234567890",
  "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
  "github_pat_11ABCDEFG0123456789_abcdefghij",
  "AKIAIOSFODNN7EXAMPLE",
  "AIzaSyA1234567890abcdefghijklmnopqrstuv",
  "xoxb-123456789012-abcdefghij",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
];

Deno.test("redactSecrets() takes out keys that are known by their form", () => {
  for (const secret of SECRETS) {
    const text = redactSecrets(`before ${secret} after`);
    assert.equal(text, `before ${REDACTED} after`);
  }
});

Deno.test("redactSecrets() takes out what is assigned to a secret name", () => {
  assert.equal(
    redactSecrets("export OPENAI_API_KEY=abc123def; ls"),
    `export OPENAI_API_KEY=${REDACTED}; ls`,
  );
  assert.equal(redactSecrets("password: hunter22"), `password: ${REDACTED}`);
  assert.equal(
    redactSecrets(JSON.stringify({ a: '{"api_key":"abcdefgh"}' })),
    JSON.stringify({ a: `{"api_key":"${REDACTED}"}` }),
  );
  assert.equal(
    redactSecrets("Authorization: Bearer abcdefghijkl"),
    `Authorization: Bearer ${REDACTED}`,
  );
  assert.equal(
    redactSecrets("postgres://ann:s3cret@host/db"),
    `postgres://ann:${REDACTED}@host/db`,
  );
  assert.equal(
    redactSecrets(
      "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ),
    REDACTED,
  );
  assert.equal(
    redactSecrets(
      "-----BEGIN PRIVATE KEY-----\na\n-----BEGIN PRIVATE KEY-----\nX-Y: b\n-----END PRIVATE KEY-----",
    ),
    `-----BEGIN PRIVATE KEY-----\na\n${REDACTED}`,
  );
  assert.equal(
    redactSecrets("eyJ-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
    `eyJ-${REDACTED}`,
  );
});

Deno.test("redactSecrets() leaves ordinary text as it is", () => {
  for (
    const text of [
      "max_output_tokens: 10000",
      '{"input_tokens":123,"total_tokens":4567}',
      "the secret of a good token is its size",
      "const token = next();",
      "task-runner-that-is-long-enough sk-8",
      "see https://example.com:8080/path",
    ]
  ) assert.equal(redactSecrets(text), text);
});

Deno.test("redactSecrets() takes out known values, also inside JSON text", () => {
  const known = ['pa"ss\\word', "tiny"];
  assert.equal(redactSecrets('x pa"ss\\word y', known), `x ${REDACTED} y`);
  const json = JSON.stringify({ text: 'x pa"ss\\word tiny' });
  assert.equal(
    redactSecrets(json, known),
    JSON.stringify({ text: `x ${REDACTED} tiny` }),
  );
});

Deno.test("redactSecrets() makes JSON text of JSON text", () => {
  const secret = fc.constantFrom(...SECRETS, "api_key=abcdefgh", "token: ");
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.string({ unit: anyCharacter }), secret)),
    (parts) => {
      const text = JSON.stringify({ [parts.join("")]: parts });
      JSON.parse(redactSecrets(text, ["abcdef"]));
    },
  ));
});
