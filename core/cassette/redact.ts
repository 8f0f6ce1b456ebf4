/** Keeps secrets out of a cassette: values that are known, and those that look like keys. */
import type { Json, JsonObject } from "../util/json/json.ts";
import {
  findFileSecrets,
  findOverrideSecrets,
  type FoundSecrets,
  isSecretName,
  LINES_FILE,
} from "./secrets.ts";

const REDACTED = "[redacted]";
// Shorter ones would be found in innocent text; nobody's key is so short.
const LENGTH_MIN = 8;
const SECRET_SETTING =
  /[\w-]*(?:token|secret|password|authorization|api[-_]?key)["']?\s*[=:]\s*["']([^"'\n]+)["']/gi;
const SECRET_FILE =
  /(^|\/)(auth\.json|\.mcp\.json|hooks\.json|mcp_logins\/[^/]+|config\.toml|[^/]*\.config\.toml)$/;
const URL_LOGIN = /\b(\w+:\/\/)([^\s\/:@"']*:[^\s\/@"']+)@/g;
const VARIABLE_NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
const KEY_SHAPE = /\bsk-[A-Za-z0-9_-]{16,}/g;

/** What a cassette says of a variable: nothing where it holds a key, short ones included. */
export function redactVariable(name: string, value: string): string {
  // That it is empty is no secret, and means the same as if it were not there.
  if (isSecretName(name) && value !== "") return REDACTED;
  return value.replaceAll(URL_LOGIN, `$1${REDACTED}@`);
}

/** Whether a file of that name may hold credentials. */
export function isSecretFile(path: string): boolean {
  return SECRET_FILE.test(path) || LINES_FILE.test(path);
}

/** Learns secrets as they pass by and takes them out of whatever is written. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #order: readonly string[] = [];
  readonly #env: (name: string) => string | undefined;
  readonly #places: readonly string[];

  constructor(options: {
    readonly env?: (name: string) => string | undefined;
    /** Paths that every cassette tells; a part of them is no secret. */
    readonly places?: readonly string[];
  } = {}) {
    this.#env = options.env ?? (() => undefined);
    this.#places = options.places ?? [];
  }

  learn(...values: readonly (string | undefined)[]): void {
    for (const value of values) {
      if (value === undefined || value.length < LENGTH_MIN) continue;
      // A variable's name stands where its value would be the secret.
      if (VARIABLE_NAME.test(value)) continue;
      if (this.#places.some((path) => path.includes(value))) continue;
      this.#secrets.add(value);
      // As it stands in JSON and TOML, and in JSON within JSON.
      const quoted = JSON.stringify(value).slice(1, -1);
      this.#secrets.add(quoted).add(JSON.stringify(quoted).slice(1, -1));
    }
  }

  /** Variables whose names speak of a secret, and addresses with a password in them. */
  learnVariables(variables: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(variables)) {
      if (isSecretName(name)) this.learn(value);
      this.#learnLogins(value);
    }
  }

  /** What a file with credentials says. */
  learnFile(path: string, text: string): void {
    if (!isSecretFile(path)) return;
    for (const match of text.matchAll(SECRET_SETTING)) this.learn(match[1]);
    this.#learnFound(findFileSecrets(path, text));
    this.#learnLogins(text);
  }

  /** What a setting of the command line says. */
  learnOverride(override: string): void {
    this.#learnFound(findOverrideSecrets(override));
  }

  /** Of a request: its credentials and every header that is not ours to know. */
  learnHeaders(headers: Headers): void {
    for (const [name, value] of headers) {
      if (!isSecretName(name)) continue;
      this.learn(value, value.replace(/^\w+ /, ""));
    }
  }

  /** The value without any secret. */
  redact(value: Json): Json {
    if (typeof value === "string") return this.#redactText(value);
    if (Array.isArray(value)) return value.map((child) => this.redact(child));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as JsonObject).map((
        [key, child],
      ) => [this.#redactText(key), this.redact(child)]),
    );
  }

  #redactText(text: string): string {
    let clean = text;
    // Longer ones first: one may hold another.
    for (const secret of this.#sorted()) {
      clean = clean.replaceAll(secret, REDACTED);
    }
    return clean.replace(KEY_SHAPE, REDACTED);
  }

  #sorted(): readonly string[] {
    if (this.#order.length !== this.#secrets.size) {
      this.#order = [...this.#secrets].sort((a, b) => b.length - a.length);
    }
    return this.#order;
  }

  #learnLogins(text: string): void {
    for (const match of text.matchAll(URL_LOGIN)) this.learn(match[2]);
  }

  #learnFound({ values, variables }: FoundSecrets): void {
    this.learn(...values, ...variables.map((name) => this.#env(name)));
  }
}
