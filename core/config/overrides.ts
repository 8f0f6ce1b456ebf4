/** `-c key=value`, and the flags that are short for it, as a tree of configuration. */
import type { AgentFlags, ExecFlags } from "../contract/command_line.ts";
import { usageError } from "../protocol/error.ts";
import { closestWord } from "../util/text/similar.ts";
import { featureNames } from "./file/fates.ts";
import {
  emptyTable,
  parseTomlValue,
  type TomlTable,
  type TomlValue,
  withValue,
} from "./file/toml.ts";

/** What the command line may say about the configuration. */
export type ConfigFlags =
  & AgentFlags
  & Pick<
    ExecFlags,
    "timeoutMs" | "waitForLimits"
  >;

/** One `-c`: its dotted key, and its value as TOML or else as plain text. */
function parseOverride(
  text: string,
): { readonly path: readonly string[]; readonly value: TomlValue } {
  // A quoted part may hold a dot or an equals sign.
  const start = /^(?:"[^"]*"|'[^']*'|[^"'=])*/.exec(text)?.[0] ?? "";
  const key = start.trim();
  if (text[start.length] !== "=" || key === "") {
    throw usageError(
      `Cannot read -c ${JSON.stringify(text)}: must be key=value`,
    );
  }
  // Split at every dot, as Codex does, but for those in quotes.
  const path = key.split(/\.(?=(?:"[^"]*"|'[^']*'|[^"'])*$)/)
    .map((part) => part.trim().replace(/^(["'])(.*)\1$/s, "$2"));
  if (path.includes("")) {
    throw usageError(
      `Cannot read -c ${
        JSON.stringify(text)
      }: the key "${key}" has an empty part`,
    );
  }
  const value = text.slice(start.length + 1).trim();
  return { path, value: parseTomlValue(value) ?? unquote(value) };
}

/** All `-c` of a command line as one tree; later ones win. */
export function buildOverrides(texts: readonly string[]): TomlTable {
  return texts.map(parseOverride).reduce(
    (tree, { path, value }) => withValue(tree, path, value),
    emptyTable(),
  );
}

/** The flags as a tree. `ossProvider` is the configured one. */
export function buildFlags(
  flags: ConfigFlags,
  ossProvider: string | undefined,
): TomlTable {
  const values: (readonly [string, TomlValue | undefined])[] = [
    ...ossValues(flags, ossProvider),
    ["model", flags.model],
    ["sandbox_mode", flags.fullAuto ? "workspace-write" : undefined],
    ["sandbox_mode", flags.sandbox],
    ["approval_policy", flags.askForApproval],
    ["sandbox_mode", flags.bypass ? "danger-full-access" : undefined],
    ["approval_policy", flags.bypass ? "never" : undefined],
    ["web_search", flags.search ? "live" : undefined],
    ["strict_cache", flags.strictCache],
    ["limits.max_requests", flags.maxRequests],
    ["limits.max_tokens", flags.maxTokens],
    ["limits.max_tool_calls", flags.maxToolCalls],
    ["limits.max_cost", flags.maxCost],
    [
      "limits.timeout",
      flags.timeoutMs === undefined ? undefined : flags.timeoutMs / 1000,
    ],
    ["limits.max_wait", flags.waitForLimits ? "forever" : undefined],
    ...features(flags.enable ?? [], true),
    ...features(flags.disable ?? [], false),
  ];
  return values.reduce<TomlTable>(
    (tree, [key, value]) =>
      value === undefined ? tree : withValue(tree, key.split("."), value),
    emptyTable(),
  );
}

function ossValues(
  flags: ConfigFlags,
  ossProvider: string | undefined,
): (readonly [string, string])[] {
  if (!flags.oss && flags.localProvider === undefined) return [];
  const provider = flags.localProvider ?? ossProvider ?? "ollama";
  const model = Object.hasOwn(OSS_MODELS, provider)
    ? OSS_MODELS[provider]
    : undefined;
  if (model === undefined) {
    throw usageError(
      `Cannot use local provider "${provider}": must be one of "ollama", "lmstudio"`,
    );
  }
  return [["model_provider", provider], ["model", model]];
}

const OSS_MODELS: Readonly<Record<string, string>> = {
  ollama: "gpt-oss:20b",
  lmstudio: "openai/gpt-oss-20b",
};

function features(
  names: readonly string[],
  on: boolean,
): (readonly [string, boolean])[] {
  return names.map((name) => {
    const known = featureNames();
    if (known.includes(name)) return [`features.${name}`, on] as const;
    const close = closestWord(name, known);
    throw usageError(
      `Cannot ${on ? "enable" : "disable"} feature "${name}": it is unknown` +
        (close === undefined ? "" : `, did you mean "${close}"?`),
    );
  });
}

function unquote(text: string): string {
  return text.replace(/^["']+|["']+$/g, "");
}
