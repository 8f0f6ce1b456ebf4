/** Keeps secrets out of a cassette: values that are known, and those that look like keys. */
import type { Json, JsonObject } from "../util/json/json.ts";

const REDACTED = "[redacted]";
// Shorter ones would be found in innocent text; nobody's key is so short.
const LENGTH_MIN = 8;
const SECRET_NAME =
  /(^|[_-])(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTHORIZATION|AUTH|COOKIE)S?($|[_-])/i;
const SECRET_SETTING =
  /[\w-]*(?:token|secret|password|authorization|api[-_]?key)["']?\s*[=:]\s*["']([^"'\n]+)["']/gi;
const SECRET_FILE =
  /(^|\/)(auth\.json|config\.toml|[^/]*\.config\.toml|\.env[^/]*)$/;
const URL_LOGIN = /\b(\w+:\/\/)([^\s\/:@"']*:[^\s\/@"']+)@/g;
const VARIABLE_NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
const KEY_SHAPE = /\bsk-[A-Za-z0-9_-]{16,}/g;

/** What a cassette says of a variable: nothing where it holds a key, short ones included. */
export function redactVariable(name: string, value: string): string {
  // That it is empty is no secret, and means the same as if it were not there.
  if (SECRET_NAME.test(name) && value !== "") return REDACTED;
  return value.replaceAll(URL_LOGIN, `$1${REDACTED}@`);
}

/** Learns secrets as they pass by and takes them out of whatever is written. */
export class Redactor {
  readonly #secrets = new Set<string>();

  learn(...values: readonly (string | undefined)[]): void {
    for (const value of values) {
      // A variable's name stands where its value would be the secret.
      const isName = VARIABLE_NAME.test(value ?? "");
      if (value !== undefined && value.length >= LENGTH_MIN && !isName) {
        this.#secrets.add(value);
      }
    }
  }

  /** Variables whose names speak of a secret, and addresses with a password in them. */
  learnVariables(variables: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(variables)) {
      if (SECRET_NAME.test(name)) this.learn(value);
      this.#learnLogins(value);
    }
  }

  /** What a file with credentials says. */
  learnFile(path: string, text: string): void {
    if (!SECRET_FILE.test(path)) return;
    for (const match of text.matchAll(SECRET_SETTING)) this.learn(match[1]);
    if (path.endsWith("auth.json")) this.#learnStrings(text);
    this.#learnLogins(text);
  }

  /** Of a request: its credentials and every header that is not ours to know. */
  learnHeaders(headers: Headers): void {
    for (const [name, value] of headers) {
      if (!SECRET_NAME.test(name)) continue;
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
    for (const secret of this.#secrets) {
      clean = clean.replaceAll(secret, REDACTED);
    }
    return clean.replace(KEY_SHAPE, REDACTED);
  }

  #learnLogins(text: string): void {
    for (const match of text.matchAll(URL_LOGIN)) this.learn(match[2]);
  }

  #learnStrings(text: string): void {
    for (const match of text.matchAll(/:\s*"([^"\\\n]+)"/g)) {
      this.learn(match[1]);
    }
  }
}
