/** Tests of core/config/provider/auth.ts. */
import assert from "node:assert/strict";
import { createAuth } from "../../../../core/config/provider/auth.ts";
import { loginWithApiKey } from "../../../../core/config/provider/login.ts";
import type { AuthSource } from "../../../../core/config/provider/providers.ts";
import type { Auth } from "../../../../core/protocol/provider.ts";
import type { Child, Host } from "../../../../core/protocol/host.ts";
import { Machine } from "../config_fixture.ts";

function authOf(
  machine: Machine,
  auth: AuthSource,
  changes: Partial<Host> = {},
): Auth {
  return createAuth(
    machine.host(changes),
    { name: "Test", auth },
    { codexHome: machine.codexHome },
  );
}

function command(
  script: string,
  options: { timeoutMs?: number; refreshMs?: number } = {},
): AuthSource {
  return {
    type: "command",
    command: "sh",
    args: ["-c", script],
    timeoutMs: options.timeoutMs ?? 5_000,
    refreshMs: options.refreshMs ?? 300_000,
  };
}

Deno.test("token() is nothing for a provider that needs none", async () => {
  await using machine = await Machine.create();
  machine.env["OPENAI_API_KEY"] = "sk-1";
  assert.equal(await authOf(machine, { type: "none" }).token(), undefined);
  assert.equal(await authOf(machine, { type: "none" }).refresh(), false);
});

Deno.test("token() reads the variable, and says what to do when it is missing or blank", async () => {
  await using machine = await Machine.create();
  const auth = authOf(machine, {
    type: "env",
    name: "CORP_KEY",
    instructions: "ask Ann",
  });
  const missing = {
    name: "UserError",
    kind: "auth",
    message:
      "Cannot find the key: environment variable CORP_KEY is missing or empty; ask Ann",
  };
  await assert.rejects(auth.token(), missing);
  machine.env["CORP_KEY"] = "  ";
  await assert.rejects(auth.token(), missing);
  machine.env["CORP_KEY"] = " k1\n";
  assert.equal(await auth.token(), "k1");
});

Deno.test("token() refuses a key no header can carry, without showing it", async () => {
  await using machine = await Machine.create();
  for (const key of ["abc def", "abc\ndef", "abcé"]) {
    machine.env["K"] = key;
    const reading = authOf(machine, { type: "env", name: "K" }).token();
    const error = await reading.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    assert.match(
      error?.message ?? "",
      /^Cannot use the key: the variable K has spaces/,
    );
    assert.ok(!error?.message.includes("abc"));
  }
});

Deno.test("token() finds the login: CODEX_API_KEY, OPENAI_API_KEY, auth.json", async () => {
  await using machine = await Machine.create();
  await loginWithApiKey(machine.host(), machine.codexHome, "from-file");
  const token = (): Promise<string | undefined> =>
    authOf(machine, { type: "login" }).token();
  assert.equal(await token(), "from-file");
  machine.env["OPENAI_API_KEY"] = "from-openai";
  assert.equal(await token(), "from-openai");
  machine.env["CODEX_API_KEY"] = "from-codex";
  assert.equal(await token(), "from-codex");
});

Deno.test("token() without any key tells three ways on", async () => {
  await using machine = await Machine.create();
  await assert.rejects(
    authOf(machine, { type: "login" }).token(),
    (error: Error) => {
      assert.equal((error as { kind?: string }).kind, "auth");
      const lines = error.message.split("\n");
      assert.equal(lines[0], "Cannot ask Test: no API key");
      assert.equal(lines.length, 4);
      assert.match(error.message, /OPENAI_API_KEY[^]*--oss[^]*model_providers/);
      return true;
    },
  );
});

Deno.test("token() says plainly that a ChatGPT login does not do", async () => {
  await using machine = await Machine.create();
  const path = `${machine.codexHome}/auth.json`;
  await machine.write(
    path,
    JSON.stringify({
      OPENAI_API_KEY: null,
      tokens: { access_token: "secret1" },
    }),
  );
  await assert.rejects(
    authOf(machine, { type: "login" }).token(),
    (error: Error) => {
      assert.match(error.message, /it is a ChatGPT login, must be an API key/);
      assert.ok(!error.message.includes("secret1"));
      return true;
    },
  );
});

Deno.test("refresh() is true only when the key has changed", async () => {
  await using machine = await Machine.create();
  await loginWithApiKey(machine.host(), machine.codexHome, "one");
  const auth = authOf(machine, { type: "login" });
  assert.equal(await auth.token(), "one");
  assert.equal(await auth.refresh(), false);
  await loginWithApiKey(machine.host(), machine.codexHome, "two");
  assert.equal(await auth.token(), "one");
  assert.equal(await auth.refresh(), true);
  assert.equal(await auth.token(), "two");
});

Deno.test("token() runs a command once for all who ask, until it is old or refused", async () => {
  await using machine = await Machine.create();
  let nowMs = 0;
  const counter = `${machine.root}/runs`;
  const auth = authOf(
    machine,
    command(
      `echo x >> ${counter}; echo "token-$(wc -l < ${counter} | tr -d ' ')"`,
      { refreshMs: 1000 },
    ),
    { monotonicMs: () => nowMs },
  );
  assert.deepEqual(await Promise.all([auth.token(), auth.token()]), [
    "token-1",
    "token-1",
  ]);
  nowMs = 999;
  assert.equal(await auth.token(), "token-1");
  nowMs = 1000;
  assert.equal(await auth.token(), "token-2");
  assert.equal(await auth.refresh(), true);
  assert.equal(await auth.token(), "token-3");
});

Deno.test("token() keeps a command's token for good when the interval is zero", async () => {
  await using machine = await Machine.create();
  let nowMs = 0;
  const auth = authOf(machine, command(`echo $$`, { refreshMs: 0 }), {
    monotonicMs: () => nowMs,
  });
  const first = await auth.token();
  nowMs = 1e9;
  assert.equal(await auth.token(), first);
});

Deno.test("token() explains a command that fails, is missing, is silent or hangs", async () => {
  await using machine = await Machine.create();
  const failure = async (source: AuthSource): Promise<string> => {
    try {
      await authOf(machine, source).token();
    } catch (error) {
      assert.equal((error as { kind?: string }).kind, "auth");
      return (error as Error).message;
    }
    throw new Error("a token came");
  };
  assert.equal(
    await failure(command("echo no tickets left >&2; echo more >&2; exit 3")),
    'Cannot get a token from command "sh": it ended with 3: no tickets left',
  );
  assert.equal(
    await failure(command("true")),
    "Cannot use the key: the output of sh is empty",
  );
  assert.match(
    await failure({
      type: "command",
      command: "/no/such/program",
      args: [],
      timeoutMs: 9,
      refreshMs: 9,
    }),
    /^Cannot get a token from command "\/no\/such\/program": /,
  );
  assert.equal(
    await failure(command("sleep 60 & wait", { timeoutMs: 50 })),
    'Cannot get a token from command "sh": it did not end within 50 ms',
  );
});

Deno.test("token() asks the command anew after a failure", async () => {
  await using machine = await Machine.create();
  const flag = `${machine.root}/ready`;
  const auth = authOf(machine, command(`test -e ${flag} && echo t1`));
  await assert.rejects(auth.token());
  await machine.write(flag, "");
  assert.equal(await auth.token(), "t1");
});

Deno.test("token() leaves nothing of a hanging command behind", async () => {
  await using machine = await Machine.create();
  const host = machine.host();
  const children: Child[] = [];
  const auth = authOf(machine, command("sleep 60 & wait", { timeoutMs: 50 }), {
    spawn: (request) => {
      const child = host.spawn(request);
      children.push(child);
      return child;
    },
  });
  await assert.rejects(auth.token());
  assert.equal((await children[0]?.status)?.signal, "SIGKILL");
});
