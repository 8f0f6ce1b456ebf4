/** Tests of core/config/provider/login.ts and files.ts. */
import assert from "node:assert/strict";
import {
  loginWithApiKey,
  logout,
  readLogin,
  readLoginStatus,
} from "../../../../core/config/provider/login.ts";
import {
  editConfigFile,
  readOptional,
  writeWhole,
} from "../../../../core/config/file/files.ts";
import { Machine } from "../config_fixture.ts";

const LOGIN = { name: "OpenAI", auth: { type: "login" } } as const;

Deno.test("loginWithApiKey() stores the key for its owner only, and Codex can read it", async () => {
  await using machine = await Machine.create();
  await Deno.remove(machine.codexHome, { recursive: true });
  const text = await loginWithApiKey(
    machine.host(),
    machine.codexHome,
    " sk-abc \n",
  );
  const path = `${machine.codexHome}/auth.json`;
  assert.equal(text, `Logged in: the key is stored in ${path}`);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), {
    auth_mode: "apikey",
    OPENAI_API_KEY: "sk-abc",
    tokens: null,
  });
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(machine.codexHome), (one) => one.name),
    [
      "auth.json",
    ],
  );
});

Deno.test("loginWithApiKey() tightens a file that others could read", async () => {
  await using machine = await Machine.create();
  const path = `${machine.codexHome}/auth.json`;
  await Deno.writeTextFile(path, "{}", { mode: 0o644 });
  await loginWithApiKey(machine.host(), machine.codexHome, "sk-abc");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("loginWithApiKey() refuses what is no key", async () => {
  await using machine = await Machine.create();
  for (const key of ["", " \n", "two words", "a\nb"]) {
    await assert.rejects(
      loginWithApiKey(machine.host(), machine.codexHome, key),
      {
        name: "UserError",
        message: /^Cannot log in: stdin does not hold a key/,
      },
    );
  }
  await assert.rejects(loginWithApiKey(machine.host(), undefined, "k"), {
    message: "Cannot log in: no home folder",
  });
});

Deno.test("readLoginStatus() names the source and never the key", async () => {
  await using machine = await Machine.create();
  const status = async (): Promise<string> => {
    const { text, isReady } = await readLoginStatus(
      machine.host(),
      LOGIN,
      machine.codexHome,
    );
    assert.ok(!text.includes("sk-"), text);
    return `${isReady} ${text}`;
  };
  assert.equal(await status(), "false OpenAI: not logged in");
  await machine.write(
    `${machine.codexHome}/auth.json`,
    '{"tokens":{"access_token":"sk-x"}}',
  );
  assert.match(
    await status(),
    /^false OpenAI: .*auth\.json holds a ChatGPT login, which is not supported$/,
  );
  await loginWithApiKey(machine.host(), machine.codexHome, "sk-1");
  assert.equal(
    await status(),
    `true OpenAI: using the key in ${machine.codexHome}/auth.json`,
  );
  machine.env["OPENAI_API_KEY"] = "sk-2";
  assert.equal(
    await status(),
    "true OpenAI: using the variable OPENAI_API_KEY",
  );
});

Deno.test("readLoginStatus() knows the other ways to a key", async () => {
  await using machine = await Machine.create();
  const env = { name: "Corp", auth: { type: "env", name: "K" } } as const;
  const status = (
    provider: Parameters<typeof readLoginStatus>[1],
  ): Promise<unknown> =>
    readLoginStatus(machine.host(), provider, machine.codexHome);
  assert.deepEqual(await status(env), {
    isReady: false,
    text: "Corp: no key, environment variable K is missing or empty",
  });
  machine.env["K"] = "sk-1";
  assert.deepEqual(await status(env), {
    isReady: true,
    text: "Corp: key from environment variable K",
  });
  assert.deepEqual(await status({ name: "Ollama", auth: { type: "none" } }), {
    isReady: true,
    text: "Ollama: key: none needed",
  });
});

Deno.test("logout() removes the file, and says so when there is none", async () => {
  await using machine = await Machine.create();
  await loginWithApiKey(machine.host(), machine.codexHome, "sk-1");
  assert.equal(
    await logout(machine.host(), machine.codexHome),
    `Logged out: ${machine.codexHome}/auth.json is removed`,
  );
  assert.deepEqual(await readLogin(machine.host(), machine.codexHome), {
    type: "none",
  });
  assert.equal(
    await logout(machine.host(), machine.codexHome),
    "Not logged in",
  );
});

Deno.test("readLogin() does not quote a broken auth.json", async () => {
  await using machine = await Machine.create();
  for (
    const text of ['{"OPENAI_API_KEY": sk-1', '{"OPENAI_API_KEY": 5}', "[]"]
  ) {
    await machine.write(`${machine.codexHome}/auth.json`, text);
    await assert.rejects(
      readLogin(machine.host(), machine.codexHome),
      (error: Error) => {
        assert.equal((error as { kind?: string }).kind, "auth");
        assert.match(error.message, /not the JSON of a login/);
        return !error.message.includes("sk-1");
      },
    );
  }
});

Deno.test("editConfigFile() keeps the mode and follows a link", async () => {
  await using machine = await Machine.create();
  const real = `${machine.root}/dotfiles/config.toml`;
  await machine.write(real, "# mine\n");
  await Deno.chmod(real, 0o644);
  await Deno.symlink(real, machine.userFile);
  await editConfigFile(machine.host(), machine.userFile, [{
    type: "set",
    path: ["model"],
    value: "m",
  }]);
  assert.equal(await Deno.readTextFile(real), '# mine\nmodel = "m"\n');
  assert.equal((await Deno.stat(real)).mode! & 0o777, 0o644);
  assert.equal((await Deno.lstat(machine.userFile)).isSymlink, true);
});

Deno.test("editConfigFile() makes a new file that only its owner reads", async () => {
  await using machine = await Machine.create();
  const path = `${machine.root}/new/config.toml`;
  await editConfigFile(machine.host(), path, [{
    type: "set",
    path: ["a", "b"],
    value: 1,
  }]);
  assert.equal(await Deno.readTextFile(path), "[a]\nb = 1\n");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("writeWhole() leaves the old file and no remains when the last step fails", async () => {
  await using machine = await Machine.create();
  await machine.user("old\n");
  const host = machine.host();
  const failing = {
    ...host,
    files: {
      ...host.files,
      rename: () => Promise.reject(new Error("disk is full")),
    },
  };
  await assert.rejects(writeWhole(failing, machine.userFile, "new\n"), {
    name: "UserError",
    message: `Cannot write ${machine.userFile}: disk is full`,
  });
  assert.equal(await Deno.readTextFile(machine.userFile), "old\n");
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(machine.codexHome), (one) => one.name),
    [
      "config.toml",
    ],
  );
});

Deno.test("readOptional() takes a missing file for none, and drops a byte order mark", async () => {
  await using machine = await Machine.create();
  assert.equal(
    await readOptional(machine.host(), `${machine.root}/none/x`),
    undefined,
  );
  await machine.user("\ufeffa = 1\n");
  assert.equal(await readOptional(machine.host(), machine.userFile), "a = 1\n");
  assert.equal(
    await readOptional(machine.host(), `${machine.userFile}/below`),
    undefined,
  );
});
