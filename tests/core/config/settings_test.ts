/** Tests of core/config/settings.ts. */
import assert from "node:assert/strict";
import type * as z from "zod/mini";
import { LimitsTable } from "../../../core/config/file/schema_limits.ts";
import { NO_USAGE } from "../../../core/protocol/event.ts";
import { Budget } from "../../../core/session/state/budget.ts";
import {
  featureOn,
  isToolOn,
  limitsOf,
  priceOf,
  turnSettingsOf,
  webSearchOf,
  webSearchOptions,
} from "../../../core/config/settings.ts";
import { openPermissions } from "../../../core/config/permissions/permissions.ts";
import { providerOf } from "../../../core/config/provider/providers.ts";
import { configOf } from "../../support/config.ts";
import { Machine } from "./config_fixture.ts";

const PLACE = {
  cwd: "/w",
  home: "/home/ada",
  tmpDir: undefined,
  os: "linux",
  addDirs: [],
} as const;

Deno.test("turnSettingsOf() never allows more because nobody can be asked", () => {
  const of = (policy: string, canAsk: boolean): unknown =>
    turnSettingsOf({
      config: configOf(`approval_policy = ${policy}`),
      catalog: new Map(),
      cwd: "/w",
      permissions: openPermissions(configOf(""), [], PLACE),
    }, { shell: "sh", canAsk }).approval;
  assert.equal(of('"on-request"', true), "on-request");
  assert.equal(of('"on-request"', false), "never");
  assert.equal(of('"on-failure"', false), "never");
  assert.equal(of('"untrusted"', false), "untrusted");
  const granular =
    "{ granular = { sandbox_approval = true, rules = false, mcp_elicitations = true } }";
  const expected = {
    granular: {
      sandbox_approval: true,
      rules: false,
      mcp_elicitations: true,
      skill_approval: false,
      request_permissions: false,
    },
  };
  assert.deepEqual(of(granular, true), expected);
  assert.deepEqual(of(granular, false), expected);
});

Deno.test("turnSettingsOf() gathers what a thread starts with", async () => {
  await using machine = await Machine.create();
  await machine.user(
    'model_reasoning_effort = "high"\nmodel_reasoning_summary = "concise"\nmodel_verbosity = "low"\nservice_tier = "flex"\nsandbox_mode = "danger-full-access"\n',
  );
  const loaded = await machine.load({ canAsk: false });
  const settings = turnSettingsOf(loaded, { shell: "bash", canAsk: false });
  assert.equal(settings.model.slug, "gpt-5.5");
  assert.deepEqual({ ...settings, model: undefined }, {
    model: undefined,
    reasoningEffort: "high",
    reasoningSummary: "concise",
    verbosity: "low",
    serviceTier: "flex",
    cwd: machine.cwd,
    approval: "never",
    sandbox: { mode: "danger-full-access" },
    shell: "bash",
  });
  const plain = turnSettingsOf(loaded, {
    shell: "zsh",
    canAsk: false,
    model: "gpt-4.1",
    outputSchema: { type: "object" },
  });
  assert.equal(plain.model.slug, "gpt-4.1");
  assert.equal("reasoningEffort" in plain, false);
  assert.equal("verbosity" in plain, false);
  assert.deepEqual(plain.outputSchema, { type: "object" });
});

Deno.test("limitsOf() reads limits, times in every form, and --raise", () => {
  const time = (value: string): number | undefined =>
    limitsOf(configOf(`limits.timeout = ${value}`)).timeoutMs;
  assert.equal(time("90"), 90_000);
  assert.equal(time("1.5"), 1_500);
  assert.equal(time('"250ms"'), 250);
  assert.equal(time('"10m"'), 600_000);
  assert.equal(time('"1.5h"'), 5_400_000);
  assert.equal(time('"1h30m"'), 5_400_000);
  const config = configOf(
    "[limits]\nmax_tokens = 1000\nmax_requests = 5\nmax_tool_calls = 7\nmax_cost = 0.5\n",
  );
  assert.deepEqual(limitsOf(config), {
    requestsMax: 5,
    tokensMax: 1000,
    toolCallsMax: 7,
    costMax: 0.5,
  });
  assert.deepEqual(limitsOf(configOf("")), {});
  const raised = limitsOf(config, [
    { limit: "tokens", amount: 500, relative: true },
    { limit: "requests", amount: 50, relative: false },
  ]);
  assert.equal(raised.tokensMax, 1500);
  assert.equal(raised.requestsMax, 50);
  // Of a run whose limit was on its command line only: what is added is all there is.
  const added = { limit: "tool-calls", amount: 7, relative: true } as const;
  assert.deepEqual(limitsOf(configOf(""), [added]), { toolCallsMax: 7 });
});

Deno.test("every limit that can be configured ends a run", () => {
  type Limit = keyof z.infer<typeof LimitsTable>;
  // Those of a loop and of a wait end a turn: they are no sums.
  const others: readonly Limit[] = [
    "max_wait",
    "max_steps",
    "max_failing_rounds",
    "max_same_rounds",
    "tell_failing_rounds",
    "tell_same_rounds",
  ];
  const values: Partial<Record<Limit, string>> = {
    max_requests: "1",
    max_tokens: "1",
    max_tool_calls: "1",
    max_cost: "0.000001",
    timeout: '"1ms"',
  };
  assert.deepEqual(
    [...Object.keys(values), ...others],
    Object.keys(LimitsTable._zod.innerType.shape),
  );
  const ended = Object.entries(values).map(([key, value]) => {
    const config = configOf(`[limits]\n${key} = ${value}\n`);
    const budget = new Budget(limitsOf(config), {
      input: 1,
      cachedInput: 1,
      output: 1,
    });
    assert.equal(budget.exhausted(0), undefined, key);
    budget.countRequest({ ...NO_USAGE, totalTokens: 1, inputTokens: 1 });
    budget.countToolCalls(1);
    return budget.exhausted(1)?.kind;
  });
  assert.deepEqual(ended, ["requests", "tokens", "tool_calls", "cost", "time"]);
});

Deno.test("priceOf() takes a cached token for a fresh one unless it has a price", () => {
  const config = configOf(
    '[prices."a"]\ninput = 1\noutput = 8\n[prices.b]\ninput = 2\ncached_input = 0.5\noutput = 9\n',
  );
  assert.deepEqual(priceOf(config, "a"), {
    input: 1,
    cachedInput: 1,
    output: 8,
  });
  assert.deepEqual(priceOf(config, "b"), {
    input: 2,
    cachedInput: 0.5,
    output: 9,
  });
  assert.equal(priceOf(config, "toString"), undefined);
});

Deno.test("webSearchOf() searches unasked only on OpenAI's own servers", () => {
  const of = (text: string, id: string): string => {
    const config = configOf(text);
    return webSearchOf(
      config,
      providerOf(config, { env: () => undefined }, id),
    );
  };
  assert.equal(of("", "openai"), "cached");
  assert.equal(of("", "ollama"), "disabled");
  assert.equal(of('web_search = "live"', "ollama"), "live");
  assert.equal(of('web_search = "disabled"', "openai"), "disabled");
  assert.equal(of("[tools]\nweb_search = true", "openai"), "live");
  assert.equal(of("[tools]\nweb_search = false", "openai"), "disabled");
});

Deno.test("featureOn() reads a switch, a table, or the default", () => {
  const config = configOf(
    "[features]\nweb_search_request = true\nhooks = { enabled = false }\nview_image = { x = 1 }\n",
  );
  assert.equal(featureOn(config, "web_search_request"), true);
  assert.equal(featureOn(config, "hooks"), false);
  assert.equal(featureOn(config, "view_image"), true);
  assert.equal(featureOn(configOf(""), "hooks"), true);
});

Deno.test("webSearchOf() obeys the features' older switches", () => {
  const mode = (lines: string): string => {
    const config = configOf(lines);
    return webSearchOf(config, providerOf(config, { env: () => undefined }));
  };
  assert.equal(mode("features.web_search_request = true"), "live");
  assert.equal(mode("features.web_search_cached = true"), "cached");
  assert.equal(mode("features.web_search_request = false"), "disabled");
  assert.equal(mode(""), "cached");
});

Deno.test("webSearchOptions() has the words of the request", () => {
  const config = configOf(
    '[tools.web_search]\nallowed_domains = ["a.org"]\ncontext_size = "low"\nlocation = { country = "CH" }\n',
  );
  assert.deepEqual(webSearchOptions(config, {}), {
    filters: { allowed_domains: ["a.org"] },
    search_context_size: "low",
    user_location: { type: "approximate", country: "CH" },
  });
  assert.deepEqual(webSearchOptions(configOf(""), {}), {});
  assert.deepEqual(webSearchOptions(configOf(""), { searchesImages: true }), {
    search_content_types: ["text", "image"],
  });
});

Deno.test("isToolOn() takes away what is switched off, and nothing else", () => {
  const config = configOf(
    "[tools]\nview_image = false\nupdate_plan = { enabled = false }\n[features]\nshell_tool = false\n",
  );
  const names = ["shell", "update_plan", "apply_patch", "view_image"];
  const offered = (of: typeof config): readonly string[] =>
    names.filter((name) => isToolOn(of, {}, name));
  assert.deepEqual(offered(config), ["apply_patch"]);
  assert.deepEqual(offered(configOf("")), names);
  assert.equal(isToolOn(configOf(""), { hasShell: false }, "shell"), false);
});
