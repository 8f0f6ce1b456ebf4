/** The frozen exit codes. */
import assert from "node:assert/strict";
import { EXIT_CODES, exitCodeOf } from "../../../core/contract/exit_code.ts";

Deno.test("exit codes are what they have always been", () => {
  const codes = Object.fromEntries(
    Object.entries(EXIT_CODES).map(([name, { code }]) => [name, code]),
  );
  assert.deepEqual(codes, {
    done: 0,
    failed: 1,
    usage: 2,
    config: 3,
    auth: 4,
    provider: 5,
    limit: 6,
    denied: 7,
    sandbox: 8,
    session: 9,
    check: 10,
    bug: 70,
    timeout: 124,
    sigint: 130,
    sigterm: 143,
  });
  assert.equal(new Set(Object.values(codes)).size, Object.keys(codes).length);
});

Deno.test("exitCodeOf() tells an HTTP answer that stays from one that may change", () => {
  const of = (status?: number): number => exitCodeOf({ kind: "http", status });
  assert.deepEqual([404, 405, 451].map(of), [1, 1, 1]);
  assert.deepEqual([408, 409, 425, 429, 500, 503].map(of), [5, 5, 5, 5, 5, 5]);
  assert.equal(of(undefined), 5);
});
