/** The secrets that settings hold: their values, and the variables that hold the rest. */
import { parse as parseToml } from "@std/toml";
import { checkedJson } from "../util/json/json.ts";

export interface FoundSecrets {
  readonly values: readonly string[];
  /** Environment variables whose values are secrets, whatever they are called. */
  readonly variables: readonly string[];
}

const NOTHING: FoundSecrets = { values: [], variables: [] };

const SECRET_NAME =
  /(^|[_-])(API)?(KEY|TOKEN|SECRET|(PG|SSH)?PASS(WORD|WD|PHRASE)?|MYSQL_PWD|PAT|CREDENTIALS?|AUTHORIZATION|AUTH|COOKIE|WEBHOOK|DSN)S?($|[_-])/i;

/** Whether a key says that its value is a secret: `API_KEY`, `--token`, `accessToken`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z])([A-Z])/g, "$1-$2"));
}

// Tables of free names: a key can be under any of them.
const VALUE_TABLES: ReadonlySet<string> = new Set([
  "env",
  "headers",
  "http_headers",
  "query_params",
  "set",
]);
/** Files of other programs with a name and its secret on a line. */
export const LINES_FILE =
  /(^|\/)(\.env[^/]*|\.npmrc|\.netrc|\.pypirc|\.git-credentials)$/;
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
// Letters and digits in one piece: a key in a path, and hardly ever the name of something.
const KEY_SEGMENT = /^(?=.*\d)(?=.*[A-Za-z])\w{12,}$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
// In a shell's line: `--token X`, `PASS=X`, `"api_key": "X"`, and what follows a scheme.
const NAMED_IN_LINE =
  /([\w-]+)["']?(?=(?:\s*[=:]\s*|\s+)["']?([^\s"';|&()<>]+))/g;
const SCHEME_IN_LINE = /\b(?:Bearer|Basic|Token)\s+([^\s"';|&()<>]+)/gi;

/** What a file says, if it is one that holds secrets. */
export function findFileSecrets(path: string, text: string): FoundSecrets {
  if (/(^|\/)([^/]+\.)?config\.toml$/.test(path)) return findTomlSecrets(text);
  if (LINES_FILE.test(path)) {
    return { values: text.split("\n").flatMap(lineSecrets), variables: [] };
  }
  const isLogin = /(^|\/)(auth\.json|mcp_logins\/[^/]+\.json)$/.test(path);
  if (!isLogin && !/(^|\/)(\.mcp|hooks)\.json$/.test(path)) return NOTHING;
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
  const visit = (
    value: unknown,
    path: readonly string[],
    before: string,
  ): void => {
    if (typeof value === "string") {
      const [list = "", key = ""] = path.slice(-2);
      for (const [, name = ""] of value.matchAll(/\$\{(\w+)/g)) {
        variables.push(name);
      }
      if (VARIABLE_KEYS.has(key) || VARIABLE_KEYS.has(list)) {
        variables.push(value);
      } else if (VALUE_TABLES.has(list) || isSecretName(key)) {
        values.push(value, value.replace(/^\w+ /, ""));
      } else if (ARGUMENT_LISTS.has(list)) {
        values.push(...argumentSecrets(value, before));
      } else if (key === "command") values.push(...lineSecrets(value));
      else values.push(...addressSecrets(value));
      return;
    }
    let last = "";
    for (const [key, child] of Object.entries(asTree(value))) {
      visit(child, [...path, key], last);
      last = typeof child === "string" ? child : "";
    }
  };
  visit(tree, [], "");
  return { values, variables };
}

function argumentSecrets(
  argument: string,
  before: string,
): readonly string[] {
  const [, flag, value = ""] = /^(--?[\w-]+)=(.*)$/s.exec(argument) ?? [];
  if (flag !== undefined) return [value];
  if (before.startsWith("-") && isSecretName(before)) return [argument];
  if (PLAIN_ARGUMENT.test(argument)) return [];
  // Its words are looked up as names of scripts: they turn up one by one.
  const words = argument.split(/[\s"']+/).filter((word) =>
    !PLAIN_ARGUMENT.test(word)
  );
  return [argument, ...words, ...addressSecrets(argument)];
}

function lineSecrets(line: string): readonly string[] {
  const named = [...line.matchAll(NAMED_IN_LINE)].flatMap((
    [, name = "", value],
  ) => (isSecretName(name) ? value ?? [] : []));
  const schemes = [...line.matchAll(SCHEME_IN_LINE)].map(([, value]) =>
    value ?? ""
  );
  const words = line.split(/[\s"'=;|&()<>]+/);
  return [...named, ...schemes, ...words.flatMap(addressSecrets)];
}

function addressSecrets(text: string): readonly string[] {
  if (!URL.canParse(text)) return [];
  const { pathname, searchParams } = new URL(text);
  return [
    ...searchParams.values(),
    ...pathname.split("/").filter((one) =>
      KEY_SEGMENT.test(one) || UUID.test(one)
    ),
  ];
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
