/** `rondo mcp add` and `remove`: edits of the user's config.toml that keep the rest of it. */
import type { ClientRegistration } from "../../../tools/mcp/client/oauth.ts";
import { McpTokenStore } from "../../../tools/mcp/client/tokens.ts";
import type { TomlEdit } from "../../config/file/edit.ts";
import { editConfigFile, readOptional } from "../../config/file/files.ts";
import {
  emptyTable,
  parseToml,
  type TomlTable,
  valueAt,
} from "../../config/file/toml.ts";
import { findCodexHome } from "../../config/load.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import {
  configError,
  usageError,
  type UserError,
} from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";

/** Writes a server's table; resolves to what was done, in words. */
export async function addServer(
  host: Host,
  { args, flags }: Pick<CommandLine, "args" | "flags">,
): Promise<string> {
  const [name = "", command, ...rest] = args;
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    throw usage(`its name is "${name}", must be letters, digits, _ or -`);
  }
  if ((command === undefined) === (flags.url === undefined)) {
    throw usage("must be given either a command after -- or --url");
  }
  const table = flags.url === undefined
    ? stdioTable(command ?? "", rest, flags)
    : httpTable(flags.url, flags);
  const path = await configPath(host);
  const isThere = await hasServer(host, path, name);
  await edit(host, path, { type: "set", path: pathOf(name), value: table });
  await saveSecret(host, name, flags);
  return `${isThere ? "Replaced" : "Added"} MCP server ${name} in ${path}`;
}

/** Takes a server's table away. Throws UserError when there is none. */
export async function removeServer(host: Host, name: string): Promise<string> {
  const path = await configPath(host);
  if (!await hasServer(host, path, name)) {
    throw usageError(
      `Cannot remove MCP server "${name}": there is none in ${path}`,
    );
  }
  await edit(host, path, { type: "remove", path: pathOf(name) });
  return `Removed MCP server ${name} from ${path}`;
}

// Beside the tokens, where only the owner reads.
async function saveSecret(
  host: Host,
  name: string,
  { url = "", oauthClientId, oauthClientSecret }: CommandLine["flags"],
): Promise<void> {
  if (oauthClientSecret === undefined) return;
  const home = await findCodexHome(host);
  await new McpTokenStore(host, { name, url }, home).write({
    client: { client_id: oauthClientId, client_secret: oauthClientSecret },
  });
}

function stdioTable(
  command: string,
  args: readonly string[],
  flags: CommandLine["flags"],
): TomlTable {
  const { header, bearerTokenEnvVar, oauthClientId, oauthResource } = flags;
  const web = header ?? bearerTokenEnvVar ?? oauthClientId ?? oauthResource ??
    flags.oauthClientSecret ?? flags.oauthClientRegistration;
  if (web !== undefined) {
    throw usage("headers, tokens and logins are for servers with --url");
  }
  return Object.assign(emptyTable(), {
    command,
    ...(args.length > 0 && { args: [...args] }),
    ...pairs("env", flags.env),
  });
}

function httpTable(url: string, flags: CommandLine["flags"]): TomlTable {
  if (flags.env !== undefined) {
    throw usage("--env is for servers with a command");
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw usage(`its URL is "${url}", must begin with http:// or https://`);
  }
  const { bearerTokenEnvVar, oauthClientId, oauthResource } = flags;
  checkRegistration(flags.oauthClientRegistration, oauthClientId);
  if (flags.oauthClientSecret !== undefined && oauthClientId === undefined) {
    throw usage("--oauth-client-secret needs --oauth-client-id");
  }
  if (oauthResource !== undefined && !URL.canParse(oauthResource)) {
    throw usage(`its resource is "${oauthResource}", must be a URL`);
  }
  return Object.assign(emptyTable(), {
    url,
    ...(bearerTokenEnvVar !== undefined && {
      bearer_token_env_var: bearerTokenEnvVar,
    }),
    ...(oauthClientId !== undefined && {
      oauth: Object.assign(emptyTable(), { client_id: oauthClientId }),
    }),
    ...(oauthResource !== undefined && { oauth_resource: oauthResource }),
    ...pairs("http_headers", flags.header),
  });
}

function pairs(
  key: string,
  texts: readonly string[] | undefined,
): Record<string, TomlTable> {
  if (texts === undefined) return {};
  const table = emptyTable();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw usage(`"${text}" must be NAME=VALUE`);
    table[text.slice(0, at)] = text.slice(at + 1);
  }
  return { [key]: table };
}

async function configPath(host: Host): Promise<string> {
  const home = await findCodexHome(host);
  if (home !== undefined) return `${home}/config.toml`;
  throw configError("Cannot edit config.toml: no home folder");
}

async function hasServer(
  host: Host,
  path: string,
  name: string,
): Promise<boolean> {
  const tree = parseToml(await readOptional(host, path) ?? "", path);
  return valueAt(tree, pathOf(name)) !== undefined;
}

async function edit(host: Host, path: string, edit: TomlEdit): Promise<void> {
  await editConfigFile(host, path, [edit]);
}

function pathOf(name: string): readonly string[] {
  return ["mcp_servers", name];
}

function usage(state: string): UserError {
  return usageError(`Cannot add MCP server: ${state}`);
}

/** Throws UserError "usage" where the client that is there cannot become known that way. */
export function checkRegistration(
  how: ClientRegistration | undefined,
  clientId: string | undefined,
): void {
  const isPage = clientId?.startsWith("https://") === true;
  const problem = how === "cimd" && !isPage
    ? `the client id is ${
      clientId ?? "missing"
    }, must be the https URL of its metadata`
    : how === "dcr" && clientId !== undefined
    ? `the client id is ${clientId}, must be absent`
    : undefined;
  if (problem === undefined) return;
  throw usageError(`Cannot use --oauth-client-registration ${how}: ${problem}`);
}
