/** Which settings of a project count, which need a yes, and which never count. */
import assert from "node:assert/strict";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { Machine } from "./config_fixture.ts";

interface Read {
  readonly config: Awaited<ReturnType<Machine["load"]>>["config"];
  /** Without the folder of the test. */
  readonly warnings: readonly string[];
  /** What waits for a yes. */
  readonly asked: unknown;
}

/** What a project's config.toml does in a trusted folder, with these settings of the person. */
async function read(
  project: string,
  person: { readonly top?: string; readonly tables?: string } = {},
): Promise<Read> {
  await using machine = await Machine.create();
  const trust = `[projects."${machine.cwd}"]\ntrust_level = "trusted"\n`;
  await machine.user(`${person.top ?? ""}\n${person.tables ?? ""}\n${trust}`);
  await machine.write(`${machine.cwd}/.codex/config.toml`, project);
  const { config, warnings, trust: { sources } } = await machine.load();
  return {
    config,
    warnings: warnings.map((one) => one.replaceAll(machine.cwd, "DIR")),
    asked: sources[0]?.content,
  };
}

Deno.test("settings that loosen nothing count without a question", async () => {
  const { config, warnings, asked } = await read(
    'model = "m"\nmodel_reasoning_effort = "low"\nweb_search = "disabled"\n' +
      'sandbox_mode = "read-only"\napproval_policy = "untrusted"\n' +
      "[sandbox_workspace_write]\nexclude_slash_tmp = true\n" +
      "[limits]\nmax_requests = 5\n",
  );
  assert.deepEqual(warnings, []);
  assert.equal(asked, undefined);
  assert.equal(config.model, "m");
  assert.equal(config.sandbox_mode, "read-only");
  assert.equal(config.approval_policy, "untrusted");
  assert.equal(config.sandbox_workspace_write.exclude_slash_tmp, true);
  assert.equal(config.limits.max_requests, 5);
});

Deno.test("settings that start, open or loosen something wait for a yes, all of them", async () => {
  const { config, warnings, asked } = await read(
    'model = "m"\nmodel_instructions_file = "/etc/passwd"\nweb_search = "live"\n' +
      'project_doc_fallback_filenames = ["../../x"]\n' +
      '[sandbox_workspace_write]\nnetwork_access = true\nwritable_roots = ["/srv"]\n' +
      '[shell_environment_policy.set]\nPATH = "/x"\n' +
      "[features]\nhooks = false\n[limits]\nmax_requests = 500\n" +
      '[mcp_servers.a]\nurl = "https://a.example"\n' +
      '[[skills.config]]\npath = "s"\n',
    { tables: "[limits]\nmax_requests = 5\n" },
  );
  assert.deepEqual(warnings, [
    "Ignoring what needs your approval in .codex/config.toml; to see it and decide: rondo trust DIR",
  ]);
  assert.deepEqual(Object.keys(asked ?? {}).sort(), [
    "features",
    "limits",
    "mcp_servers",
    "model_instructions_file",
    "project_doc_fallback_filenames",
    "sandbox_workspace_write",
    "shell_environment_policy",
    "skills",
    "web_search",
  ]);
  assert.equal(config.model, "m");
  assert.equal(config.web_search, undefined);
  assert.equal(config.limits.max_requests, 5);
  assert.equal(config.sandbox_workspace_write.network_access, false);
  assert.deepEqual(config.mcp_servers, {});
});

Deno.test("a project may lower a limit that nobody wrote down, and asks before it raises one", async () => {
  const lower = await read("[limits]\nmax_steps = 20\nmax_wait = 5\n");
  assert.equal(lower.asked, undefined);
  assert.equal(lower.config.limits.max_steps, 20);
  const higher = await read("[limits]\nmax_steps = 2000\n");
  assert.deepEqual(Object.keys(higher.asked ?? {}), ["limits"]);
  assert.equal(higher.config.limits.max_steps, LIMITS.stepsPerTurn);
  const endless = await read('[limits]\nmax_wait = "forever"\n');
  assert.deepEqual(Object.keys(endless.asked ?? {}), ["limits"]);
  assert.equal(endless.config.limits.max_wait, undefined);
});

Deno.test("a project's sandbox mode and approval policy are never looser than the person's", async () => {
  const cases = [
    ["sandbox_mode", "read-only", "workspace-write"],
    ["sandbox_mode", "workspace-write", "danger-full-access"],
    ["sandbox_mode", "workspace-write", "external-sandbox"],
    ["approval_policy", "untrusted", "on-request"],
    ["approval_policy", "on-request", "never"],
  ] as const;
  for (const [key, own, theirs] of cases) {
    const { config, warnings, asked } = await read(`${key} = "${theirs}"`, {
      top: `${key} = "${own}"`,
    });
    assert.equal(config[key], own);
    assert.equal(asked, undefined);
    assert.deepEqual(warnings, [
      `Ignoring config: a project may not loosen "${key}", which is "${own}" for you (DIR/.codex/config.toml:1)`,
    ]);
  }
  const free = await read('sandbox_mode = "workspace-write"', {
    top: 'sandbox_mode = "danger-full-access"',
  });
  assert.equal(free.config.sandbox_mode, "workspace-write");
});

Deno.test("a project cannot split the person's own questions by kind", async () => {
  const granular =
    "approval_policy = { granular = { sandbox_approval = true, rules = true, mcp_elicitations = true, skill_approval = true, request_permissions = true } }";
  const { config, warnings } = await read(granular);
  assert.equal(config.approval_policy, "on-request");
  assert.match(warnings[0] ?? "", /may not loosen "approval_policy"/);
  const same = await read(granular, { top: granular });
  assert.deepEqual(same.warnings, []);
});

Deno.test("what the person hides stays hidden, whatever a project hides", async () => {
  const hide = (path: string): string =>
    `[sandbox_workspace_write]\ndeny_read = ["${path}"]\n`;
  const { config } = await read(hide("/b"), { tables: hide("/a") });
  assert.deepEqual(config.sandbox_workspace_write.deny_read, ["/a", "/b"]);
});

Deno.test("a project hands no key of a provider or of the person's servers to anybody", async () => {
  const tables =
    '[model_providers.p]\nbase_url = "http://p"\nenv_key = "P_KEY"\n' +
    '[mcp_servers.own]\nurl = "https://o"\nbearer_token_env_var = "OWN_TOKEN"\n';
  const cases = [
    ['[mcp_servers.x]\ncommand = "x"\nenv_vars = ["P_KEY"]', "P_KEY"],
    [
      '[mcp_servers.x]\ncommand = "x"\nenv_vars = [{ name = "p_key" }]',
      "p_key",
    ],
    [
      '[mcp_servers.x]\nurl = "http://x"\nbearer_token_env_var = "OPENAI_API_KEY"',
      "OPENAI_API_KEY",
    ],
    [
      '[mcp_servers.x]\nurl = "http://x"\nenv_http_headers = { a = "OWN_TOKEN" }',
      "OWN_TOKEN",
    ],
    ['[shell_environment_policy]\ninclude_only = ["PATH", "P_KEY"]', "P_KEY"],
  ] as const;
  for (const [project, name] of cases) {
    const { config, warnings, asked } = await read(project, { tables });
    assert.equal(asked, undefined, project);
    assert.deepEqual(Object.keys(config.mcp_servers), ["own"]);
    assert.match(warnings[0] ?? "", new RegExp(`your key in ${name}`));
    assert.match(warnings[0] ?? "", /\(DIR\/\.codex\/config\.toml:\d\)$/);
  }
});

Deno.test("a folder below cannot undo what the folder above it was approved for", async () => {
  await using machine = await Machine.create();
  await machine.write(
    `${machine.cwd}/.codex/config.toml`,
    '[mcp_servers.a]\ncommand = "a"\n',
  );
  const cwd = `${machine.cwd}/sub`;
  await Deno.mkdir(cwd);
  await machine.approve(cwd);
  await machine.write(
    `${cwd}/.codex/config.toml`,
    '[mcp_servers.a]\ncommand = "b"\n',
  );
  const { config, trust } = await machine.load({ cwd });
  assert.equal(config.mcp_servers["a"]?.command, "a");
  assert.deepEqual(trust.sources.map((one) => one.decision), [
    "approved",
    undefined,
  ]);
});
