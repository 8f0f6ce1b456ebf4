/** One whole turn: a patch, a command, an answer, and what must be left of it. */
import assert from "node:assert/strict";
import { call, mockModel, say } from "../support/mock_model.ts";

const PATCH = `*** Begin Patch
*** Add File: note.txt
+made in a bare root
*** End Patch
`;

/** Runs the turn with whatever starts `rondo WORDS…`; checks all that came of it. */
export async function checkTurn(
  /** Where the program is seen by commands. */
  program: string,
  run: (
    words: readonly string[],
    env: Readonly<Record<string, string>>,
  ) => Promise<{ code: number; stdout: string; stderr: string }>,
): Promise<void> {
  await using model = mockModel({
    script: [
      call("apply_patch", { input: PATCH }, { callId: "patch" }),
      call("shell", { command: [program, "--version"] }, { callId: "version" }),
      say("Done."),
    ],
  });
  const provider = `{name="mock", base_url="${model.url}", env_key="MOCK_KEY"}`;
  const { code, stdout, stderr } = await run([
    "exec",
    "--json",
    "--skip-git-repo-check",
    ...["-s", "workspace-write", "-m", "gpt-5.1"],
    ...["-c", "model_provider=mock", "-c", `model_providers.mock=${provider}`],
    "go",
  ], { MOCK_KEY: "mock-key" });
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  assert.equal(lines.at(-1).type, "turn.completed");
  const outputs = model.requests.at(-1);
  assert.match(String(outputs?.outputOf("version")), /rondo \d+\.\d+\.\d+/);
  assert.match(String(outputs?.outputOf("patch")), /note\.txt/);
  assert.match(lines[0].sandbox.backend, /^(landlock|bwrap)/);
}
