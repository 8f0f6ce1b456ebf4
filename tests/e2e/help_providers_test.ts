/** Every recipe of `help providers` is read as it stands and works with a server of its kind. */
import assert from "node:assert/strict";
import { RECIPES } from "../../core/frontends/cli/recipes.ts";
import { providerOf } from "../../core/config/provider/providers.ts";
import { Machine } from "../core/config/config_fixture.ts";
import { CHAT_DIALECTS, RESPONSES_DIALECTS } from "../support/dialect_table.ts";
import { DialectServer } from "../support/dialects.ts";
import { fail, mockModel } from "../support/mock_model.ts";
import { agentHome, runAgent } from "../support/run_agent.ts";

const KEYS = {
  OPENAI_API_KEY: "k",
  AZURE_OPENAI_API_KEY: "k",
  OPENROUTER_API_KEY: "k",
  LITELLM_API_KEY: "k",
};

for (const { name, toml } of RECIPES) {
  Deno.test(`the recipe for ${name} is read without a warning, and a run with it works`, async () => {
    const isChat = toml.includes('wire_api = "chat"');
    const dialect = isChat
      ? CHAT_DIALECTS[`${name} chat`]
      : RESPONSES_DIALECTS[name];
    assert.ok(dialect);
    await using machine = await Machine.create();
    await machine.user(`${toml}\n`);
    const { config, warnings } = await machine.load({ canAsk: true });
    assert.deepEqual(warnings, []);
    const provider = providerOf(config, machine.host());
    assert.equal(provider.name, name);
    assert.equal(provider.wireApi, isChat ? "chat" : "responses");

    const server = new DialectServer(dialect);
    await using model = mockModel({
      script: (request) => server.answer(request),
      compact: [fail(404)],
    });
    const isOwn = toml.includes("base_url");
    await using home = await agentHome({
      config: isOwn
        ? toml.replace(/base_url = ".*"/, `base_url = "${model.url}"`)
        : `openai_base_url = "${model.url}"\n${toml}`,
    });
    const run = await runAgent({
      home,
      args: ["exec", "--skip-git-repo-check", "--yolo", "Turn 2: go"],
      env: { ...KEYS, CODEX_OSS_BASE_URL: model.url },
    });
    assert.deepEqual([run.code, run.stdout], [0, "Done.\n"], run.stderr);
    assert.doesNotMatch(run.stderr, /[Ww]arning/);
    assert.deepEqual(server.breaks, [], "nothing was refused");
    assert.ok(model.requests.length > 1);
    const { headers } = model.request(0);
    const hasKey = Object.keys(KEYS).some((key) => toml.includes(key)) ||
      name === "OpenAI";
    const sent = headers.get("authorization") ?? headers.get("api-key");
    assert.equal(sent !== null, hasKey);
  });
}

Deno.test("help providers prints every recipe, and the program's help names it", async () => {
  await using home = await agentHome({});
  const shown = await runAgent({ home, args: ["help", "providers"] });
  assert.equal(shown.code, 0, shown.stderr);
  for (const { name, toml, before } of RECIPES) {
    for (const text of [`${name}:`, ...toml.split("\n"), ...before]) {
      assert.ok(shown.stdout.includes(text), text);
    }
  }
  const help = await runAgent({ home, args: ["--help"] });
  assert.match(help.stdout, /rondo help providers/);
});
