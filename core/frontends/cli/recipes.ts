/** Data. How to reach the servers that people use: what to start, and what config.toml says. */

interface Recipe {
  readonly name: string;
  /** Command lines that come first, and what they are for. */
  readonly before: readonly string[];
  /** The whole of a config.toml that works. */
  readonly toml: string;
  /** What differs from server to server. */
  readonly note?: string;
}

/** In the order of `rondo help providers`. */
export const RECIPES: readonly Recipe[] = [
  {
    name: "OpenAI",
    before: ["printenv OPENAI_API_KEY | rondo login --with-api-key"],
    toml: `model = "gpt-5.5"
model_reasoning_effort = "medium"`,
  },
  {
    // learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle: the v1 API
    name: "Azure",
    before: ["export AZURE_OPENAI_API_KEY=YOUR-KEY"],
    toml: `model = "my-gpt-5"             # the name of your deployment
model_provider = "azure"
model_context_window = 272000  # where that name does not tell the model

[model_providers.azure]
name = "Azure"
base_url = "https://RESOURCE.openai.azure.com/openai/v1"
env_http_headers = { api-key = "AZURE_OPENAI_API_KEY" }`,
    note:
      'With a dated API: query_params = { api-version = "…" }, and base_url without /v1.',
  },
  {
    // docs.ollama.com: context length, OpenAI compatibility
    name: "Ollama",
    before: [
      "OLLAMA_CONTEXT_LENGTH=32768 ollama serve",
      "ollama pull qwen3-coder:30b",
    ],
    toml: `model = "qwen3-coder:30b"
model_provider = "ollama"
model_context_window = 32768  # what the server was started with`,
    note:
      'On another machine: a table of its own with base_url = "http://HOST:11434/v1"; older servers need wire_api = "chat" in it.',
  },
  {
    // lmstudio.ai/docs/cli
    name: "LM Studio",
    before: [
      "lms server start",
      "lms load openai/gpt-oss-20b --context-length 32768",
    ],
    toml: `model = "openai/gpt-oss-20b"
model_provider = "lmstudio"
model_context_window = 32768  # what the model was loaded with`,
  },
  {
    // docs.vllm.ai: OpenAI-compatible server, tool calling
    name: "vLLM",
    before: [
      "vllm serve Qwen/Qwen3-Coder-30B-A3B-Instruct --max-model-len 65536 --enable-auto-tool-choice --tool-call-parser qwen3_coder",
    ],
    toml: `model = "Qwen/Qwen3-Coder-30B-A3B-Instruct"
model_provider = "vllm"
model_context_window = 65536   # --max-model-len

[model_providers.vllm]
name = "vLLM"
base_url = "http://localhost:8000/v1"
single_system_message = true   # the templates of most models want one
supports_custom_tools = false`,
    note: 'Versions without /v1/responses: wire_api = "chat".',
  },
  {
    // llama.cpp, tools/server/README.md
    name: "llama.cpp",
    before: ["llama-server -m MODEL.gguf --jinja -c 32768 --port 8080"],
    toml:
      `model = "local"               # the server has one, whatever it is called here
model_provider = "llamacpp"
model_context_window = 32768  # -c

[model_providers.llamacpp]
name = "llama.cpp"
base_url = "http://localhost:8080/v1"
wire_api = "chat"`,
  },
  {
    // openrouter.ai/docs: Responses API
    name: "OpenRouter",
    before: ["export OPENROUTER_API_KEY=…"],
    toml: `model = "anthropic/claude-sonnet-4.5"
model_provider = "openrouter"

[model_providers.openrouter]
name = "OpenRouter"
base_url = "https://openrouter.ai/api/v1"
env_key = "OPENROUTER_API_KEY"`,
    note: "Models there are asked for by VENDOR/MODEL.",
  },
  {
    // docs.litellm.ai: proxy, /responses
    name: "LiteLLM",
    before: ["litellm --config config.yaml", "export LITELLM_API_KEY=…"],
    toml: `model = "my-model"            # a model_name of its config.yaml
model_provider = "litellm"
model_context_window = 128000

[model_providers.litellm]
name = "LiteLLM"
base_url = "http://localhost:4000/v1"
env_key = "LITELLM_API_KEY"`,
  },
];
