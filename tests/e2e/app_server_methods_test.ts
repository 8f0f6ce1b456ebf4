/** Methods of `rondo app-server` that are about no thread: lists, settings, files, commands. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { mcpServerArgs } from "../support/mcp_server.ts";
import { AppClient } from "../support/app_client.ts";
import { stage } from "./support.ts";

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function text(data: unknown): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(String(data)));
}

Deno.test("app-server lists models, profiles, skills and servers, and says how it is configured", async () => {
  await using s = await stage({
    config: {
      bottom: [
        '[mcp_servers.tiny]\ncommand = "false"',
        '[mcp_servers.off]\ncommand = "false"\nenabled = false',
        "[mcp_servers.echo]",
        `command = ${JSON.stringify(Deno.execPath())}`,
        `args = ${
          JSON.stringify(mcpServerArgs({ tools: [{ name: "echo" }] }))
        }`,
        'env_vars = ["DENO_DIR"]',
      ].join("\n"),
    },
    files: {
      ".codex/skills/tidy/SKILL.md":
        "---\nname: tidy\ndescription: Tidies up\n---\nTidy.\n",
    },
  });
  await using client = await AppClient.open({ home: s.home });
  const ask = async (
    method: string,
    params: JsonObject = {},
  ): Promise<JsonObject[]> =>
    (await client.request(method, params))["data"] as JsonObject[];
  const models = await ask("model/list");
  assert.equal(models[0]?.["id"], "gpt-5.2-codex");
  assert.equal(models[0]["isDefault"], true);
  const profiles = await ask("permissionProfile/list");
  assert.ok(profiles.some(({ id }) => id === ":workspace"));
  const [here] = await ask("skills/list");
  const skills = here?.["skills"] as JsonObject[];
  assert.deepEqual(skills.map(({ name }) => name), ["tidy"]);
  const threadId = await client.startThread();
  const servers = await ask("mcpServerStatus/list");
  const ofThread = await ask("mcpServerStatus/list", { threadId });
  assert.deepEqual(
    servers.map(({ name, tools }) => [name, Object.keys(tools as JsonObject)]),
    [["echo", ["echo"]], ["off", []], ["tiny", []]],
  );
  assert.match(String(servers[2]?.["toolsError"]), /ended/);
  assert.deepEqual(
    ofThread.map(({ tools, runtimeStatus }) => [tools, runtimeStatus]),
    [
      [servers[0]?.["tools"], "connected"],
      [{}, "disabled"],
      [{}, "failed"],
    ],
  );
  const [one] = await ask("mcpServerStatus/list", { serverName: "off" });
  assert.equal(one?.["name"], "off");
  await assert.rejects(
    ask("mcpServerStatus/list", { threadId: "x" }),
    /not open/,
  );
  const { config } = await client.request("config/read");
  assert.equal((config as JsonObject)["model"], "gpt-5.2-codex");
  const account = await client.request("account/read");
  assert.deepEqual(account["requiresOpenaiAuth"], false);
});

Deno.test("app-server writes how a model is asked, and nothing that would loosen what is allowed", async () => {
  await using s = await stage({});
  await using client = await AppClient.open({ home: s.home });
  const path = `${s.home.codexHome}/config.toml`;
  const before = await Deno.readTextFile(path);
  const write = (keyPath: string, value: unknown): Promise<JsonObject> =>
    client.request("config/value/write", {
      keyPath,
      value,
      mergeStrategy: "replace",
    });
  await assert.rejects(write("sandbox_mode", "danger-full-access"), /may/);
  await assert.rejects(write("model_verbosity", "loud"), /model_verbosity/);
  assert.equal(await Deno.readTextFile(path), before);
  await write("model_verbosity", "low");
  assert.match(await Deno.readTextFile(path), /^model_verbosity = "low"$/m);
  await client.request("account/login/start", {
    type: "apiKey",
    apiKey: "sk-test-123",
  });
  const auth = await Deno.stat(`${s.home.codexHome}/auth.json`);
  assert.equal(auth.mode! & 0o777, 0o600);
  await assert.rejects(
    client.request("account/login/start", { type: "chatgpt" }),
    /only API keys/,
  );
});

Deno.test("app-server reads and changes files as far as the person's settings go", async () => {
  await using s = await stage({
    files: { "seen.txt": "seen", "secret.txt": "hidden" },
    config: {
      // The folders of the test lie in /tmp themselves.
      bottom: [
        "[sandbox_workspace_write]",
        'deny_read = ["**/secret.txt"]',
        "exclude_slash_tmp = true",
        "exclude_tmpdir_env_var = true",
      ].join("\n"),
    },
  });
  const { work, root } = s.home;
  await using client = await AppClient.open({
    home: s.home,
    args: ["--sandbox", "workspace-write"],
  });
  const read = (path: string): Promise<JsonObject> =>
    client.request("fs/readFile", { path });
  assert.equal(text((await read(`${work}/seen.txt`))["dataBase64"]), "seen");
  await assert.rejects(read(`${work}/secret.txt`), /Cannot read/);
  await assert.rejects(read("seen.txt"), /does not fit/);
  const write = (path: string): Promise<JsonObject> =>
    client.request("fs/writeFile", { path, dataBase64: base64("new") });
  await write(`${work}/new.txt`);
  assert.equal(await Deno.readTextFile(`${work}/new.txt`), "new");
  await assert.rejects(write(`${root}/home/outside.txt`), /Cannot change/);
  await assert.rejects(Deno.stat(`${root}/home/outside.txt`));
  await client.request("fs/remove", { path: `${work}/new.txt` });
  await assert.rejects(Deno.stat(`${work}/new.txt`));
  const { entries } = await client.request("fs/readDirectory", { path: work });
  assert.ok(
    (entries as JsonObject[]).some(({ fileName }) => fileName === "seen.txt"),
  );
  const { files } = await client.request("fuzzyFileSearch", {
    query: "sntx",
    roots: [work],
  });
  assert.deepEqual((files as JsonObject[]).map(({ path }) => path), [
    "seen.txt",
  ]);
});

Deno.test("app-server runs a client's command within the settings, at a terminal where it asks for one", async () => {
  await using s = await stage({});
  await using client = await AppClient.open({
    home: s.home,
    args: ["--sandbox", "read-only"],
  });
  const plain = await client.request("command/exec", {
    command: ["sh", "-c", "echo hi; echo x >made; exit 3"],
  });
  assert.match(String(plain["stdout"]), /^hi$/m);
  assert.equal(plain["exitCode"], 3);
  await assert.rejects(Deno.stat(`${s.home.work}/made`));
  await assert.rejects(
    client.request("command/exec", {
      command: ["true"],
      sandboxPolicy: { type: "dangerFullAccess" },
    }),
    /not what is configured/,
  );
  const running = client.request("command/exec", {
    command: ["sh", "-c", "stty size; read line; echo got $line"],
    processId: "p",
    tty: true,
    size: { rows: 10, cols: 33 },
  });
  await client.find(({ method, params }) =>
    method === "command/exec/outputDelta" &&
    text((params as JsonObject)["deltaBase64"]).includes("10 33")
  );
  await client.request("command/exec/write", {
    processId: "p",
    deltaBase64: base64("word\n"),
  });
  assert.equal((await running)["exitCode"], 0);
  const all = client.all("command/exec/outputDelta")
    .map(({ deltaBase64 }) => text(deltaBase64)).join("");
  assert.match(all, /got word/);
  const endless = client.request("command/exec", {
    command: ["sleep", "300"],
    processId: "q",
  });
  for (;;) {
    try {
      await client.request("command/exec/terminate", { processId: "q" });
      break;
    } catch {
      // It has not begun.
    }
  }
  assert.notEqual((await endless)["exitCode"], 0);
});
