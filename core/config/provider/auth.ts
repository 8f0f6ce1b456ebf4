/** Finds the key of a provider when it is needed. No text made here ever holds one. */
import { errorText, UserError } from "../../protocol/error.ts";
import type { Child, Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Auth } from "../../protocol/provider.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { CheckPrograms } from "../trust/check.ts";
import { unreachable } from "../../util/assert.ts";
import { headBytes } from "../../util/text/text.ts";
import { isHeaderText } from "./endpoint.ts";
import type { AuthSource, Provider } from "./providers.ts";
import { readLogin } from "./login.ts";
import { withTimeout } from "../../util/async.ts";

type CommandSource = Extract<AuthSource, { type: "command" }>;

interface AuthPlace {
  readonly codexHome: string | undefined;
  readonly checkPrograms?: CheckPrograms;
}

/** The credentials of a provider; nothing is read before the first question. */
export function createAuth(
  host: Host,
  provider: Pick<Provider, "name" | "auth">,
  place: AuthPlace,
): Auth {
  return new ProviderAuth(host, provider, place);
}

class ProviderAuth implements Auth {
  readonly #host: Host;
  readonly #provider: Pick<Provider, "name" | "auth">;
  readonly #place: AuthPlace;
  // Shared by all who ask at once, so that a command runs once.
  #pending: Promise<string | undefined> | undefined;
  #readAtMs = 0;

  constructor(
    host: Host,
    provider: Pick<Provider, "name" | "auth">,
    place: AuthPlace,
  ) {
    this.#host = host;
    this.#provider = provider;
    this.#place = place;
  }

  async token(): Promise<string | undefined> {
    if (this.#pending === undefined || this.#isStale()) this.#read();
    return await this.#pending;
  }

  async refresh(): Promise<boolean> {
    const old = await this.#pending?.catch(() => undefined);
    this.#read();
    return await this.#pending !== old;
  }

  #read(): void {
    this.#readAtMs = this.#host.monotonicMs();
    const reading = readToken(this.#host, this.#provider, this.#place);
    this.#pending = reading;
    // A failure goes to all who wait for it and is forgotten: the next call asks again.
    reading.catch(() => {
      if (this.#pending === reading) this.#pending = undefined;
    });
  }

  #isStale(): boolean {
    const { auth } = this.#provider;
    if (auth.type !== "command" || auth.refreshMs === 0) return false;
    return this.#host.monotonicMs() - this.#readAtMs >= auth.refreshMs;
  }
}

async function readToken(
  host: Host,
  provider: Pick<Provider, "name" | "auth">,
  { codexHome, checkPrograms }: AuthPlace,
): Promise<string | undefined> {
  const source = provider.auth;
  switch (source.type) {
    case "none":
      return undefined;
    case "env":
      return checkToken(parseVariable(host, source), `variable ${source.name}`);
    case "bearer":
      return checkToken(source.token.trim(), "bearer token in config.toml");
    case "command":
      return checkToken(
        await runAuthCommand(host, source, checkPrograms),
        `output of ${source.command}`,
      );
    case "login": {
      const login = await readLogin(host, codexHome);
      if (login.type === "key") return checkToken(login.key, login.source);
      throw new UserError(
        "auth",
        login.type === "chatgpt"
          ? [
            `Cannot use the login in ${login.path}: it is a ChatGPT login, must be an API key`,
            "  export OPENAI_API_KEY=sk-YOUR-KEY, or run rondo login --with-api-key",
          ].join("\n")
          : [
            `Cannot ask ${provider.name}: no API key`,
            "  with an OpenAI key: export OPENAI_API_KEY=sk-YOUR-KEY, or run rondo login --with-api-key",
            "  with a local model: rondo --oss (Ollama or LM Studio)",
            "  with any other Responses URL: [model_providers.<name>] in config.toml, with base_url and env_key",
          ].join("\n"),
      );
    }
    default:
      return unreachable(source);
  }
}

function parseVariable(
  host: Host,
  source: Extract<AuthSource, { type: "env" }>,
): string {
  const value = host.env(source.name)?.trim() ?? "";
  if (value !== "") return value;
  const how = source.instructions ?? `set it to the key of the provider`;
  throw new UserError(
    "auth",
    `Cannot find the key: environment variable ${source.name} is missing or empty; ${how}`,
  );
}

// Says which credential is malformed, not what it is.
function checkToken(token: string, what: string): string {
  if (token !== "" && isHeaderText(token) && !/\s/.test(token)) return token;
  const state = token === ""
    ? "is empty"
    : "has spaces, line breaks or other characters that no key has";
  throw new UserError("auth", `Cannot use the key: the ${what} ${state}`);
}

async function runAuthCommand(
  host: Host,
  source: CommandSource,
  checkPrograms: AuthPlace["checkPrograms"],
): Promise<string> {
  const fail = (state: string): UserError =>
    new UserError(
      "auth",
      `Cannot get a token from command "${source.command}": ${state}`,
    );
  const { command, args, cwd } = source;
  const words = { command, args, ...(cwd !== undefined && { cwd }) };
  const check = await checkPrograms?.(words, { isOwn: true });
  if (check?.changed !== undefined) {
    throw fail(
      `${check.changed} is not what you approved; to see it and decide: ${PROGRAM} trust`,
    );
  }
  const child = startCommand(host, source, { env: check?.env, fail });
  const outcome = Promise.all([
    readBounded(child.stdout, LIMITS.authOutputBytes),
    readBounded(child.stderr, LIMITS.authOutputBytes),
    child.status,
  ]);
  const first = await withTimeout(outcome, source.timeoutMs, host);
  if (first === "timeout") {
    child.kill("SIGKILL", { group: true });
    throw fail(`it did not end within ${source.timeoutMs} ms`);
  }
  const [stdout, stderr, status] = first;
  const exchanged = await check?.recheck();
  if (exchanged !== undefined) {
    throw fail(
      `${exchanged} was changed while it ran, so it may not be what you approved`,
    );
  }
  if (status.code !== 0) {
    const first = headBytes(stderr.trim().split("\n")[0] ?? "", 300);
    throw fail(`it ended with ${status.code}${first && `: ${first}`}`);
  }
  return stdout.trim();
}

function startCommand(
  host: Host,
  source: CommandSource,
  { env, fail }: {
    readonly env: Readonly<Record<string, string>> | undefined;
    readonly fail: (state: string) => UserError;
  },
): Child {
  try {
    return host.spawn({
      command: source.command,
      args: source.args,
      cwd: source.cwd ?? host.cwd,
      env: { ...host.envAll(), ...env },
      stdin: "null",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  } catch (error) {
    throw fail(errorText(error));
  }
}

async function readBounded(
  stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
  bytesMax: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    // Read on to the end, so that the command never blocks on a full pipe.
    if (bytes < bytesMax) text += decoder.decode(chunk, { stream: true });
    bytes += chunk.length;
  }
  return text;
}
