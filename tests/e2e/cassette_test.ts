/** A recording holds no secret of the configuration, wherever it turned up. */
import assert from "node:assert/strict";
import { call, say } from "../support/mock_script.ts";
import { stage } from "./support.ts";

const config = {
  top: 'notify = ["true", "planted-notify-9"]',
  bottom: `
[mcp_servers.local]
command = "true"
args = ["--token=planted-flag-9", "planted-argument-9 of \\"9\\"", "-v"]
env = { QUIET = "planted-env-9" }
env_vars = ["PLAIN_NAME"]
[mcp_servers.remote]
url = "http://127.0.0.1:1/mcp?k=planted-query-9"
http_headers = { "X-Plain" = "planted-header-9" }
env_http_headers = { "X-Other" = "ALSO_PLAIN" }
`,
};

for (const mode of ["full", "model"]) {
  Deno.test(`a recording in mode ${mode} holds no secret of the settings`, async () => {
    await using s = await stage({
      config,
      script: [
        call("shell", {
          command: [
            "sh",
            "-c",
            'cat "$CODEX_HOME"/config.toml "$CODEX_HOME"/auth.json "$CODEX_HOME"/mcp_logins/* .mcp.json; echo $PLAIN_NAME $ALSO_PLAIN; echo planted-override-9',
          ],
        }),
        say("Done."),
      ],
      files: {
        ".mcp.json": JSON.stringify({
          mcpServers: {
            own: {
              command: "true",
              args: ["planted-project-argument-9"],
              env: { A: "planted-project-env-9", B: "${THIRD_PLAIN}" },
            },
          },
        }),
      },
    });
    const { codexHome, work } = s.home;
    await Deno.mkdir(`${codexHome}/mcp_logins`);
    await Deno.writeTextFile(
      `${codexHome}/mcp_logins/remote.json`,
      JSON.stringify({
        url: "http://127.0.0.1:1/mcp?k=planted-query-9",
        tokens: { access_token: "planted-login-9", token_type: "Bearer" },
      }),
    );
    await Deno.writeTextFile(
      `${codexHome}/auth.json`,
      JSON.stringify({ OPENAI_API_KEY: null, tokens: { x: "planted-auth-9" } }),
    );
    const cassette = `${s.home.root}/run.cassette`;
    const run = await s.json("go", {
      args: [
        "--trust",
        "--record",
        cassette,
        "--replay-mode",
        mode,
        "-c",
        'mcp_servers.third={command="true",env={Z="planted-override-9"}}',
      ],
      env: {
        CODEX_HOME: codexHome,
        PLAIN_NAME: "planted-variable-9",
        ALSO_PLAIN: "planted-other-variable-9",
        THIRD_PLAIN: "planted-third-variable-9",
      },
      cwd: work,
    });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    const text = await Deno.readTextFile(cassette);
    assert.ok(text.includes("[redacted]"));
    assert.deepEqual([...new Set(text.match(/planted[\w -]*/g) ?? [])], []);
  });
}
