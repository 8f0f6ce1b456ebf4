/** The secrets that settings hold: their values, and the variables that hold the rest. */
import { parse as parseToml } from "@std/toml";
import { checkedJson } from "../util/json/json.ts";

export interface FoundSecrets {
  readonly values: readonly string[];
  /** Environment variables whose values are secrets, whatever they are called. */
  readonly variables: readonly string[];
}

const NOTHING: FoundSecrets = { values: [], variables: [] };

/** A key that says that its value is a secret. */
export const SECRET_NAME =
  /(^|[_-])(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTHORIZATION|AUTH|COOKIE)S?($|[_-])/i;

// Tables of free names: a key can be under any of them.
const VALUE_TABLES: ReadonlySet<string> = new Set([
  "env",
  "headers",
  "http_headers",
  "query_params",
  "set",
]);
const ARGUMENT_LISTS: ReadonlySet<string> = new Set(["args", "notify"]);
// Here the name of a variable stands for its value.
const VARIABLE_KEYS: ReadonlySet<string> = new Set([
  "bearer_token_env_var",
  "env_http_headers",
  "env_key",
  "env_vars",
]);
// A flag or a word of everyday use among arguments is no secret, and is in every text.
const PLAIN_ARGUMENT = /^-{0,2}[a-z]{1,16}(-[a-z]{1,16}){0,3}$/i;

/** What a file says, if it is one that holds secrets. */
export function findFileSecrets(path: string, text: string): FoundSecrets {
  if (/(^|\/)([^/]+\.)?config\.toml$/.test(path)) return findTomlSecrets(text);
  const isLogin = /(^|\/)(auth\.json|mcp_logins\/[^/]+\.json)$/.test(path);
  if (!isLogin && !/(^|\/)\.mcp\.json$/.test(path)) return NOTHING;
  const tree = attempt(() => checkedJson(text));
  return isLogin
    ? { values: textsOf(tree), variables: [] }
    : findTreeSecrets(tree);
}

/** What a setting of the command line says: `mcp_servers.a.env.TOKEN=…`. */
export function findOverrideSecrets(override: string): FoundSecrets {
  const at = override.indexOf("=");
  const key = override.slice(0, at);
  const value = override.slice(at + 1);
  const tree = attempt(() => parseToml(`${key} = ${value}`)) ??
    attempt(() => parseToml(`${key} = ${JSON.stringify(value)}`));
  return findTreeSecrets(tree);
}

function findTomlSecrets(text: string): FoundSecrets {
  return findTreeSecrets(attempt(() => parseToml(text)));
}

function findTreeSecrets(tree: unknown): FoundSecrets {
  const values: string[] = [];
  const variables: string[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value === "string") {
      const [list = "", key = ""] = path.slice(-2);
      for (const [, name = ""] of value.matchAll(/\$\{(\w+)/g)) {
        variables.push(name);
      }
      if (VARIABLE_KEYS.has(key) || VARIABLE_KEYS.has(list)) {
        variables.push(value);
      } else if (VALUE_TABLES.has(list) || SECRET_NAME.test(key)) {
        values.push(value, value.replace(/^\w+ /, ""));
      } else if (ARGUMENT_LISTS.has(list)) {
        values.push(...argumentSecrets(value));
      } else values.push(...queryValues(value));
      return;
    }
    for (const [key, child] of Object.entries(asTree(value))) {
      visit(child, [...path, key]);
    }
  };
  visit(tree, []);
  return { values, variables };
}

function argumentSecrets(argument: string): readonly string[] {
  const [, flag, value = ""] = /^(--?[\w-]+)=(.*)$/s.exec(argument) ?? [];
  if (flag !== undefined) return [value];
  if (PLAIN_ARGUMENT.test(argument)) return [];
  // Its words are looked up as names of scripts: they turn up one by one.
  const words = argument.split(/[\s"']+/).filter((word) =>
    !PLAIN_ARGUMENT.test(word)
  );
  return [argument, ...words, ...queryValues(argument)];
}

function queryValues(text: string): readonly string[] {
  if (!URL.canParse(text)) return [];
  return [...new URL(text).searchParams.values()];
}

function textsOf(tree: unknown): readonly string[] {
  if (typeof tree === "string") return [tree];
  return Object.values(asTree(tree)).flatMap(textsOf);
}

function asTree(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function attempt(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    // What is broken is looked through as text.
    return undefined;
  }
}
