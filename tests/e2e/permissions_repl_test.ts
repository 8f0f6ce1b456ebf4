/** Permission profiles and managed policy in a conversation at a terminal. */
import assert from "node:assert/strict";
import { call, type MockModel, mockModel, say } from "../support/mock_model.ts";
import { canMount, withPolicy } from "../support/managed_policy.ts";
import { hasPty, openPty, type Pty } from "../support/pty.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";
import { hasBubblewrap } from "./support.ts";

const ignore = !hasPty() || !hasBubblewrap();
const SECRET = "the-hidden-line-4471";
const PROFILE = `[permissions.careful]
extends = ":workspace"
[permissions.careful.filesystem.":workspace_roots"]
".env" = "deny"
`;
const PROBE = "cat .env; echo x > made || echo held";

interface Talk extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  open(args: readonly string[], under?: readonly string[]): Pty;
}

async function openTalk(bottom: string): Promise<Talk> {
  const model = mockModel({
    laws: false,
    script: ({ input }) =>
      input.at(-1)?.["type"] === "function_call_output"
        ? say("So it is.")
        : call("shell", { command: ["sh", "-c", PROBE] }),
  });
  const home = await agentHome({ files: { ".env": `${SECRET}\n` } });
  const trust = `[projects.${JSON.stringify(home.work)}]\n` +
    'trust_level = "trusted"\n';
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, { bottom: trust + bottom }),
  );
  return {
    model,
    home,
    open: (args, under = []) =>
      openPty({
        argv: [...under, ...agentCommand(), ...args],
        cwd: home.work,
        columns: 120,
        env: {
          PATH: Deno.env.get("PATH") ?? "",
          HOME: home.home,
          CODEX_HOME: home.codexHome,
          TMPDIR: home.temp,
          LANG: "C.UTF-8",
          TERM: "xterm-256color",
          MOCK_KEY: "mock-key",
        },
      }),
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** What the command of a turn printed. */
async function probe(talk: Talk, pty: Pty): Promise<string> {
  const from = pty.output.length;
  await pty.type("go\r");
  await pty.wrote("So it is.", from);
  return JSON.stringify(talk.model.requests.at(-1)?.input.at(-1));
}

Deno.test({
  name:
    "/permissions NAME holds from the next turn on, /permissions alone says what there is",
  ignore,
  async fn() {
    await using talk = await openTalk(PROFILE);
    await using pty = talk.open(["-s", "danger-full-access", "-a", "never"]);
    await pty.shows("/help lists commands");
    assert.match(await probe(talk, pty), new RegExp(SECRET));
    await pty.type("/permissions careful\r");
    await pty.shows(/Permissions: careful \(workspace-write\)/);
    assert.doesNotMatch(await probe(talk, pty), new RegExp(SECRET));
    const from = pty.output.length;
    await pty.type("/status\r");
    await pty.wrote("workspace-write (bwrap", from);
    await pty.type("/permissions nosuch\r");
    await pty.shows(/must be one of [^]*careful/);
  },
});

Deno.test({
  name:
    "resume and fork at a terminal get no more than managed policy allows, nor does /permissions",
  ignore: ignore || !canMount(),
  async fn() {
    await withPolicy(
      'allowed_sandbox_modes = ["read-only"]\n' +
        'allowed_approval_policies = ["on-request", "never"]\n',
      async (under) => {
        await using talk = await openTalk("");
        const { home } = talk;
        const first = await runAgent({
          home,
          args: ["exec", "--yolo", "--skip-git-repo-check", "go"],
        });
        assert.equal(first.code, 0, first.stderr);
        const made = `${home.work}/made`;
        await Deno.remove(made);
        for (const words of [["resume", "--last"], ["fork", "--last"], []]) {
          const args = [...words, "-a", "never"];
          await using pty = talk.open(args, under);
          await pty.shows("/help lists commands");
          assert.match(await probe(talk, pty), /held/, words.join(" "));
          for (const name of ["full-access", ":danger-full-access", "auto"]) {
            const from = pty.output.length;
            await pty.type(`/permissions ${name}\r`);
            await pty.wrote("Settings stay as they were", from);
          }
          assert.match(pty.output, /requirements\.toml/);
          assert.match(await probe(talk, pty), /held/);
          await assert.rejects(Deno.stat(made));
        }
      },
    );
  },
});

Deno.test({
  name:
    "where managed policy wants requests to be served, each says so, whatever is configured",
  ignore: !canMount(),
  async fn() {
    await withPolicy('enforce_residency = "us"\n', async (under) => {
      await using talk = await openTalk(
        "[model_providers.mock.http_headers]\n" +
          'x-openai-internal-codex-residency = "eu"\n',
      );
      const args = ["exec", "--yolo", "go"];
      const run = await runAgent({ home: talk.home, args, under });
      assert.equal(run.code, 0, run.stderr);
      const name = "x-openai-internal-codex-residency";
      assert.deepEqual(
        talk.model.requests.map(({ headers }) => headers.get(name)),
        ["us", "us"],
      );
    });
  },
});
