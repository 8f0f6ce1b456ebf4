/** The stored login: `auth.json`, and the variables that stand before it. */
import * as z from "zod/mini";
import { configError, UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { readOptional, writeWhole } from "../file/files.ts";
import type { Config } from "../file/schema.ts";
import { isHeaderText } from "./endpoint.ts";
import { type Provider, renderAuthSource } from "./providers.ts";
import { parseJson } from "../../util/json/json.ts";

/** What was found. `source` names the place, never the key. */
type Login =
  | { readonly type: "key"; readonly key: string; readonly source: string }
  /** Tokens of a ChatGPT login, which this program cannot use. */
  | { readonly type: "chatgpt"; readonly path: string }
  | { readonly type: "none" };

const AuthFile = z.lazy(() =>
  z.looseObject({
    OPENAI_API_KEY: z.nullish(z.string()),
    tokens: z.nullish(z.looseObject({ access_token: z.nullish(z.string()) })),
  })
);

/** CODEX_API_KEY, then OPENAI_API_KEY, then auth.json. */
export async function readLogin(
  host: Host,
  codexHome: string | undefined,
): Promise<Login> {
  for (const name of ["CODEX_API_KEY", "OPENAI_API_KEY"]) {
    const key = host.env(name)?.trim() ?? "";
    if (key !== "") return { type: "key", key, source: `variable ${name}` };
  }
  if (codexHome === undefined) return { type: "none" };
  const path = `${codexHome}/auth.json`;
  const text = await readOptional(host, path);
  if (text === undefined) return { type: "none" };
  const file = parseAuthFile(text, path);
  const key = file.OPENAI_API_KEY?.trim() ?? "";
  if (key !== "") return { type: "key", key, source: `key in ${path}` };
  const token = file.tokens?.access_token ?? "";
  return token === "" ? { type: "none" } : { type: "chatgpt", path };
}

/** Refuses to store a login in a file where the configuration wants another place. */
export function checkCredentialStore(
  config: Config,
  key: "cli_auth_credentials_store" | "mcp_oauth_credentials_store",
): void {
  const store = config[key];
  if (store === "file" || store === "auto") return;
  throw configError(
    `Cannot store the login: value of "${key}" is "${store}", must be "file" or "auto": there is no other place`,
  );
}

/** Stores the key for the provider `openai`, readable by its owner only. */
export async function loginWithApiKey(
  host: Host,
  codexHome: string | undefined,
  key: string,
): Promise<string> {
  const trimmed = key.trim();
  if (trimmed === "" || !isHeaderText(trimmed) || /\s/.test(trimmed)) {
    throw new UserError(
      "auth",
      "Cannot log in: stdin does not hold a key, must hold the key alone: " +
        "printenv OPENAI_API_KEY | rondo login --with-api-key",
    );
  }
  if (codexHome === undefined) {
    throw new UserError("auth", "Cannot log in: no home folder");
  }
  const path = `${codexHome}/auth.json`;
  const file = { auth_mode: "apikey", OPENAI_API_KEY: trimmed, tokens: null };
  await writeWhole(host, path, `${JSON.stringify(file, null, 2)}\n`, {
    mode: 0o600,
  });
  return `Logged in: the key is stored in ${path}`;
}

/** Where the provider's credentials come from, and whether they are there. */
export async function readLoginStatus(
  host: Host,
  provider: Pick<Provider, "name" | "auth">,
  codexHome: string | undefined,
): Promise<{ readonly text: string; readonly isReady: boolean }> {
  const { auth, name } = provider;
  if (auth.type === "env") {
    const isReady = (host.env(auth.name)?.trim() ?? "") !== "";
    return {
      isReady,
      text: isReady
        ? `${name}: key from environment variable ${auth.name}`
        : `${name}: no key, environment variable ${auth.name} is missing or empty`,
    };
  }
  if (auth.type !== "login") {
    return { isReady: true, text: `${name}: key: ${renderAuthSource(auth)}` };
  }
  const login = await readLogin(host, codexHome);
  if (login.type === "key") {
    return { isReady: true, text: `${name}: using the ${login.source}` };
  }
  return {
    isReady: false,
    text: login.type === "none"
      ? `${name}: not logged in`
      : `${name}: ${login.path} holds a ChatGPT login, which is not supported`,
  };
}

/** Removes the stored login; variables stay what they are. */
export async function logout(
  host: Host,
  codexHome: string | undefined,
): Promise<string> {
  const path = `${codexHome ?? ""}/auth.json`;
  if (codexHome === undefined || !await host.files.lstat(path)) {
    return "Not logged in";
  }
  await host.files.remove(path);
  return `Logged out: ${path} is removed`;
}

function parseAuthFile(
  text: string,
  path: string,
): z.infer<typeof AuthFile> {
  const fail = (): UserError =>
    // The parser's own words could quote the key.
    new UserError(
      "auth",
      `Cannot read ${path}: not the JSON of a login, must be written by rondo login --with-api-key`,
    );
  const result = z.safeParse(AuthFile, parseJson(text));
  if (!result.success) throw fail();
  return result.data;
}
