/** Tests of core/config/check.ts and validate.ts: the sentences about a wrong configuration. */
import assert from "node:assert/strict";
import {
  findFated,
  knownKeysAt,
} from "../../../core/config/file/schema_walk.ts";
import { renderKeyPath } from "../../../core/config/validate.ts";
import { rootProblem } from "../../../core/config/check.ts";
import { parseToml } from "../../../core/config/file/toml.ts";
import { Machine } from "./config_fixture.ts";

// What loading says about this config.toml, its path cut to `config.toml`.
async function said(text: string): Promise<string> {
  await using machine = await Machine.create();
  await machine.user(text);
  const message = await machine.loadError();
  return message.replaceAll(machine.userFile, "config.toml");
}

async function warned(text: string): Promise<readonly string[]> {
  await using machine = await Machine.create();
  await machine.user(text);
  const { warnings } = await machine.load();
  return warnings.map((one) => one.replaceAll(machine.userFile, "config.toml"));
}

Deno.test("loadConfig() says what a value must be, with key, file and line", async () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      'model = "m"\nsandbox_mode = "ful"',
      'value of "sandbox_mode" is "ful", must be one of "read-only", "workspace-write", "danger-full-access", "external-sandbox" (config.toml:2)',
    ],
    [
      'sandbox_mode = "workspace_write"',
      'value of "sandbox_mode" is "workspace_write", must be one of "read-only", "workspace-write", "danger-full-access", "external-sandbox"; did you mean "workspace-write"? (config.toml:1)',
    ],
    ["model = 5", 'value of "model" is 5, must be a text (config.toml:1)'],
    ['model = ""', 'value of "model" is "", must be not empty (config.toml:1)'],
    [
      "[history]\nmax_bytes = -1",
      'value of "history.max_bytes" is -1, must be at least 0 (config.toml:2)',
    ],
    [
      "model_context_window = 0",
      'value of "model_context_window" is 0, must be greater than 0 (config.toml:1)',
    ],
    [
      "model_context_window = 1.5",
      'value of "model_context_window" is 1.5, must be a whole number (config.toml:1)',
    ],
    [
      'notify = ["a", 5]',
      'value of "notify[1]" is 5, must be a text (config.toml:1)',
    ],
    [
      'notify = "a"',
      'value of "notify" is "a", must be a list (config.toml:1)',
    ],
    [
      'approval_policy = "nevr"',
      'value of "approval_policy" is "nevr", must be one of "untrusted", "on-failure", "on-request", "never", or a table; did you mean "never"? (config.toml:1)',
    ],
    [
      "[approval_policy.granular]\nrules = 5\nsandbox_approval = true\nmcp_elicitations = true",
      'value of "approval_policy.granular.rules" is 5, must be true or false (config.toml:2)',
    ],
    [
      '[features]\nhooks = "yes"',
      'value of "features.hooks" is "yes", must be true or false, or a table (config.toml:2)',
    ],
    [
      '[limits]\ntimeout = "soon"',
      'value of "limits.timeout" is "soon", must be a duration such as 90, "90s", "10m", "1h30m" (config.toml:2)',
    ],
    [
      '[limits]\nmax_wait = "soon"',
      'value of "limits.max_wait" is "soon", must be a duration such as 90, "90s", "10m", "1h30m", or "forever" (config.toml:2)',
    ],
    [
      '[mcp_servers."a b"]\ncommand = "x"',
      'value of "mcp_servers."a b"" is a table, must be named with letters, digits, "_" and "-" only (config.toml:1)',
    ],
    [
      '[mcp_servers.a]\nargs = ["x"]',
      'MCP server "a" has neither "command" nor "url", must have one of them (config.toml:1)',
    ],
    [
      '[mcp_servers.a]\ncommand = "x"\nurl = "http://h"',
      'MCP server "a" has both "command" and "url", must have one of them (config.toml:1)',
    ],
    [
      'x = 1\n[model_providers.openai]\nbase_url = "http://h"',
      'provider "openai" is built in and cannot be defined, set "openai_base_url", or choose another name (config.toml:2)',
    ],
    [
      'model_provider = "corpp"\n[model_providers.corp]\nbase_url = "http://h"',
      'value of "model_provider" is "corpp", which is not defined, did you mean "corp"? (config.toml:1)',
    ],
    [
      'model_provider = "zzzzzz"',
      'value of "model_provider" is "zzzzzz", which is not defined, must be one of "openai", "amazon-bedrock", "ollama", "lmstudio" (config.toml:1)',
    ],
    [
      "[model_providers.corp.auth]\nargs = []",
      'value of "model_providers.corp.auth.command" is missing, must be a text (config.toml:1)',
    ],
    [
      "[limits]\nmax_cost = 1",
      'value of "limits.max_cost" cannot be kept, because [prices."gpt-5.5"] is missing (config.toml:2)',
    ],
    [
      '[sandbox_workspace_write]\nwritable_roots = ["/ok", "build"]',
      'value of "sandbox_workspace_write.writable_roots[1]" is "build": relative, must be an absolute path (config.toml:2)',
    ],
    [
      '[sandbox_workspace_write]\nwritable_roots = ["/"]',
      'value of "sandbox_workspace_write.writable_roots[0]" is "/": the root of the disk, must be a folder below it (config.toml:2)',
    ],
    [
      '[sandbox_workspace_write]\ndeny_read = ["**"]',
      'value of "sandbox_workspace_write.deny_read[0]" is "**": relative, must be an absolute path or begin with "**/" (config.toml:2)',
    ],
    [
      '[sandbox_workspace_write]\ndeny_read = ["/**/*"]',
      'value of "sandbox_workspace_write.deny_read[0]" is "/**/*": matching everything, must name something (config.toml:2)',
    ],
  ];
  for (const [text, sentence] of cases) {
    assert.equal(
      await said(text),
      `config: Cannot read config: ${sentence}`,
      text,
    );
  }
});

Deno.test("loadConfig() tells every mistake at once", async () => {
  assert.equal(
    await said("model = 5\n[history]\npersistence = false"),
    'config: Cannot read config: value of "model" is 5, must be a text (config.toml:1)\n' +
      'Cannot read config: value of "history.persistence" is false, must be one of "save-all", "none" (config.toml:3)',
  );
});

Deno.test("loadConfig() does not show a secret that is of the wrong kind", async () => {
  const message = await said(
    "[model_providers.a]\nexperimental_bearer_token = 12345",
  );
  assert.match(message, /experimental_bearer_token" is hidden, must be a text/);
});

Deno.test("loadConfig() refuses the home folder as a writable root", async () => {
  assert.match(
    await said('[sandbox_workspace_write]\nwritable_roots = ["~"]'),
    /: your home folder, must be a folder below it \(config\.toml:2\)$/,
  );
  assert.equal(
    rootProblem("/home/me/", "/home/me"),
    "your home folder, must be a folder below it",
  );
  assert.equal(rootProblem("/home/me/x", "/home/me"), undefined);
});

Deno.test("loadConfig() names -c and the command line as places", async () => {
  await using machine = await Machine.create();
  assert.match(
    await machine.loadError({ flags: { config: ["sandbox_mode=ful"] } }),
    /\(-c\)$/,
  );
  const flags = { localProvider: "ollama", config: ["model_context_window=x"] };
  assert.equal(
    await machine.loadError({ flags }),
    'config: Cannot read config: value of "model_context_window" is "x", must be a number (-c)',
  );
  assert.match(
    await machine.loadError({ flags: { maxTokens: -5 } }),
    /value of "limits\.max_tokens" is -5, must be greater than 0 \(command line\)$/,
  );
});

Deno.test("loadConfig() warns of an unknown key and says what was meant", async () => {
  assert.deepEqual(
    await warned(
      'sandbx_mode = "x"\nweather = 1\n[sandbox_workspace_write]\nnetwrok_access = true\n[model_providers.p]\nbase_ulr = "x"\n[mcp_servers.s]\ncommand = "x"\ntool_timeout = 5\n',
    ),
    [
      'Ignoring config: key "model_providers.p.base_ulr" is unknown, did you mean "base_url"? (config.toml:6)',
      'Ignoring config: key "sandbox_workspace_write.netwrok_access" is unknown, did you mean "network_access"? (config.toml:4)',
      'Ignoring config: key "mcp_servers.s.tool_timeout" is unknown, did you mean "tool_timeout_sec"? (config.toml:9)',
      'Ignoring config: key "sandbx_mode" is unknown, did you mean "sandbox_mode"? (config.toml:1)',
      'Ignoring config: key "weather" is unknown (config.toml:2)',
    ],
  );
});

Deno.test("loadConfig() makes an unknown key an error with --strict-config", async () => {
  await using machine = await Machine.create();
  await machine.user('sandbx_mode = "x"\n');
  assert.equal(
    await machine.loadError({ flags: { strictConfig: true } }),
    `config: Cannot read config: key "sandbx_mode" is unknown, did you mean "sandbox_mode"? (${machine.userFile}:1)`,
  );
  const { config } = await machine.load();
  assert.equal("sandbx_mode" in config, false);
});

Deno.test("loadConfig() loses no word that may take something away", async () => {
  await using machine = await Machine.create();
  for (
    const [text, key] of [
      ["[features]\nshel_tool = false\n", "features.shel_tool"],
      ['[permissions.p.filesytem]\n"/a" = "deny"\n', "permissions.p.filesytem"],
      [
        "[permissions.p.network]\nallow = []\n",
        "permissions.p.network.allow",
      ],
      [
        '[mcp_servers.s]\ncommand = "x"\ndisabled = true\n',
        "mcp_servers.s.disabled",
      ],
    ] as const
  ) {
    await machine.user(text);
    assert.ok(
      (await machine.loadError({})).includes(`key "${key}" is unknown`),
    );
  }
});

Deno.test("loadConfig() completes a table over several layers before it misses anything", async () => {
  await using machine = await Machine.create();
  await machine.write(machine.systemFile, '[mcp_servers.a]\ncommand = "x"\n');
  await machine.user("[mcp_servers.a]\nenabled = false\n");
  const { config } = await machine.load();
  assert.equal(config.mcp_servers["a"]?.command, "x");
  assert.equal(config.mcp_servers["a"]?.enabled, false);
});

Deno.test("knownKeysAt() sees through defaults, options and records", () => {
  assert.ok(knownKeysAt([]).includes("sandbox_mode"));
  assert.deepEqual(knownKeysAt(["history"]), ["persistence", "max_bytes"]);
  assert.ok(
    knownKeysAt(["model_providers", "any", "auth"]).includes(
      "refresh_interval_ms",
    ),
  );
  assert.deepEqual(knownKeysAt(["prices"]), []);
  assert.deepEqual(knownKeysAt(["model", "x"]), []);
});

Deno.test("findFated() names the shortest path, and nothing that is off anyway", () => {
  const tree = parseToml(
    [
      "allow_login_shell = false",
      "check_for_update_on_startup = false",
      "features = { unified_exec = true, apps = false, shell_tool = false }",
      "[analytics]\nenabled = false",
      '[tui]\ntheme = "x"',
      "[shell_environment_policy]\nexperimental_use_profile = true",
      '[[hooks.Stop]]\nhooks = [{ command = "x", statusMessage = "y" }]',
    ].join("\n"),
    "config.toml",
  );
  assert.deepEqual(findFated(tree).map(({ path }) => renderKeyPath(path)), [
    "features.unified_exec",
    "tui",
    "shell_environment_policy.experimental_use_profile",
    "hooks.Stop[0].hooks[0].statusMessage",
  ]);
});

Deno.test("loading ends at what narrows rights and cannot be obeyed", async () => {
  assert.match(
    await said('default_permissions = "dev"'),
    /^config: Cannot use permission profile "dev": it is not defined, must be one of .*\(config\.toml:1\)$/,
  );
  assert.match(await said('forced_login_method = "chatgpt"'), /must be "api"/);
  assert.match(
    await said('forced_chatgpt_workspace_id = "w"'),
    /must be absent: only API keys/,
  );
  assert.deepEqual(await warned('forced_login_method = "api"'), []);
});

Deno.test("renderKeyPath() writes a path as the file would", () => {
  assert.equal(renderKeyPath(["projects", "/a.b", "x"]), 'projects."/a.b".x');
  assert.equal(renderKeyPath(["notify", "1"]), "notify[1]");
});
