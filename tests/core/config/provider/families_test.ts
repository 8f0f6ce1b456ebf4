/** Tests of core/config/provider/families.ts. */
import assert from "node:assert/strict";
import {
  familyOf,
  sizeStyle,
} from "../../../../core/config/provider/families.ts";

Deno.test("familyOf() has the windows that Codex 0.171 lists", () => {
  const windows = {
    "gpt-6.2-sol": 500_000,
    "gpt-6.2-astra": 272_000,
    "gpt-6-astra": 272_000,
    "gpt-6.1-sol": 500_000,
    "gpt-6.1-terra": 500_000,
    "gpt-6-sol": 272_000,
    "gpt-6-luna": 272_000,
    "gpt-5.6-sol": 272_000,
    "gpt-5.6-terra": 272_000,
    "gpt-5.6-luna": 272_000,
    "gpt-daybreak-blue-latest": 272_000,
    "gpt-daybreak-red-latest": 372_000,
    "gpt-5.5": 272_000,
    "codex-auto-review": 272_000,
  };
  for (const [slug, window] of Object.entries(windows)) {
    assert.equal(familyOf(slug)?.contextWindow, window, slug);
  }
});

Deno.test("familyOf() knows a model under the names that servers give it", () => {
  const cases: readonly [string, number][] = [
    ["us.anthropic.claude-sonnet-4-20250514-v1:0", 200_000],
    ["anthropic/claude-3-5-haiku", 200_000],
    ["openai.gpt-oss-120b-1:0", 131_072],
    ["gemini-2.5-pro", 1_048_576],
    ["models/gemini-3-flash-preview", 1_048_576],
    ["Qwen/Qwen3-Coder-30B-A3B-Instruct", 262_144],
    ["qwen3-coder:30b", 262_144],
    ["qwen3:8b", 40_960],
    ["qwen2.5-coder:7b", 32_768],
    ["hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", 40_960],
    ["meta-llama/Llama-3.3-70B-Instruct", 131_072],
    ["meta-llama-3.1-8b-instruct", 131_072],
    ["llama3.3:70b", 131_072],
    ["llama3:8b", 8_192],
    ["meta.llama3-3-70b-instruct-v1:0", 131_072],
    ["deepseek-ai/DeepSeek-V3.1", 131_072],
    ["deepseek-r1:14b", 131_072],
    ["zai-org/GLM-4.6", 202_752],
    ["moonshotai/kimi-k2:free", 262_144],
    ["mistralai/devstral-small-2507", 131_072],
    ["mistral-7b-instruct", 131_072],
    ["gemma3:27b", 131_072],
    ["gemma-3n-e4b", 32_768],
    ["phi4:14b", 16_384],
    ["grok-3", 131_072],
    ["grok-4-fast", 256_000],
  ];
  for (const [slug, window] of cases) {
    assert.equal(familyOf(slug)?.contextWindow, window, slug);
  }
  for (
    const slug of ["house-model", "gpt-50", "claudette", "o30", "geminids"]
  ) {
    assert.equal(familyOf(slug), undefined, slug);
  }
});

Deno.test("the text for small models goes by the size in the name, else by the family", () => {
  const style = (slug: string) => familyOf(slug)?.promptStyle;
  assert.equal(style("qwen3:8b"), "small");
  assert.equal(style("qwen3:235b-a22b"), undefined);
  assert.equal(style("gpt-oss"), "small");
  assert.equal(style("gpt-oss:120b"), undefined);
  assert.equal(style("deepseek-r1:7b"), "small");
  assert.equal(style("deepseek-chat"), undefined);
  assert.equal(style("gpt-5.3-codex"), "terse");
  assert.equal(style("claude-opus-4-5"), undefined);
  assert.equal(sizeStyle("model-1.5b-q8"), "small");
  assert.equal(sizeStyle("model-8bit"), undefined);
});
