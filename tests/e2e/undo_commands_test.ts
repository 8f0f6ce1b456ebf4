/** What commands did to files, taken back with the real program. */
import assert from "node:assert/strict";
import {
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";
import { call, mockModel, say } from "../support/mock_model.ts";

const WAYS: Readonly<Record<string, readonly string[]>> = {
  "in the sandbox": ["-s", "workspace-write"],
  "with full access": ["--dangerously-bypass-approvals-and-sandbox"],
};

for (const [way, flags] of Object.entries(WAYS)) {
  Deno.test(`undo brings back what sed -i and rm did ${way}`, async () => {
    const rm = way === "with full access" ? "rm -rf" : "rm -r";
    const line = `sed -i s/one/two/ a.txt && ${rm} src && echo x > made`;
    await using model = mockModel({
      script: [
        call("shell", { command: ["bash", "-c", line] }),
        say("Done."),
      ],
    });
    await using home = await agentHome({
      config: mockConfig(model.url),
      files: { "a.txt": "one\n", "src/deep/b.txt": "kept\n" },
    });
    const run = (args: readonly string[]): Promise<AgentRun> =>
      runAgent({ home, args });
    const turn = await run(["exec", "--skip-git-repo-check", ...flags, "go"]);
    assert.equal(turn.code, 0, turn.stderr);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "two\n");
    await assert.rejects(() => Deno.stat(`${home.work}/src`));

    const by = `(${line})`;
    const shown = await run(["undo", "--restore", "code"]);
    assert.equal(
      shown.stdout,
      [
        "Undo 1 turn:",
        `  restore  ${home.work}/a.txt ${by}`,
        `  delete   ${home.work}/made ${by}`,
        `  recreate ${home.work}/src ${by}`,
        `  recreate ${home.work}/src/deep ${by}`,
        `  recreate ${home.work}/src/deep/b.txt ${by}`,
        "Nothing was changed; pass --yes to do it",
        "",
      ].join("\n"),
    );
    const undone = await run(["undo", "--yes"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\n");
    assert.equal(
      await Deno.readTextFile(`${home.work}/src/deep/b.txt`),
      "kept\n",
    );
    await assert.rejects(() => Deno.stat(`${home.work}/made`));
  });
}
