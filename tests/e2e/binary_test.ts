/** The built file by itself: for an ordinary user, without Deno, on a disk that is closed. */
import assert from "node:assert/strict";
import { VERSION } from "../../core/protocol/version.ts";
import { call, say } from "../support/mock_script.ts";
import { mockModel } from "../support/mock_model.ts";
import {
  agentCommand,
  agentHome,
  isCompiled,
  mockConfig,
} from "../support/run_agent.ts";

const [PROGRAM] = agentCommand();
const NOBODY = 65_534;

Deno.test("the program is one file and says its version", {
  ignore: !isCompiled(),
}, async () => {
  const { code, stdout } = await new Deno.Command(PROGRAM, {
    args: ["--version"],
    env: { PATH: "/nonexistent" },
    clearEnv: true,
  }).output();
  assert.equal(code, 0);
  assert.equal(new TextDecoder().decode(stdout), `rondo ${VERSION}\n`);
  const { size } = await Deno.stat(PROGRAM);
  assert.ok(size < 100_000_000, `${size} bytes`);
});

Deno.test("the program works from a copy anywhere, with nothing beside it", {
  ignore: !isCompiled(),
}, async () => {
  await using home = await agentHome();
  await using model = mockModel({
    script: [call("shell", { command: ["/bin/echo", "hi"] }), say("done")],
  });
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url),
  );
  await Deno.copyFile(PROGRAM, `${home.root}/renamed`);
  const { code, stdout, stderr } = await new Deno.Command(
    `${home.root}/renamed`,
    {
      args: ["exec", "--skip-git-repo-check", "-s", "danger-full-access", "x"],
      cwd: home.work,
      env: {
        HOME: home.home,
        CODEX_HOME: home.codexHome,
        MOCK_KEY: "k",
        // Nothing but the system's own folders: no Deno, no Node.
        PATH: "/usr/bin:/bin",
      },
      clearEnv: true,
    },
  ).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout), "done\n");
});

Deno.test("an ordinary user with a closed home gets an answer and a warning", {
  ignore: !isCompiled() || Deno.uid() !== 0,
}, async () => {
  await using home = await agentHome();
  await using model = mockModel({
    script: [call("shell", { command: ["id", "-u"] }), say("done")],
  });
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url),
  );
  // Readable by all, writable by nobody else.
  for (const folder of [home.root, home.home, home.codexHome]) {
    await Deno.chmod(folder, 0o755);
  }
  await Deno.chmod(home.work, 0o777);
  const program = `${home.root}/rondo`;
  await Deno.copyFile(PROGRAM, program);
  const { code, stdout, stderr } = await new Deno.Command("setpriv", {
    args: [
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      "--clear-groups",
      "--",
      program,
      "exec",
      "--json",
      "--skip-git-repo-check",
      "-s",
      "danger-full-access",
      "go",
    ],
    cwd: home.work,
    env: {
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      MOCK_KEY: "k",
      PATH: "/usr/bin:/bin",
    },
    clearEnv: true,
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text + new TextDecoder().decode(stderr));
  assert.match(text, /"type":"warning".*(cannot|not recorded|read-only)/i);
  assert.equal(
    String(model.request(1).outputOf("call_1")).includes(`${NOBODY}`),
    true,
  );
});
