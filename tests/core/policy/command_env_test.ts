/** What environment a command gets, filter by filter. */
import assert from "node:assert/strict";
import {
  buildCommandEnv,
  type CommandEnvInput,
  type EnvironmentPolicy,
} from "../../../core/policy/command_env.ts";

const POLICY: EnvironmentPolicy = {
  inherit: "all",
  ignore_default_excludes: true,
  exclude: [],
  set: {},
  include_only: [],
};
const PARENT = {
  PATH: "/bin",
  HOME: "/h",
  FOO: "1",
  MY_TOKEN: "t",
  api_key: "k",
  OPENAI_API_KEY: "sk",
  TERM: "xterm",
  LANG: "de_DE",
};

function env(
  policy: Partial<EnvironmentPolicy>,
  more: Partial<CommandEnvInput> = {},
): Record<string, string> {
  return buildCommandEnv({
    parent: PARENT,
    policy: { ...POLICY, ...policy },
    secretNames: ["OPENAI_API_KEY", "CODEX_API_KEY"],
    threadId: "t1",
    networkAccess: true,
    ...more,
  });
}

function own(policy: Partial<EnvironmentPolicy>): string[] {
  const forced = new Set(Object.keys(env({ inherit: "none" })));
  return Object.keys(env(policy)).filter((name) => !forced.has(name));
}

Deno.test("buildCommandEnv() inherits all, the core, or nothing", () => {
  assert.deepEqual(own({}), ["PATH", "HOME", "FOO", "MY_TOKEN", "api_key"]);
  assert.deepEqual(own({ inherit: "core" }), ["PATH", "HOME"]);
  assert.deepEqual(own({ inherit: "none" }), []);
});

Deno.test("buildCommandEnv() applies the filters in their order", () => {
  assert.deepEqual(own({ ignore_default_excludes: false }), [
    "PATH",
    "HOME",
    "FOO",
  ]);
  assert.deepEqual(own({ exclude: ["f?o", "*_TOKEN"] }), [
    "PATH",
    "HOME",
    "api_key",
  ]);
  // `set` comes after the excludes, `include_only` after `set`.
  assert.deepEqual(
    own({ exclude: ["A*"], set: { ABC: "x" }, inherit: "none" }),
    ["ABC"],
  );
  assert.deepEqual(own({ set: { ABC: "x" }, include_only: ["PATH"] }), [
    "PATH",
  ]);
  assert.equal(env({ set: { FOO: "2" } })["FOO"], "2");
});

Deno.test("buildCommandEnv() passes a provider's key only when it is named", () => {
  assert.equal(env({})["OPENAI_API_KEY"], undefined);
  assert.equal(env({ include_only: ["*"] })["OPENAI_API_KEY"], undefined);
  assert.equal(
    env({ include_only: ["OPENAI_*"] })["OPENAI_API_KEY"],
    undefined,
  );
  assert.equal(
    env({ include_only: ["OPENAI_API_KEY"] })["OPENAI_API_KEY"],
    "sk",
  );
  assert.equal(
    env({ set: { OPENAI_API_KEY: "other" } })["OPENAI_API_KEY"],
    "other",
  );
});

Deno.test("buildCommandEnv() forces what keeps commands from waiting and colouring", () => {
  const all = env({
    set: { TERM: "xterm", PAGER: "less" },
    include_only: ["NOTHING"],
  });
  const expected = {
    NO_COLOR: "1",
    TERM: "dumb",
    PAGER: "cat",
    GIT_PAGER: "cat",
    GH_PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    RIPGREP_CONFIG_PATH: "",
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    CODEX_THREAD_ID: "t1",
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(all[name], value, name);
  }
});

Deno.test("buildCommandEnv() tells a command that it has no network", () => {
  assert.equal(env({})["CODEX_SANDBOX_NETWORK_DISABLED"], undefined);
  assert.equal(
    env({}, { networkAccess: false })["CODEX_SANDBOX_NETWORK_DISABLED"],
    "1",
  );
});

Deno.test("buildCommandEnv() names the span of the call, and no longer the one that we were started under", () => {
  const parent = { ...PARENT, TRACEPARENT: "old", TRACESTATE: "old" };
  const named = (
    policy: Partial<EnvironmentPolicy>,
    trace?: CommandEnvInput["trace"],
  ): unknown => {
    const { TRACEPARENT, TRACESTATE } = env(policy, { parent, trace });
    return [TRACEPARENT, TRACESTATE];
  };
  const trace = { traceparent: "new" };
  assert.deepEqual(named({}), ["old", "old"]);
  assert.deepEqual(named({}, trace), ["new", undefined]);
  assert.deepEqual(named({}, { ...trace, tracestate: "a=1" }), ["new", "a=1"]);
  const narrow = { inherit: "none", include_only: ["PATH"] } as const;
  assert.deepEqual(named(narrow, trace), ["new", undefined]);
  assert.deepEqual(named({ exclude: ["TRACE*"] }, trace), [
    undefined,
    undefined,
  ]);
});
