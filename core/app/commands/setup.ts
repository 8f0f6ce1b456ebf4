/** `rondo config explain`, `login`, `logout`, `features list`, `schema config`. */
import { featureOn } from "../../config/settings.ts";
import {
  describePermissions,
  explainConfig,
  explainKey,
  renderExplained,
} from "../../config/explain.ts";
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import {
  checkCredentialStore,
  loginWithApiKey,
  logout,
  readLoginStatus,
} from "../../config/provider/login.ts";
import { providerOf } from "../../config/provider/providers.ts";
import { describeKey, type KeyFate } from "../../config/file/schema_walk.ts";
import { featureNames, LIVE_FEATURES } from "../../config/file/fates.ts";
import { askSecret } from "../../frontends/cli/ask.ts";
import { readPrompt } from "../../frontends/exec/stdin.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { usageError } from "../../protocol/error.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { unreachable } from "../../util/assert.ts";
import { printLines } from "../print.ts";
import { renderConfigSchema } from "../../config/file/schema.ts";

type SetupCommand =
  | "config explain"
  | "login"
  | "login status"
  | "logout"
  | "features list"
  | "schema";

/** Runs one of them and resolves to the exit code. Throws UserError. */
export async function runSetupCommand(
  commandLine: CommandLine & { readonly command: SetupCommand },
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { command, flags } = commandLine;
  const print = printLines(terminal, flags.json ?? false);
  if (command === "schema") return await printSchema(commandLine, terminal);
  const loaded = await loadConfig(host, {
    flags,
    canAsk: true,
    ...(flags.cd !== undefined && { cwd: flags.cd }),
  });
  switch (command) {
    case "config explain": {
      const [key] = commandLine.args;
      const keys = key === undefined
        ? explainConfig(loaded)
        : explainKey(loaded, key);
      const isAbout = key === undefined ||
        /^(default_permissions|permissions|sandbox_mode)\b/.test(key);
      return await print(keys, () => [
        ...renderExplained(keys).replace(/\n$/, "").split("\n"),
        ...(isAbout
          ? describePermissions(loaded).map((line) => `# ${line}`)
          : []),
      ]);
    }
    case "features list": {
      const features = featureNames().map((name) => ({
        name,
        enabled: isLive(name) && featureOn(loaded.config, name),
        fate: describeKey(["features", name])?.fate ?? "works",
      }));
      return await print(
        features,
        () =>
          features.map(({ name, enabled, fate }) =>
            `${name.padEnd(40)}${FEATURE_STATES[fate] ?? enabled}`
          ),
      );
    }
    case "login":
      return await login(commandLine, loaded, { host, terminal });
    case "login status": {
      const provider = providerOf(loaded.config, host);
      const status = await readLoginStatus(host, provider, loaded.codexHome);
      await print(status, () => [status.text]);
      return status.isReady ? 0 : exitCode("auth");
    }
    case "logout": {
      const text = await logout(host, loaded.codexHome);
      return await print({ text }, () => [text]);
    }
    default:
      return unreachable(command);
  }
}

// The key comes on stdin: an argument would be seen by every process of the machine.
async function login(
  { flags }: CommandLine,
  { codexHome, config }: LoadedConfig,
  runtime: { readonly host: Host; readonly terminal: Terminal },
): Promise<number> {
  const { host, terminal } = runtime;
  if (!flags.withApiKey) {
    throw usageError(
      `Cannot log in with an account: only API keys are supported, must be ${PROGRAM} login --with-api-key (which asks for the key, or reads it from a pipe)`,
    );
  }
  checkCredentialStore(config, "cli_auth_credentials_store");
  const key = terminal.stdin.isTty
    ? await askSecret(terminal, "API key (it is not shown): ")
    : await readPrompt({ terminal, host, prompt: "-" });
  if (key === undefined) return exitCode("sigint");
  const text = await loginWithApiKey(host, codexHome, key);
  return await printLines(terminal, false)({ text }, () => [text]);
}

async function printSchema(
  { args }: CommandLine,
  terminal: Terminal,
): Promise<number> {
  if (args[0] !== "config") {
    throw usageError(
      `Cannot print schema ${
        args[0] ?? ""
      }: must be events, result, input, exit-codes or config`,
    );
  }
  const schema = JSON.stringify(renderConfigSchema(), null, 2);
  return await printLines(terminal, false)(schema, () => [schema]);
}

const FEATURE_STATES: Readonly<Partial<Record<KeyFate, string>>> = {
  ignored: "without effect",
  refused: "cannot be enabled",
};

function isLive(name: string): name is keyof typeof LIVE_FEATURES {
  return Object.hasOwn(LIVE_FEATURES, name);
}
