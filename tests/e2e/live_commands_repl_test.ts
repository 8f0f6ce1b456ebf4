/** Commands that live on, as a person at a terminal sees and reaches them. */
import assert from "node:assert/strict";
import { call, mockModel, say } from "../support/mock_model.ts";
import { hasPty, openPty } from "../support/pty.ts";
import { agentCommand, agentHome, mockConfig } from "../support/run_agent.ts";
import { assertNoneLeft, newMarker } from "./support.ts";

const CAN = hasPty();

Deno.test({
  name:
    "A command that lives on is listed, typed into by its person, ended, and ended with /new",
  ignore: !CAN,
  fn: async () => {
    const marker = newMarker();
    const start = (cmd: string) =>
      call("exec_command", { cmd, tty: true, yield_time_ms: 250 });
    await using model = mockModel({
      script: [
        start('while read line; do echo "got <$line>"; done'),
        say("It is waiting"),
        start(`sleep 1000; : ${marker}`),
        say("It is asleep"),
      ],
    });
    await using home = await agentHome();
    const trust = `[projects.${
      JSON.stringify(home.work)
    }]\ntrust_level = "trusted"`;
    await Deno.writeTextFile(
      `${home.codexHome}/config.toml`,
      mockConfig(model.url, { bottom: trust }),
    );
    await using pty = openPty({
      argv: [...agentCommand(), "-s", "danger-full-access", "-m", "gpt-5.5"],
      cwd: home.work,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: home.home,
        CODEX_HOME: home.codexHome,
        TMPDIR: home.temp,
        TERM: "xterm-256color",
        LANG: "C.UTF-8",
        MOCK_KEY: "mock-key",
        DENO_DIR: Deno.env.get("DENO_DIR") ??
          `${Deno.env.get("HOME")}/.cache/deno`,
      },
    });
    await pty.shows("›");
    await pty.type("go\r");
    const screen = await pty.shows("It is waiting");
    const session = /runs on as session (\d+)/.exec(screen)?.[1];
    assert.ok(session !== undefined, screen);
    await pty.type("/ps\r");
    await pty.shows(new RegExp(`${session} {2}.*while read line.* terminal`));
    await pty.type(`/attach ${session}\r`);
    await pty.wrote("Ctrl-] leaves");
    await pty.type("from a person\r");
    await pty.shows("got <from a person>");
    await pty.type("\x1d/stop 1\r");
    await pty.shows(`must be one of ${session} (see /ps)`);
    await pty.type(`\x15/stop ${session}\r`);
    await pty.shows("Ended from outside");
    await pty.type("/ps\r");
    await pty.shows("No commands are running");
    await pty.type("again\r");
    await pty.shows("It is asleep");
    await pty.type("/new\r");
    await pty.shows(/Ended with the conversation: session \d+/);
    await assertNoneLeft(marker);
    await pty.type("/quit\r");
    assert.equal(await pty.code, 0);
  },
});
