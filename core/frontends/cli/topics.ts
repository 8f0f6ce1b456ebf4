/** Data. What `rondo help` explains besides the commands. */

const TABLE = {
  providers:
    "How to reach OpenAI, Azure, Ollama, LM Studio, vLLM, llama.cpp, OpenRouter and LiteLLM",
  config: "Every key of config.toml",
  events: "Every line of exec --json",
  "exit-codes": "What each exit code says",
  flags: "Every flag, and the commands that take it",
  "slash-commands": "What can be typed in a conversation",
} as const;

type Topic = keyof typeof TABLE;

/** Made from the tables of the program; the others are written by hand. */
export type ReferenceTopic = Exclude<Topic, "providers">;

export const TOPICS: Readonly<Record<Topic, string>> = TABLE;

/** The topic that these words of `rondo help` name, if its page is a reference. */
export function referenceTopic(
  words: readonly string[],
): ReferenceTopic | undefined {
  const [name = ""] = words;
  return words.length === 1 && Object.hasOwn(TOPICS, name) &&
      name !== "providers"
    ? name as ReferenceTopic
    : undefined;
}
