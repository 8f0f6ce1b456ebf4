/** Which shells start without a login when `allow_login_shell` is false. */
import assert from "node:assert/strict";
import { withoutLoginShells } from "../../../core/app/login_shell.ts";
import type { GateRequest } from "../../../core/protocol/command.ts";
import type { ToolContext } from "../../../core/protocol/tool.ts";

// The argv that reaches the gate behind.
async function argvOf(line: string): Promise<string> {
  const argv = line.split(" ");
  const seen: GateRequest[] = [];
  const gate = withoutLoginShells({
    run: (request) => {
      seen.push(request);
      return Promise.resolve({ type: "refused", reason: "", by: "policy" });
    },
  });
  const action = { type: "command", argv, cwd: "/", escalated: false } as const;
  const request = { action, argv, cwd: "/", timeoutMs: 1, detail: line };
  await gate.run(request, {} as ToolContext);
  const [one] = seen;
  assert(one?.action.type === "command");
  assert.deepEqual(one.argv, one.action.argv);
  return one.argv.join(" ");
}

Deno.test("a login flag of a shell is taken away, and nothing else", async () => {
  const table: readonly (readonly [string, string])[] = [
    ["bash -lc ls", "bash -c ls"],
    ["/bin/zsh -ilc ls", "/bin/zsh -ic ls"],
    ["bash --login -c ls", "bash -c ls"],
    ["bash -l", "bash"],
    ["bash -o pipefail -lc ls", "bash -o pipefail -c ls"],
    ["bash --rcfile f -lc ls", "bash --rcfile f -c ls"],
    ["bash -c ls -l", "bash -c ls -l"],
    ["bash script.sh -lc", "bash script.sh -lc"],
    ["ls -lc", "ls -lc"],
  ];
  for (const [asked, run] of table) assert.equal(await argvOf(asked), run);
});
