/** When two commands are the same for an approval. */
import assert from "node:assert/strict";
import {
  approvalsFor,
  describeScope,
} from "../../../core/policy/approval_key.ts";
import { command, patch } from "./support.ts";

function key(what: string | string[], cwd = "/ws", sandboxed = true): string {
  const [approval] = approvalsFor(command(what, { cwd }), { sandboxed });
  return approval?.key ?? "";
}

Deno.test("approvalsFor() takes the same command in another dress for the same", () => {
  const same = [
    key(["npm", "test"], "/ws/sub"),
    key("npm test", "/ws/sub"),
    key("cd sub && npm test"),
    key("cd /ws/sub && npm  'test'"),
    key("CI=1 npm test", "/ws/sub"),
    key("cd sub && NO_COLOR=1 timeout 60 npm test"),
    key(["timeout", "60", "npm", "test"], "/ws/sub"),
    key(["env", "CI=1", "npm", "test"], "/ws/sub"),
    key(["sh", "-c", "npm test"], "/ws/sub"),
    key(["nice", "bash", "-lc", "npm test"], "/ws/sub"),
  ];
  assert.deepEqual(new Set(same).size, 1, same.join("\n"));
});

Deno.test("approvalsFor() keeps apart what is not the same", () => {
  const different = [
    key("npm test"),
    key("npm test", "/other"),
    key("npm test", "/ws", false),
    key("npm test -x"),
    key("npm 'test -x'"),
    key("sudo npm test"),
    key("PATH=/x npm test"),
    key("LD_PRELOAD=x npm test"),
    key("npm test && x"),
    key("npm test | x"),
    key("npm test || x"),
    key("npm test; x"),
    key("npm test > x"),
    key("npm test >  x"),
    key("cd sub; npm test"),
    key("./npm test"),
    key("cat <<'E'\na\nE"),
    key("cat <<'E'\nb\nE"),
    key(["sh", "-c", "a > b"]),
    key(["bash", "-c", "a > b"]),
    key(["env", "X=1", "npm", "test"]),
  ];
  assert.equal(new Set(different).size, different.length);
});

Deno.test("approvalsFor() has one approval for each file of a patch", () => {
  const approvals = approvalsFor(patch("/a", "/b"), { sandboxed: false });
  assert.deepEqual(approvals.map(({ label }) => label), [
    "changes of /a, outside the sandbox",
    "changes of /b, outside the sandbox",
  ]);
  assert.notEqual(
    approvals[0]?.key,
    approvalsFor(patch("/a"), { sandboxed: true })[0]?.key,
  );
});

Deno.test("describeScope() says exactly what is remembered", () => {
  assert.equal(
    describeScope(command("cd sub && CI=1 npm test | cat"), {
      sandboxed: false,
    }),
    "Until this session ends: npm test | cat in /ws/sub, outside the sandbox",
  );
  assert.equal(
    describeScope(command("cat <<'E'\nx\nE"), { sandboxed: true }),
    "Until this session ends: cat with exactly this input in /ws",
  );
});

Deno.test("approvalsFor() keeps apart what is typed into different sessions", () => {
  const keys = [undefined, 1000, 1001].map((session) => {
    const action = command("y", session === undefined ? {} : { session });
    const [approval] = approvalsFor(action, { sandboxed: false });
    return approval?.key;
  });
  assert.equal(new Set(keys).size, 3);
});
