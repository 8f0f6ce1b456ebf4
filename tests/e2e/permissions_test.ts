/** Permission profiles and managed policy in the built program, by every way in. */
import assert from "node:assert/strict";
import { call, customCall, say } from "../support/mock_script.ts";
import type { Part, Step } from "../support/mock_script.ts";
import { agentCommand, type AgentRun } from "../support/run_agent.ts";
import { canMount, withPolicy } from "../support/managed_policy.ts";
import { mcpServerArgs } from "../support/mcp_server.ts";
import { hasBubblewrap, type Stage, stage } from "./support.ts";

const SECRET = "the-hidden-line-8213";
const PROFILE = `[permissions.careful]
extends = ":workspace"
[permissions.careful.filesystem.":workspace_roots"]
".env" = "deny"
vault = "deny"
"vault/open" = "read"
`;
const FILES = {
  ".env": `${SECRET}\n`,
  "vault/open/a": `${SECRET}\n`,
  "plain.txt": "plain\n",
};
const ignore = !hasBubblewrap();

function shell(script: string): Part {
  return call("shell", { command: ["sh", "-c", script] });
}

function answers(s: Stage): string {
  return JSON.stringify(s.model.requests.at(-1)?.body["input"]);
}

async function everything(s: Stage, run: AgentRun): Promise<string> {
  const find = new Deno.Command("find", {
    args: [s.home.codexHome, "-type", "f", "-exec", "cat", "{}", "+"],
  });
  const { stdout } = await find.output();
  const sent = JSON.stringify(s.model.requests.map(({ body }) => body));
  return [run.stdout, run.stderr, sent, new TextDecoder().decode(stdout)]
    .join("\n");
}

const PATCH = `*** Begin Patch
*** Update File: .env
@@
-${"a wrong guess"}
+x
*** End Patch
`;

Deno.test({
  name: "what a profile hides is reached by no command, patch, link or picture",
  ignore,
  async fn() {
    const ways: readonly (readonly [top: string, args: readonly string[]])[] = [
      ['default_permissions = "careful"', []],
      ['default_permissions = ":read-only"', [
        "-c",
        'default_permissions="careful"',
      ]],
      ['sandbox_mode = "danger-full-access"', [
        "-c",
        "default_permissions = careful",
      ]],
    ];
    for (const [top, args] of ways) {
      await using s = await stage({
        script: [
          shell("cat .env vault/open/a; cat plain.txt; ln .env hard; cat hard"),
          customCall("apply_patch", PATCH),
          call("view_image", { path: ".env" }),
          shell("cp -r . /tmp/copy 2>/dev/null; cat /tmp/copy/.env; mv .env x"),
          say("Done."),
        ],
        config: { top, bottom: PROFILE },
        files: FILES,
      });
      await Deno.symlink(".env", `${s.home.work}/AGENTS.md`);
      const run = await s.run([
        "exec",
        "--json",
        "--skip-git-repo-check",
        ...args,
        "look at @.env",
      ]);
      assert.equal(run.code, 0, run.stderr);
      assert.match(answers(s), /plain/);
      assert.ok(!(await everything(s, run)).includes(SECRET), top);
    }
  },
});

Deno.test({
  name: "a picture that the profile hides is not sent with -i",
  ignore,
  async fn() {
    await using s = await stage({
      script: [say("Done.")],
      config: { top: 'default_permissions = "careful"', bottom: PROFILE },
      files: FILES,
    });
    const run = await s.run([
      "exec",
      "--skip-git-repo-check",
      "-i",
      ".env",
      "--",
      "look",
    ]);
    assert.ok(!(await everything(s, run)).includes(SECRET));
  },
});

Deno.test({
  name: "`sandbox` takes a profile by name, and an unknown one ends it",
  ignore,
  async fn() {
    await using s = await stage({
      script: [],
      config: { bottom: PROFILE },
      files: FILES,
    });
    const run = (name: string): Promise<AgentRun> =>
      s.run([
        "sandbox",
        "-c",
        `default_permissions=${name}`,
        "--",
        "sh",
        "-c",
        "cat plain.txt .env vault/open/a",
      ]);
    const careful = await run("careful");
    assert.match(careful.stdout, /^plain$/m);
    assert.ok(!careful.stdout.includes(SECRET), careful.stdout);
    const unknown = await run("carefull");
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /"carefull".* did you mean "careful"/);
  },
});

const cannotMount = ignore || !canMount();

Deno.test({
  name: "no flag, key or stored thread widens what managed policy allows",
  ignore: cannotMount,
  async fn() {
    const probe = "echo x > made-by-the-command || echo held";
    await withPolicy(
      'allowed_sandbox_modes = ["read-only"]\n' +
        'allowed_approval_policies = ["on-request", "never"]\n',
      async (under) => {
        const script: Step[] = [];
        for (let turn = 0; turn < 12; turn++) {
          script.push(shell(probe), say("Done."));
        }
        await using s = await stage({ script });
        const exec = ["exec", "--json", "--skip-git-repo-check"];
        // The stored thread had all rights.
        const first = await s.run([...exec, "--yolo", "--", "go"]);
        assert.equal(first.code, 0, first.stderr);
        const made = `${s.home.work}/made-by-the-command`;
        await Deno.remove(made);
        const ways = [
          [...exec, "--yolo", "--", "go"],
          [...exec, "-s", "danger-full-access", "--", "go"],
          [...exec, "--full-auto", "--", "go"],
          [...exec, "-c", "sandbox_mode=danger-full-access", "--", "go"],
          [
            ...exec,
            "-c",
            "default_permissions=:danger-full-access",
            "--",
            "go",
          ],
          ["exec", "resume", "--last", "--json", "--skip-git-repo-check"]
            .concat(["-s", "danger-full-access", "--", "go"]),
          ["exec", "resume", "--last", "--json", "--skip-git-repo-check"]
            .concat(["--", "go"]),
        ];
        for (const args of ways) {
          const run = await s.run(args, { under });
          const said = run.stdout + run.stderr;
          const isWider = args.some((arg) => /danger|yolo|auto/.test(arg));
          if (isWider) assert.match(said, /\/etc\/codex\/requirements\.toml/);
          if (run.code === 0) assert.match(answers(s), /held/, said);
          else assert.equal(run.code, 3, said);
          await assert.rejects(Deno.stat(made), args.join(" "));
        }
        const direct = await s.run(
          ["sandbox", "-s", "danger-full-access", "--", "sh", "-c", probe],
          { under },
        );
        assert.match(direct.stdout, /held/);
      },
    );
  },
});

Deno.test({
  name: "managed policy holds for rules, servers of a project and hooks",
  ignore: cannotMount,
  async fn() {
    await withPolicy(
      `[[rules.prefix_rules]]
pattern = [{ any_of = ["touch", "mkdir"] }]
decision = "forbidden"
justification = "nothing is made here"
[mcp_servers.known.identity]
command = "known"
[[hooks.Stop]]
[[hooks.Stop.hooks]]
type = "command"
command = "echo theirs >> hooked"
`,
      async (under) => {
        await using s = await stage({
          script: [
            call("shell", { command: ["touch", "made"] }),
            say("Done."),
          ],
          config: { bottom: "[features]\nhooks = false\n" },
        });
        const script = { tools: [{ name: "look" }] };
        const server = {
          command: Deno.execPath(),
          args: mcpServerArgs(script),
        };
        await Deno.writeTextFile(
          `${s.home.work}/.mcp.json`,
          JSON.stringify({ mcpServers: { other: server } }),
        );
        await Deno.mkdir(`${s.home.codexHome}/rules`);
        await Deno.writeTextFile(
          `${s.home.codexHome}/rules/default.rules`,
          'prefix_rule(pattern=["touch"], decision="allow")\n',
        );
        const exec = ["exec", "--ignore-rules", "--json"];
        const run = await s.run([
          "--yolo",
          "--trust",
          ...exec,
          "--skip-git-repo-check",
          "--",
          "go",
        ], { under });
        assert.equal(run.code, 0, run.stderr);
        assert.match(answers(s), /nothing is made here/);
        await assert.rejects(Deno.stat(`${s.home.work}/made`));
        const hooked = await Deno.readTextFile(`${s.home.work}/hooked`);
        assert.equal(hooked, "theirs\n");
        const tools = JSON.stringify(s.model.requests[0]?.body["tools"]);
        assert.doesNotMatch(tools, /mcp__other/);
      },
    );
  },
});

Deno.test({
  name: "a client of mcp-server gets no more than managed policy allows",
  ignore: cannotMount,
  async fn() {
    await withPolicy(
      'allowed_sandbox_modes = ["read-only"]\n',
      async ([command = "", ...first]) => {
        await using s = await stage({
          script: [shell("echo x > made || echo held"), say("Done.")],
        });
        const child = new Deno.Command(command, {
          args: [...first, ...agentCommand(), "mcp-server"],
          cwd: s.home.work,
          clearEnv: true,
          env: {
            PATH: Deno.env.get("PATH") ?? "",
            HOME: s.home.home,
            CODEX_HOME: s.home.codexHome,
            TMPDIR: s.home.temp,
            MOCK_KEY: "mock-key",
          },
          stdin: "piped",
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const lines = [
          ["initialize", {
            protocolVersion: "2025-06-18",
            capabilities: {},
            clientInfo: { name: "t", version: "1" },
          }],
          ["tools/call", {
            name: "codex",
            arguments: {
              prompt: "go",
              sandbox: "danger-full-access",
              "approval-policy": "never",
              config: { sandbox_mode: "danger-full-access" },
            },
          }],
        ].map(([method, params], id) =>
          JSON.stringify({ jsonrpc: "2.0", id, method, params })
        );
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
        const reader = child.stdout.pipeThrough(new TextDecoderStream());
        let text = "";
        for await (const part of reader) {
          text += part;
          if (/"id":1\b/.test(text)) break;
        }
        await writer.close();
        await child.status;
        await assert.rejects(Deno.stat(`${s.home.work}/made`), text);
        const said = text + JSON.stringify(s.model.requests[0]?.body ?? "");
        assert.match(said, /requirements\.toml|held|read-only/);
      },
    );
  },
});
