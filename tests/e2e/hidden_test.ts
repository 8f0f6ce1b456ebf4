/** What the policy hides reaches neither the model nor the copies for undo, by any way. */
import assert from "node:assert/strict";
import { call, customCall, say } from "../support/mock_script.ts";
import type { Part, Step } from "../support/mock_script.ts";
import type { AgentRun } from "../support/run_agent.ts";
import { eventsOf, hasBubblewrap, type Stage, stage } from "./support.ts";

const SECRET = "the-hidden-line-4711";
const LINE = `${SECRET}\n`;

function patch(...lines: readonly string[]): string {
  return ["*** Begin Patch", ...lines, "*** End Patch", ""].join("\n");
}

async function hiddenStage(...calls: readonly Part[]): Promise<Stage> {
  const script: Step[] = [...calls, say("Done.")];
  return await stage({
    script,
    config: {
      bottom:
        '[sandbox_workspace_write]\ndeny_read = ["**/hidden.txt", "**/vault"]',
    },
    files: { "hidden.txt": LINE, "vault/deep.txt": LINE, "open.txt": "open\n" },
  });
}

/** All that left the program or was kept by it for a later look. */
async function everything(s: Stage, run: AgentRun): Promise<string> {
  const find = new Deno.Command("find", {
    args: [s.home.codexHome, "-type", "f", "-exec", "cat", "{}", "+"],
  });
  const { stdout } = await find.output();
  return [
    run.stdout,
    run.stderr,
    JSON.stringify(s.model.requests.map(({ body }) => body)),
    new TextDecoder().decode(stdout),
  ].join("\n");
}

const ignore = !hasBubblewrap();

Deno.test({
  name: "a patch cannot find out what stands in a hidden file",
  ignore,
  async fn() {
    const update = (line: string, path: string): Part =>
      customCall(
        "apply_patch",
        patch(`*** Update File: ${path}`, "@@", `-${line}`, "+x"),
      );
    await using s = await hiddenStage(
      update("the-hidden-line-4711", "hidden.txt"),
      update("a wrong guess", "hidden.txt"),
      update("a wrong guess", "vault/deep.txt"),
      update("a wrong guess", "vault/absent.txt"),
    );
    const run = await s.json("go", { sandbox: "workspace-write" });
    const outputs = s.model.requests.at(-1)?.body["input"];
    const answers = JSON.stringify(outputs).match(/Failed to [^"]*/g) ?? [];
    assert.equal(answers.length, 4, JSON.stringify(outputs));
    for (const answer of answers) {
      assert.match(answer, /Permission denied \(os error 13\)$/);
    }
    assert.equal(run.code, 0);
    assert.equal(await Deno.readTextFile(`${s.home.work}/hidden.txt`), LINE);
  },
});

Deno.test({
  name:
    "a patch that deletes or moves a hidden file shows and keeps nothing of it",
  ignore,
  async fn() {
    await using s = await hiddenStage(
      customCall("apply_patch", patch("*** Delete File: hidden.txt")),
      customCall("apply_patch", patch("*** Delete File: vault/deep.txt")),
      customCall(
        "apply_patch",
        patch("*** Add File: hidden.txt", "+over", "*** Add File: x", "+y"),
      ),
    );
    const run = await s.json("go", { sandbox: "workspace-write" });
    assert.ok(!(await everything(s, run)).includes(SECRET));
    assert.equal(await Deno.readTextFile(`${s.home.work}/hidden.txt`), LINE);
  },
});

Deno.test({
  name: "a link does not bring a hidden file in as instructions or as a skill",
  ignore,
  async fn() {
    await using s = await hiddenStage(
      call("shell", { command: ["cat", "sub/f"] }),
    );
    const { work, root } = s.home;
    await Deno.writeTextFile(`${root}/outside.md`, "outside-instructions");
    await Deno.mkdir(`${work}/.git`);
    await Deno.mkdir(`${work}/sub/deep`, { recursive: true });
    await Deno.mkdir(`${work}/.codex/skills/one`, { recursive: true });
    await Deno.symlink("hidden.txt", `${work}/AGENTS.md`);
    await Deno.symlink(`${root}/outside.md`, `${work}/sub/AGENTS.md`);
    await Deno.symlink(
      `${root}/outside.md`,
      `${work}/.codex/skills/one/SKILL.md`,
    );
    const run = await s.json("use $one", { sandbox: "workspace-write" });
    const all = await everything(s, run);
    assert.ok(!all.includes(SECRET));
    assert.ok(!all.includes("outside-instructions"));
    const warnings = eventsOf(run, "warning").map(({ message }) => message);
    for (const path of ["work/AGENTS.md", "sub/AGENTS.md", "one/SKILL.md"]) {
      const about = warnings.filter((text) => String(text).includes(path));
      assert.equal(about.length, 1, `${path}: ${JSON.stringify(warnings)}`);
    }
  },
});

for (const backend of ["bwrap", "landlock"]) {
  Deno.test({
    name:
      `a command cannot read logins, history and other threads (${backend})`,
    ignore,
    async fn() {
      await using s = await stage({ script: [] });
      const { codexHome } = s.home;
      const files = [
        "auth.json",
        "history.jsonl",
        "mcp_logins/a.json",
        "sessions/2026/01/01/rollout-x.jsonl",
        "archived_sessions/y.jsonl",
        "checkpoints/objects/z",
        "spool/other/1.txt",
      ].map((path) => `${codexHome}/${path}`);
      for (const path of files) {
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
          recursive: true,
        });
        await Deno.writeTextFile(path, LINE);
      }
      await Deno.writeTextFile(`${codexHome}/open.md`, "open\n");
      const read = `cat ${files.join(" ")} ${codexHome}/open.md; echo end`;
      const plain = await new Deno.Command("sh", { args: ["-c", read] })
        .output();
      assert.equal(
        new TextDecoder().decode(plain.stdout).split(SECRET).length,
        files.length + 1,
      );
      for (const mode of ["read-only", "workspace-write"]) {
        const run = await s.run(
          ["sandbox", "-s", mode, "--backend", backend, "--", "sh", "-c", read],
        );
        assert.equal(run.stdout, "open\nend\n", run.stderr);
      }
    },
  });
}

Deno.test({
  name: "a command reads the whole output of its own thread",
  ignore,
  async fn() {
    await using s = await stage({
      script: [
        call("shell", { command: ["seq", "200000"] }),
        call("shell", {
          command: ["sh", "-c", 'tail -n 1 "$CODEX_HOME"/spool/*/*.txt'],
        }),
        say("Done."),
      ],
    });
    await s.json("go", {
      sandbox: "workspace-write",
      env: { CODEX_HOME: s.home.codexHome },
    });
    const input = JSON.stringify(s.model.requests.at(-1)?.body["input"]);
    assert.match(input, /200000\\n"/);
  },
});

Deno.test({
  name: "a command that turns the workspace into a repository is told on",
  ignore,
  async fn() {
    const make = "git init -q --bare made && mv made/* . && rmdir made && " +
      "printf '[core]\\nfsmonitor = evil\\n' >> config";
    await using s = await stage({
      script: [
        call("shell", { command: ["sh", "-c", make] }),
        call("shell", { command: ["true"] }),
        say("Done."),
      ],
    });
    await s.json("go", { sandbox: "workspace-write" });
    const told = JSON.stringify(s.model.requests.at(-1)?.body["input"])
      .split("git takes these folders for repositories now");
    assert.equal(told.length, 2, "once, after the command that did it");
    assert.ok(told[1]?.includes(s.home.work));
    const config = await Deno.readTextFile(`${s.home.work}/config`);
    assert.doesNotMatch(config, /evil/);
  },
});
