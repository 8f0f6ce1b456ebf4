/** Tests of core/config/load.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { renderOrigin } from "../../../core/config/layers.ts";
import type { ConfigFlags } from "../../../core/config/overrides.ts";
import { saveFolderTrust } from "../../../core/config/trust/folder.ts";
import { Machine } from "./config_fixture.ts";

function trusting(folder: string): string {
  return `[projects."${folder}"]\ntrust_level = "trusted"\n`;
}

Deno.test("loadConfig() without any file gives the defaults", async () => {
  await using machine = await Machine.create();
  const loaded = await machine.load();
  assert.equal(loaded.config.model, "gpt-5.5");
  assert.equal(loaded.config.sandbox_mode, "read-only");
  assert.equal(loaded.config.approval_policy, "on-request");
  assert.equal(loaded.config.history.persistence, "save-all");
  assert.deepEqual(loaded.origin("model"), { layer: "default" });
  assert.deepEqual(loaded.warnings, []);
  assert.equal(loaded.codexHome, machine.codexHome);
  assert.equal(loaded.projectRoot, machine.cwd);
  assert.throws(() => {
    (loaded.config.sandbox_workspace_write.writable_roots as string[]).push(
      "/x",
    );
  }, TypeError);
});

Deno.test("loadConfig() chooses sandbox and approval by trust and by who can be asked", async () => {
  await using machine = await Machine.create();
  const modes = async (canAsk: boolean): Promise<unknown> => {
    const { config } = await machine.load({ canAsk });
    return [config.sandbox_mode, config.approval_policy];
  };
  assert.deepEqual(await modes(true), ["read-only", "on-request"]);
  assert.deepEqual(await modes(false), ["read-only", "never"]);
  for (
    const [level, asked, alone] of [
      ["trusted", "on-request", "workspace-write"],
      ["untrusted", "untrusted", "read-only"],
    ] as const
  ) {
    await saveFolderTrust(machine.host(), machine.codexHome, {
      folder: machine.cwd,
      level,
    });
    assert.deepEqual(await modes(true), ["workspace-write", asked], level);
    assert.deepEqual(await modes(false), [alone, "never"], level);
  }
});

Deno.test("loadConfig() lays the layers over each other in their order", async () => {
  await using machine = await Machine.create();
  const places = {
    system: machine.systemFile,
    user: machine.userFile,
    profile: `${machine.codexHome}/deep.config.toml`,
    project: `${machine.cwd}/.codex/config.toml`,
  };
  // Bit n of the mask: whether layer n sets the key. The highest bit must win.
  const masks = fc.integer({ min: 1, max: 63 });
  await fc.assert(
    fc.asyncProperty(masks, async (mask) => {
      const has = (bit: number): boolean => (mask & (1 << bit)) !== 0;
      const line = (bit: number, who: string): string =>
        has(bit) ? `developer_instructions = "${who}"\n` : "";
      await machine.write(places.system, line(0, "system"));
      await machine.user(line(1, "user") + trusting(machine.cwd));
      await machine.write(places.profile, line(2, "profile"));
      await machine.write(places.project, line(3, "project"));
      const loaded = await machine.load({
        flags: {
          profile: "deep",
          config: has(4) ? ["developer_instructions=override"] : [],
          ...(has(5) ? { model: "flag" } : {}),
        },
      });
      const names = ["system", "user", "profile", "project", "override"];
      const strongest = names.findLast((_, bit) => has(bit));
      assert.equal(loaded.config.developer_instructions, strongest);
      const origin = loaded.origin("developer_instructions");
      assert.equal(origin.layer, strongest ?? "default");
      const file = places[strongest as keyof typeof places];
      assert.equal(origin.file, file);
      assert.equal(origin.line, file === undefined ? undefined : 1);
      assert.equal(loaded.origin("model").layer, has(5) ? "flag" : "default");
    }),
    { numRuns: 40 },
  );
});

Deno.test("loadConfig() merges tables by key and replaces lists whole", async () => {
  await using machine = await Machine.create();
  await machine.write(
    machine.systemFile,
    '[shell_environment_policy]\ninherit = "core"\nexclude = ["A", "B"]\n[shell_environment_policy.set]\nX = "1"\nY = "1"\n',
  );
  await machine.user(
    '[shell_environment_policy]\nexclude = ["C"]\n[shell_environment_policy.set]\nY = "2"\n',
  );
  const { config, origin } = await machine.load();
  assert.deepEqual(config.shell_environment_policy, {
    inherit: "core",
    ignore_default_excludes: true,
    exclude: ["C"],
    set: { X: "1", Y: "2" },
    include_only: [],
  });
  assert.equal(
    renderOrigin(origin("shell_environment_policy.set.X")),
    `${machine.systemFile}:5`,
  );
  assert.equal(
    renderOrigin(origin("shell_environment_policy.set.Y")),
    `${machine.userFile}:4`,
  );
});

Deno.test("loadConfig() takes both forms of a profile, the file over the table", async () => {
  await using machine = await Machine.create();
  await machine.user(
    'profile = "fast"\nmodel = "user"\nmodel_verbosity = "low"\n\n[profiles.fast]\nmodel = "table"\nreview_model = "table"\n',
  );
  const table = await machine.load();
  assert.equal(table.config.model, "table");
  assert.equal(table.config.model_verbosity, "low");
  assert.equal(renderOrigin(table.origin("model")), `${machine.userFile}:6`);
  await machine.write(
    `${machine.codexHome}/fast.config.toml`,
    'model = "file"\n',
  );
  const both = await machine.load();
  assert.equal(both.config.model, "file");
  assert.equal(both.config.review_model, "table");
  await machine.write(
    `${machine.codexHome}/other.config.toml`,
    'model = "other"\n',
  );
  assert.equal(
    (await machine.load({ flags: { profile: "other" } })).config.model,
    "other",
  );
  assert.equal(
    (await machine.load({ flags: { config: ["profile=other"] } })).config.model,
    "other",
  );
});

Deno.test("loadConfig() refuses a profile that is nowhere", async () => {
  await using machine = await Machine.create();
  await machine.user('[profiles.fast]\nmodel = "m"\n');
  assert.equal(
    await machine.loadError({ flags: { profile: "fats" } }),
    'config: Cannot use profile "fats": there is neither a table [profiles.fats] nor a file ' +
      `${machine.codexHome}/fats.config.toml, did you mean "fast"?`,
  );
  assert.match(
    await machine.loadError({ flags: { profile: "../x" } }),
    /^config: Cannot use profile "\.\.\/x": its name must be made of/,
  );
});

Deno.test("loadConfig() reads project files from the root to the cwd, when trusted", async () => {
  await using machine = await Machine.create();
  const sub = `${machine.cwd}/packages/a`;
  await machine.write(
    `${machine.cwd}/.codex/config.toml`,
    'model = "root"\nreview_model = "root"\n',
  );
  await machine.write(`${sub}/.codex/config.toml`, 'model = "sub"\n');
  await machine.write(
    `${machine.home}/.codex/config.toml`,
    trusting(machine.cwd),
  );
  const near = await machine.load({ cwd: sub });
  assert.equal(near.config.model, "sub");
  assert.equal(near.config.review_model, "root");
  assert.equal(near.projectRoot, machine.cwd);
  assert.equal((await machine.load()).config.model, "root");
});

Deno.test("loadConfig() ignores the files of a project that is not trusted, and says so", async () => {
  await using machine = await Machine.create();
  const file = `${machine.cwd}/.codex/config.toml`;
  await machine.write(file, 'model = "theirs"\n= broken');
  const undecided = await machine.load();
  assert.equal(undecided.config.model, "gpt-5.5");
  assert.deepEqual(undecided.warnings, [
    `Ignoring .codex/config.toml: the folder ${machine.cwd} is not trusted; ` +
    `to see it and decide: rondo trust ${machine.cwd}`,
  ]);
  await machine.write(file, 'model = "theirs"\n');
  const once = await machine.load({ flags: { trust: true } });
  assert.equal(once.config.model, "theirs");
  assert.equal(once.config.sandbox_mode, "workspace-write");
});

Deno.test("loadConfig() does not let a project set keys of the machine", async () => {
  await using machine = await Machine.create();
  const file = `${machine.cwd}/.codex/config.toml`;
  await machine.write(
    file,
    'model = "theirs"\nnotify = ["rm"]\nmodel_provider = "evil"\n[model_providers.evil]\nbase_url = "http://e"\n[projects."/"]\ntrust_level = "trusted"\n',
  );
  await machine.user(trusting(machine.cwd));
  const { config, warnings } = await machine.load();
  assert.equal(config.model, "theirs");
  assert.equal(config.model_provider, "openai");
  assert.equal(config.notify, undefined);
  assert.deepEqual(config.model_providers, {});
  assert.equal(warnings.length, 4);
  assert.equal(
    warnings[0],
    `Ignoring config: a project may not set "notify", your own config.toml may (${file}:2)`,
  );
});

Deno.test("loadConfig() does not take the person's own file for a project's", async () => {
  await using machine = await Machine.create();
  await machine.user('notify = ["x"]\n');
  await Deno.mkdir(`${machine.home}/.git`);
  const { warnings, config } = await machine.load({ cwd: machine.home });
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.notify, ["x"]);
});

Deno.test("loadConfig() makes relative paths absolute from the folder of their layer", async () => {
  await using machine = await Machine.create();
  await machine.user(
    trusting(machine.cwd) +
      '[model_providers.corp]\nbase_url = "http://h"\nca_bundle = "corp.pem"\nclient_key = "~/keys/k.pem"\n',
  );
  await machine.write(
    `${machine.cwd}/.codex/config.toml`,
    'model_instructions_file = "../AGENT.md"\n[mcp_servers.a]\ncommand = "x"\ncwd = "srv"\n[[skills.config]]\npath = "s/SKILL.md"\n',
  );
  await machine.approve();
  const { config } = await machine.load({
    flags: { config: ["experimental_compact_prompt_file=c.md"] },
  });
  const provider = config.model_providers["corp"];
  assert.equal(provider?.ca_bundle, `${machine.codexHome}/corp.pem`);
  assert.equal(provider?.client_key, `${machine.home}/keys/k.pem`);
  assert.equal(config.model_instructions_file, `${machine.cwd}/AGENT.md`);
  assert.equal(config.mcp_servers["a"]?.cwd, `${machine.cwd}/.codex/srv`);
  assert.equal(
    config.skills.config[0]?.path,
    `${machine.cwd}/.codex/s/SKILL.md`,
  );
  assert.equal(config.experimental_compact_prompt_file, `${machine.cwd}/c.md`);
});

Deno.test("loadConfig() takes OPENAI_BASE_URL as the weakest word after the default", async () => {
  await using machine = await Machine.create();
  machine.env["OPENAI_BASE_URL"] = "http://env/v1";
  const loaded = await machine.load();
  assert.equal(loaded.config.openai_base_url, "http://env/v1");
  assert.deepEqual(loaded.origin("openai_base_url"), { layer: "environment" });
  await machine.user('openai_base_url = "http://file/v1"\n');
  assert.equal((await machine.load()).config.openai_base_url, "http://file/v1");
});

Deno.test("loadConfig() leaves the person's file alone with --ignore-user-config", async () => {
  await using machine = await Machine.create();
  await machine.user("= broken");
  const { config } = await machine.load({ flags: { ignoreUserConfig: true } });
  assert.equal(config.model, "gpt-5.5");
});

Deno.test("loadConfig() wants CODEX_HOME to exist once it is set", async () => {
  await using machine = await Machine.create();
  machine.env["CODEX_HOME"] = `${machine.root}/none`;
  assert.equal(
    await machine.loadError(),
    `config: Cannot use CODEX_HOME: ${machine.root}/none does not exist, must be an existing folder`,
  );
  await machine.write(`${machine.root}/none`, "");
  assert.match(
    await machine.loadError(),
    /none is not a folder, must be an existing folder$/,
  );
  await Deno.mkdir(`${machine.root}/own`);
  machine.env["CODEX_HOME"] = `${machine.root}/own`;
  await machine.write(`${machine.root}/own/config.toml`, 'model = "own"\n');
  const loaded = await machine.load();
  assert.equal(loaded.codexHome, `${machine.root}/own`);
  assert.equal(loaded.config.model, "own");
});

Deno.test("loadConfig() works without a home folder", async () => {
  await using machine = await Machine.create();
  const host = machine.host({ homeDir: () => undefined });
  const loaded = await machine.load({}, host);
  assert.equal(loaded.codexHome, undefined);
  assert.equal(loaded.config.model, "gpt-5.5");
});

Deno.test("loadConfig() ends at a malformed or unreadable file with its place", async () => {
  await using machine = await Machine.create();
  await machine.user('model = "m"\nmodel = "n"\n');
  assert.match(
    await machine.loadError(),
    new RegExp(
      `^config: Cannot read config: ${machine.userFile}:2:1: trying to redefine`,
    ),
  );
  await Deno.remove(machine.userFile);
  await Deno.mkdir(machine.userFile);
  assert.equal(
    await machine.loadError(),
    `config: Cannot read ${machine.userFile}: it is a folder, must be a regular file`,
  );
  await Deno.remove(machine.userFile);
  await machine.user(`# ${"x".repeat(1024 * 1024)}`);
  assert.match(
    await machine.loadError(),
    /it has \d+ bytes, must be at most 1048576$/,
  );
});

Deno.test("loadConfig() resolves --add-dir and refuses what would open everything", async () => {
  await using machine = await Machine.create();
  await machine.write(`${machine.home}/other/file`, "");
  const flags = {
    sandbox: "workspace-write",
    addDir: ["../other", `${machine.home}/other/`],
  } as const;
  const other = `${machine.home}/other`;
  assert.deepEqual((await machine.load({ flags })).addDirs, [other, other]);
  assert.equal(
    await machine.loadError({ flags: { addDir: ["../none"] } }),
    `usage: Cannot add folder ${machine.home}/none: it is not there, must be an existing folder`,
  );
  assert.equal(
    await machine.loadError({ flags: { addDir: ["../other/file"] } }),
    `usage: Cannot add folder ${other}/file: it is a file, must be a folder`,
  );
  assert.equal(
    await machine.loadError({ flags: { addDir: ["/"] } }),
    "usage: Cannot add folder /: it is the root of the disk, must be a folder below it",
  );
  assert.equal(
    await machine.loadError({ flags: { addDir: [".."] } }),
    `usage: Cannot add folder ${machine.home}: it is your home folder, must be a folder below it`,
  );
  const readOnly = await machine.load({ flags: { addDir: [other] } });
  assert.deepEqual(readOnly.warnings, [
    "Ignoring --add-dir: the sandbox is read-only, use --sandbox workspace-write",
  ]);
});

Deno.test("loadConfig() says when nothing hides what is to be hidden", async () => {
  await using machine = await Machine.create();
  await machine.user('[sandbox_workspace_write]\ndeny_read = ["**/.env"]\n');
  const said = async (flags: ConfigFlags): Promise<boolean> =>
    (await machine.load({ flags })).warnings.some((one) =>
      /deny_read hides nothing: the sandbox is /.test(one)
    );
  assert.ok(await said({ bypass: true }));
  assert.ok(await said({ sandbox: "external-sandbox" }));
  assert.ok(
    await said({ config: ["default_permissions=:danger-full-access"] }),
  );
  assert.ok(!await said({ sandbox: "read-only" }));
});

Deno.test("loadConfig() advises against what is deprecated", async () => {
  await using machine = await Machine.create();
  const { warnings } = await machine.load({
    flags: { fullAuto: true, config: ["approval_policy=on-failure"] },
  });
  assert.deepEqual(warnings, [
    'Approval policy "on-failure" is deprecated, use "on-request"',
    "--full-auto is deprecated, use --sandbox workspace-write",
  ]);
});
