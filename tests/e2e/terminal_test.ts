/** What commands of the built program print on a real terminal. */
import assert from "node:assert/strict";
import { hasPty, openPty } from "../support/pty.ts";
import { agentCommand, agentHome } from "../support/run_agent.ts";

const CAN = hasPty();
if (!CAN) console.warn("SKIPPED: no util-linux script, so no pseudo-terminal");

Deno.test({
  name:
    "text of files and arguments reaches a terminal without what would steer it",
  ignore: !CAN,
  fn: async () => {
    await using home = await agentHome();
    await Deno.mkdir(`${home.codexHome}/rules`, { recursive: true });
    await Deno.writeTextFile(
      `${home.codexHome}/rules/default.rules`,
      'prefix_rule(pattern=["make"], justification="\u009b2Jowned\u202e")\n',
    );
    const hostile = ["policy", "explain", "--", "echo", "a\u009b2J\u200bb"];
    for (
      const words of [["policy", "rules"], hostile, ["mcp", "get", "x\u009b2J"]]
    ) {
      await using pty = openPty({
        argv: [...agentCommand(), ...words],
        cwd: home.work,
        env: {
          PATH: Deno.env.get("PATH") ?? "",
          HOME: home.home,
          CODEX_HOME: home.codexHome,
          LANG: "C.UTF-8",
          TERM: "xterm-256color",
        },
        columns: 200,
      });
      await pty.code;
      assert.ok(pty.output.length > 0);
      assert.doesNotMatch(pty.output, /[\u009b\u202e\u200b]/, words.join(" "));
    }
  },
});
