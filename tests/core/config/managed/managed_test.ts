/** Tests of core/config/managed/: what an administrator allows stands over everything. */
import assert from "node:assert/strict";
import { loadHooks } from "../../../../core/config/hooks.ts";
import { sandboxPolicyOf } from "../../../../core/config/permissions/permissions.ts";
import type {
  LoadedConfig,
  LoadOptions,
} from "../../../../core/config/load.ts";
import { Machine } from "../config_fixture.ts";

const FOLDER = "managed";

async function managed(
  files: { readonly requirements?: string; readonly old?: string },
  run: (
    load: (options?: Partial<LoadOptions>) => Promise<LoadedConfig>,
    machine: Machine,
    fail: () => Promise<string>,
  ) => Promise<void>,
): Promise<void> {
  await using machine = await Machine.create();
  const managedFolder = `${machine.home}/${FOLDER}`;
  if (files.requirements !== undefined) {
    await machine.write(
      `${managedFolder}/requirements.toml`,
      files.requirements,
    );
  }
  if (files.old !== undefined) {
    await machine.write(`${managedFolder}/managed_config.toml`, files.old);
  }
  await run(
    (options = {}) => machine.load({ ...options, managedFolder }),
    machine,
    () => machine.loadError({ managedFolder }),
  );
}

Deno.test("flags, -c and --yolo fall back to what the policy allows, and are told which file", async () => {
  await managed({
    requirements: `
      allowed_sandbox_modes = ["read-only"]
      allowed_approval_policies = ["untrusted", "on-request"]`,
  }, async (load) => {
    for (
      const flags of [
        { sandbox: "danger-full-access" },
        { bypass: true },
        { config: ["sandbox_mode=workspace-write", "approval_policy=never"] },
      ] as const
    ) {
      const loaded = await load({ flags, canAsk: true });
      assert.equal(sandboxPolicyOf(loaded).mode, "read-only");
      assert.match(
        loaded.warnings.join("\n"),
        /sandbox_mode .* read-only: .*requirements\.toml allows no other/,
      );
      assert.notEqual(loaded.config.approval_policy, "never");
    }
  });
});

Deno.test("a choice in a running thread is refused with the file's name", async () => {
  await managed({
    requirements: `allowed_sandbox_modes = ["read-only", "workspace-write"]`,
  }, async (load) => {
    const { managed } = await load();
    assert.match(
      managed?.refusal({ sandbox: { mode: "danger-full-access" } }) ?? "",
      /danger-full-access is not allowed, .*requirements\.toml/,
    );
    assert.equal(managed?.refusal({ approval: "never" }), undefined);
  });
});

Deno.test("a hidden path stays hidden, and what cannot hide it is not allowed", async () => {
  await managed({
    requirements: `[permissions.filesystem]\ndeny_read = ["~/.ssh", "/etc/x"]`,
  }, async (load, machine) => {
    const policy = sandboxPolicyOf(
      await load({ flags: { sandbox: "danger-full-access" }, canAsk: true }),
    );
    assert.equal(policy.mode, "read-only");
    assert.deepEqual("denyRead" in policy && policy.denyRead, [
      `${machine.home}/.ssh`,
      "/etc/x",
    ]);
  });
});

Deno.test("a server counts by its name and what it starts, features are pinned", async () => {
  await managed({
    requirements: `
      allowed_web_search_modes = []
      [features]
      shell_tool = false
      [mcp_servers.good.identity]
      command = "/bin/good"
      [mcp_servers.other.identity]
      url = "https://example.com/mcp"`,
  }, async (load, machine) => {
    await machine.user(`
      web_search = "live"
      [features]
      shell_tool = true
      [mcp_servers.good]
      command = "/bin/good"
      [mcp_servers.other]
      command = "/bin/good"
      [mcp_servers.third]
      command = "/bin/third"`);
    const { config, warnings } = await load();
    assert.match(
      warnings.join("\n"),
      /^features\.shell_tool is not what was asked for, but false: /m,
    );
    const on = Object.entries(config.mcp_servers)
      .filter(([, server]) => server.enabled).map(([name]) => name);
    assert.deepEqual(on, ["good"]);
    assert.equal(config.features["shell_tool"], false);
    assert.equal(config.web_search, "disabled");
  });
});

Deno.test("profiles that are not allowed give way to the managed one", async () => {
  await managed({
    requirements: `
      default_permissions = "acme"
      [allowed_permission_profiles]
      acme = true
      [permissions.acme]
      extends = ":workspace"
      [permissions.acme.filesystem.":workspace_roots"]
      ".env" = "deny"`,
  }, async (load) => {
    const loaded = await load({ flags: { sandbox: "danger-full-access" } });
    const policy = sandboxPolicyOf(loaded);
    assert.equal(loaded.permissions.active, "acme");
    assert.deepEqual("denyRead" in policy && policy.denyRead, [".env"]);
  });
});

Deno.test("managed_config.toml stands over -c and allows its own values alone", async () => {
  await managed({
    old: 'model = "theirs"\nsandbox_mode = "workspace-write"',
  }, async (load) => {
    const { config, managed } = await load({
      flags: { config: ["model=mine", "sandbox_mode=read-only"] },
    });
    assert.equal(config.model, "theirs");
    assert.equal(config.sandbox_mode, "workspace-write");
    assert.match(
      managed?.refusal({ sandbox: { mode: "danger-full-access" } }) ?? "",
      /managed_config\.toml/,
    );
  });
});

Deno.test("a policy that is broken, unknown or not built ends the run by its name", async () => {
  const rows: [file: string, says: RegExp][] = [
    ["allowed_sandbox_modes = [", /requirements\.toml/],
    ["allowed_sandboxes = []", /"allowed_sandboxes" is not known/],
    ['allowed_sandbox_modes = ["workspace-write"]', /lacks "read-only"/],
    ["allowed_approval_policies = []", /"allowed_approval_policies"/],
    ['enforce_residency = "eu"', /"enforce_residency" has a wrong value/],
    ['[[remote_sandbox_config]]\nhostname_patterns = ["*"]', /wrong value/],
    ['allowed_login_methods = ["chatgpt"]', /only API keys/],
    [
      "[allowed_permission_profiles]\nacme = true",
      /default_permissions is missing/,
    ],
    [
      "[experimental_network]\nenabled = true",
      /"experimental_network" cannot be held: the sandbox opens the network to all/,
    ],
    ["[rules]\nprefix_rules = []", /"rules\.prefix_rules"/],
    [
      '[[rules.prefix_rules]]\npattern = [{ token = "rm" }]\ndecision = "allow"',
      /prefix_rules\.0\.decision/,
    ],
    [
      '[[rules.prefix_rules]]\npattern = [{ any_of = [] }]\ndecision = "prompt"',
      /prefix_rules\.0\.pattern/,
    ],
  ];
  for (const [requirements, says] of rows) {
    await managed({ requirements }, async (_load, _machine, fail) => {
      assert.match(await fail(), says);
      assert.match(await fail(), /^config: /);
    });
  }
  await managed({ old: "sandbox_mod = 1" }, async (_load, _machine, fail) => {
    assert.match(await fail(), /sandbox_mod/);
  });
});

Deno.test("an allow-list of profiles holds for what is chosen in a running thread", async () => {
  await managed({
    requirements: `
      default_permissions = ":workspace"
      [allowed_permission_profiles]
      ":workspace" = true
      ":danger-full-access" = false`,
  }, async (load) => {
    const { managed, permissions } = await load();
    const refusal = (name: string): string =>
      managed?.refusal({ sandbox: permissions.policyOf(name) }) ?? "";
    assert.match(
      refusal(":danger-full-access"),
      /:danger-full-access is not allowed, .*requirements\.toml/,
    );
    assert.equal(refusal(":workspace"), "");
    assert.equal(refusal(":read-only"), "");
    assert.match(
      managed?.refusal({
        sandbox: { mode: "external-sandbox", networkAccess: true },
      }) ?? "",
      /external-sandbox is not allowed/,
    );
  });
});

Deno.test("a person's profile with the name of a managed one ends the run", async () => {
  await managed({
    requirements: `
      default_permissions = "acme"
      [allowed_permission_profiles]
      acme = true
      [permissions.acme]
      extends = ":read-only"`,
  }, async (_load, machine, fail) => {
    await machine.user(`
      default_permissions = "acme"
      [permissions.acme.filesystem]
      "/var/data" = "write"`);
    assert.match(await fail(), /"acme": .*requirements\.toml defines one/);
  });
});

Deno.test("the first entry that names this machine says which sandbox modes are allowed", async () => {
  const name = Deno.hostname();
  const entry = (patterns: readonly string[], ...modes: string[]): string =>
    `[[remote_sandbox_config]]
hostname_patterns = ${JSON.stringify(patterns)}
allowed_sandbox_modes = ${JSON.stringify(modes)}\n`;
  const wide = entry(
    [`${name.toUpperCase()}*`],
    "read-only",
    "workspace-write",
  );
  const cases = [
    [wide, "workspace-write"],
    [entry(["?*"], "read-only") + wide, "read-only"],
    [entry(["nobody.example", "x*y*z"], "read-only") + wide, "workspace-write"],
    [entry([], "read-only") + wide, "workspace-write"],
    [entry(["nobody.example"], "read-only", "workspace-write"), "read-only"],
  ] as const;
  for (const [entries, mode] of cases) {
    await managed({
      requirements: `allowed_sandbox_modes = ["read-only"]\n${entries}`,
    }, async (load, machine) => {
      await machine.user('sandbox_mode = "workspace-write"');
      assert.equal(sandboxPolicyOf(await load()).mode, mode, entries);
    });
  }
});

Deno.test("a link of policy that leads nowhere ends the run", async () => {
  for (const name of ["requirements.toml", "managed_config.toml"]) {
    await managed({}, async (_load, machine, fail) => {
      const folder = `${machine.home}/${FOLDER}`;
      await Deno.mkdir(folder);
      await Deno.symlink("gone", `${folder}/${name}`);
      assert.match(await fail(), new RegExp(`${name} leads nowhere`));
    });
  }
});

Deno.test("a link of policy that leads to itself, or a file as its folder, ends the run", async () => {
  for (const name of ["requirements.toml", "managed_config.toml"]) {
    await managed({}, async (_load, machine, fail) => {
      const folder = `${machine.home}/${FOLDER}`;
      await Deno.mkdir(folder);
      await Deno.symlink(name, `${folder}/${name}`);
      assert.match(await fail(), new RegExp(`obey .*${name} is out of reach`));
    });
  }
  await managed({}, async (_load, machine, fail) => {
    await Deno.writeTextFile(`${machine.home}/${FOLDER}`, "");
    assert.match(await fail(), /is no folder, must be one/);
  });
});

Deno.test("search that policy switches off as a feature stays off", async () => {
  const cases = [
    ["web_search_request = false", "disabled"],
    ["web_search_request = false\nweb_search_cached = true", "cached"],
    ["web_search_cached = false", "live"],
    ["hooks = true", "live"],
  ] as const;
  for (const [pins, mode] of cases) {
    await managed({ requirements: `[features]\n${pins}` }, async (load) => {
      const { config } = await load({ flags: { search: true } });
      assert.equal(config.web_search, mode, pins);
    });
  }
});

Deno.test("hooks of policy run whatever is switched off, alone where it says so", async () => {
  const hook = (word: string): string =>
    `[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "${word}"\n`;
  for (const isAlone of [false, true]) {
    await managed({
      requirements: `allow_managed_hooks_only = ${isAlone}\n${hook("theirs")}`,
    }, async (load, machine) => {
      const file = `${machine.home}/${FOLDER}/requirements.toml`;
      const commands = async (user: string): Promise<string[]> => {
        await machine.user(user);
        const { hooks } = await loadHooks(machine.host(), await load());
        return hooks.map(({ command }) => command);
      };
      const both = isAlone ? ["theirs"] : ["theirs", "mine"];
      assert.deepEqual(await commands(hook("mine")), both);
      const off = `[hooks.state."${file}:stop:0:0"]\nenabled = false\n`;
      assert.deepEqual(await commands(hook("mine") + off), both);
      const without = hook("mine") + "[features]\nhooks = false\n";
      assert.deepEqual(await commands(without), ["theirs"]);
    });
  }
});
