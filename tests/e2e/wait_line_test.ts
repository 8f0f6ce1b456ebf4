/** Exec at a real terminal says what it waits for, and leaves nothing of that behind. */
import assert from "node:assert/strict";
import { call, mockModel, say } from "../support/mock_model.ts";
import { hasPty, openPty } from "../support/pty.ts";
import { agentCommand, agentHome, mockConfig } from "../support/run_agent.ts";

Deno.test({
  name:
    "exec at a terminal shows the model and the command it waits for, and keeps neither line",
  ignore: !hasPty(),
  fn: async () => {
    const seen = Promise.withResolvers<void>();
    await using model = mockModel({
      script: [
        [
          { type: "wait", until: seen.promise },
          call("shell", {
            command: [
              "sh",
              "-c",
              "echo step 1; until [ -e go ]; do sleep 0.1; done",
            ],
          }),
        ],
        say("All done."),
      ],
    });
    await using home = await agentHome({
      config: mockConfig(model.url),
    });
    await using pty = openPty({
      argv: [
        ...agentCommand(),
        ...["exec", "-s", "danger-full-access", "--skip-git-repo-check", "go"],
      ],
      cwd: home.work,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: home.home,
        CODEX_HOME: home.codexHome,
        TMPDIR: home.temp,
        TERM: "xterm-256color",
        LANG: "C.UTF-8",
        MOCK_KEY: "mock-key",
        NO_COLOR: "1",
        DENO_DIR: Deno.env.get("DENO_DIR") ??
          `${Deno.env.get("HOME")}/.cache/deno`,
      },
    });
    await pty.shows("Waiting for the model");
    seen.resolve();
    await pty.shows(/Running .*step 1; until.* · step 1/);
    await Deno.writeTextFile(`${home.work}/go`, "");
    assert.equal(await pty.code, 0);
    const screen = pty.screen();
    assert.match(screen, /All done\./);
    assert.doesNotMatch(
      screen,
      /Waiting for the model|Running sh|Ctrl-C stops/,
    );
  },
});
