/** `rondo mcp …`: which server is configured, what it offers, and how to change that. */
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { unreachable } from "../../util/assert.ts";
import { closestWord } from "../../util/text/similar.ts";
import type { McpServerSpec } from "../../../tools/mcp/client/server_config.ts";
import { buildMcpServers } from "../../../tools/mcp/project_file.ts";
import { checkServer, renderCheck } from "./check.ts";
import { addServer, removeServer } from "./edit.ts";
import { forgetLogin, logInToServer } from "./login.ts";
import { hasLogin, renderServer, renderServers, viewServer } from "./view.ts";
import { type Printer, printLines } from "../print.ts";

type McpCommand =
  | "mcp list"
  | "mcp get"
  | "mcp add"
  | "mcp remove"
  | "mcp login"
  | "mcp logout"
  | "mcp test";

/** Runs one of them and resolves to the exit code. Throws UserError. */
export async function runMcpCommand(
  commandLine: CommandLine & { readonly command: McpCommand },
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { command, args, flags } = commandLine;
  const print = printLines(terminal, flags.json ?? false);
  const say = (text: string): Promise<number> =>
    print({ message: text }, () => [text]);
  switch (command) {
    case "mcp add": {
      await say(await addServer(host, commandLine));
      if (flags.oauthClientRegistration === undefined) return 0;
      const login = { ...commandLine, command: "mcp login" } as const;
      return await runMcpCommand(login, host, terminal);
    }
    case "mcp remove":
      return await say(await removeServer(host, args[0] ?? ""));
    default: {
      const loaded = await loadConfig(host, {
        flags,
        canAsk: true,
        ...(flags.cd !== undefined && { cwd: flags.cd }),
      });
      const { servers, warnings } = buildMcpServers(host, loaded);
      for (const text of [...loaded.warnings, ...warnings]) {
        terminal.stderr.write(`Warning: ${text}\n`);
      }
      const known = { host, terminal, loaded, flags, servers, print, say };
      return command === "mcp list"
        ? await list(known)
        : await runOnServer(command, args[0] ?? "", known);
    }
  }
}

interface Known {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly loaded: LoadedConfig;
  readonly flags: CommandLine["flags"];
  readonly servers: readonly McpServerSpec[];
  readonly print: Printer;
  readonly say: (text: string) => Promise<number>;
}

async function list({ host, loaded, servers, print }: Known): Promise<number> {
  const views = await Promise.all(
    servers.map(async (spec) =>
      viewServer(spec, await hasLogin(host, spec, loaded.codexHome))
    ),
  );
  return await print(views, () => renderServers(views));
}

async function runOnServer(
  command: Exclude<McpCommand, "mcp list" | "mcp add" | "mcp remove">,
  name: string,
  known: Known,
): Promise<number> {
  const { host, loaded, flags, terminal, print, say } = known;
  const spec = findServer(name, known.servers);
  const place = { host, codexHome: loaded.codexHome };
  switch (command) {
    case "mcp get": {
      const view = viewServer(
        spec,
        await hasLogin(host, spec, loaded.codexHome),
      );
      return await print(view, () => renderServer(view));
    }
    case "mcp login":
      return await say(
        await logInToServer(spec, {
          ...place,
          config: loaded.config,
          show: (text) => void terminal.stderr.write(text),
          scopes: flags.scopes?.split(","),
          registration: flags.oauthClientRegistration,
        }),
      );
    case "mcp logout":
      return await say(await forgetLogin(spec, place));
    case "mcp test": {
      const check = await checkServer(spec, {
        ...place,
        cwd: loaded.cwd,
        checkPrograms: loaded.checkPrograms,
      });
      await print(check, () => renderCheck(check));
      return check.problem === null ? 0 : 1;
    }
    default:
      return unreachable(command);
  }
}

function findServer(
  name: string,
  servers: readonly McpServerSpec[],
): McpServerSpec {
  const found = servers.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = servers.map((one) => one.name);
  const close = closestWord(name, names);
  const hint = close !== undefined
    ? `did you mean ${close}?`
    : names.length === 0
    ? "no server is configured"
    : `must be one of ${names.join(", ")}`;
  throw usageError(`Cannot find the MCP server "${name}": ${hint}`);
}
