/** A conversation that is stopped from outside gives the terminal back. */
import assert from "node:assert/strict";
import { hasPty, openPty } from "../support/pty.ts";
import { agentCommand, isCompiled } from "../support/run_agent.ts";
import { say } from "../support/mock_model.ts";
import { newMarker, processesWith, stage } from "./support.ts";

Deno.test({
  name:
    "a stop from outside leaves no raw terminal, and the conversation goes on after it",
  ignore: !hasPty() || !isCompiled(),
  fn: async () => {
    await using s = await stage({ script: () => say("done") });
    const [command] = agentCommand();
    const marker = newMarker();
    await using pty = openPty({
      argv: [
        "bash",
        "-mc",
        '"$0" --trust -m "$1"; echo "STOPPED $(stty -a | grep -o "[-]*icanon")"; fg',
        command,
        marker,
      ],
      cwd: s.home.work,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: s.home.home,
        CODEX_HOME: s.home.codexHome,
        MOCK_KEY: "mock-key",
        TERM: "xterm-256color",
      },
    });
    await pty.shows("›");
    const [pid] = processesWith(marker).filter((one) =>
      Deno.readLinkSync(`/proc/${one}/exe`) === command
    );
    assert.ok(pid);
    Deno.kill(pid, "SIGTSTP");
    await pty.wrote("STOPPED icanon");
    await pty.type("still here");
    await pty.shows("still here");
  },
});
