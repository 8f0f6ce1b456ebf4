/** Tests of core/config/overrides.ts. */
import assert from "node:assert/strict";
import { buildFlags, buildOverrides } from "../../../core/config/overrides.ts";
import { parseToml } from "../../../core/config/file/toml.ts";

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

Deno.test("buildOverrides() reads each form of -c", () => {
  const table: readonly (readonly [string, string, unknown])[] = [
    ["model=o3", "model", "o3"],
    ['model="o3"', "model", "o3"],
    ["model='o3'", "model", "o3"],
    ["  model  =  gpt-5.5  ", "model", "gpt-5.5"],
    ["x=[1,2]", "x", [1, 2]],
    ['x=["a", "b"]', "x", ["a", "b"]],
    ["a=true", "a", true],
    ["a=5", "a", 5],
    ["a=1.5", "a", 1.5],
    ["a=tru", "a", "tru"],
    ["a=", "a", ""],
    ['a=""', "a", ""],
    ['a="half', "a", "half"],
    ["a=x=y", "a", "x=y"],
    ["a=k:'v'", "a", "k:'v"],
    ["t={ b = 1, c = { d = 'e' } }", "t", { b: 1, c: { d: "e" } }],
    ["t={}", "t", {}],
    ["a.b.c=1", "a|b|c", 1],
    ["a . b=1", "a|b", 1],
    [
      'projects."/a.b=c".trust_level=untrusted',
      "projects|/a.b=c|trust_level",
      "untrusted",
    ],
    [`a."x.y" . 'd.e'.b="c.d"`, "a|x.y|d.e|b", "c.d"],
    [`a."it's x"=1`, "a|it's x", 1],
    ["openai_base_url=http://h:1/v1", "openai_base_url", "http://h:1/v1"],
    ["a=1\nb=2", "a", "1\nb=2"],
    ["developer_instructions=be brief", "developer_instructions", "be brief"],
  ];
  for (const [text, path, value] of table) {
    const tree = path.split("|").reduceRight<unknown>(
      (inner, key) => ({ [key]: inner }),
      value,
    );
    assert.deepEqual(plain(buildOverrides([text])), tree, text);
  }
});

Deno.test("buildOverrides() refuses what has no key or no equals sign", () => {
  const message = (text: string): string => {
    try {
      buildOverrides([text]);
    } catch (error) {
      assert.equal((error as { kind?: string }).kind, "usage");
      return (error as Error).message;
    }
    throw new Error(`${text} was taken`);
  };
  assert.equal(message("model"), 'Cannot read -c "model": must be key=value');
  assert.equal(
    message('a."b=5'),
    'Cannot read -c "a.\\"b=5": must be key=value',
  );
  assert.equal(message("=5"), 'Cannot read -c "=5": must be key=value');
  assert.equal(message("  =5"), 'Cannot read -c "  =5": must be key=value');
  assert.equal(
    message("a..b=5"),
    'Cannot read -c "a..b=5": the key "a..b" has an empty part',
  );
});

Deno.test("buildOverrides() lets later ones win and makes way for tables", () => {
  const tree = buildOverrides(["a.b=1", "a.c=2", "a.b=3", "x=1", "x.y=2"]);
  assert.deepEqual(plain(tree), { a: { b: 3, c: 2 }, x: { y: 2 } });
});

Deno.test("buildOverrides() gives no meaning to prototype names", () => {
  const tree = buildOverrides(["__proto__.polluted=1", "constructor.x=2"]);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.deepEqual(Object.keys(tree), ["__proto__", "constructor"]);
});

Deno.test("buildFlags() turns flags into keys, the sharper one last", () => {
  const tree = (flags: Parameters<typeof buildFlags>[0]): unknown =>
    plain(buildFlags(flags, undefined));
  assert.deepEqual(tree({}), {});
  assert.deepEqual(tree({ model: "m", sandbox: "read-only", search: true }), {
    model: "m",
    sandbox_mode: "read-only",
    web_search: "live",
  });
  assert.deepEqual(tree({ fullAuto: true }), {
    sandbox_mode: "workspace-write",
  });
  assert.deepEqual(
    tree({ bypass: true, sandbox: "read-only", askForApproval: "untrusted" }),
    {
      sandbox_mode: "danger-full-access",
      approval_policy: "never",
    },
  );
  assert.deepEqual(tree({ enable: ["unified_exec"], disable: ["hooks"] }), {
    features: { unified_exec: true, hooks: false },
  });
  assert.deepEqual(
    tree({
      maxRequests: 3,
      maxTokens: 4,
      maxToolCalls: 5,
      maxCost: 0.5,
      timeoutMs: 1500,
    }),
    {
      limits: {
        max_requests: 3,
        max_tokens: 4,
        max_tool_calls: 5,
        max_cost: 0.5,
        timeout: 1.5,
      },
    },
  );
});

Deno.test("buildFlags() chooses provider and model for --oss", () => {
  const tree = (
    flags: Parameters<typeof buildFlags>[0],
    configured?: string,
  ): unknown => plain(buildFlags(flags, configured));
  assert.deepEqual(tree({ oss: true }), {
    model_provider: "ollama",
    model: "gpt-oss:20b",
  });
  assert.deepEqual(tree({ oss: true }, "lmstudio"), {
    model_provider: "lmstudio",
    model: "openai/gpt-oss-20b",
  });
  assert.deepEqual(
    tree({ oss: true, localProvider: "ollama", model: "qwen3" }, "lmstudio"),
    {
      model_provider: "ollama",
      model: "qwen3",
    },
  );
  assert.throws(() => buildFlags({ localProvider: "x" }, undefined), {
    message:
      'Cannot use local provider "x": must be one of "ollama", "lmstudio"',
  });
});

Deno.test("buildFlags() refuses an unknown feature and says what was meant", () => {
  assert.throws(() => buildFlags({ enable: ["unified_exek"] }, undefined), {
    name: "UserError",
    message:
      'Cannot enable feature "unified_exek": it is unknown, did you mean "unified_exec"?',
  });
  assert.throws(() => buildFlags({ disable: ["toString"] }, undefined), {
    message: 'Cannot disable feature "toString": it is unknown',
  });
});

Deno.test("buildOverrides() agrees with the same keys in a file", () => {
  const inFile = parseToml('a = "x"\n[t]\nb = [1, 2]\n[t.c]\nd = false\n', "f");
  assert.deepEqual(
    plain(buildOverrides(["a=x", "t.b=[1,2]", "t.c.d=false"])),
    plain(inFile),
  );
});
