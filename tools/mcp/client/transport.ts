/** Makes the transport that a server's configuration asks for. */
import type { CheckPrograms } from "../../../core/config/trust/check.ts";
import { configError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { PROGRAM } from "../../../core/protocol/version.ts";
import { unreachable } from "../../../core/util/assert.ts";
import { resolvePath } from "../../../core/util/path.ts";
import type { McpHttpSpec, McpServerSpec } from "./server_config.ts";
import { McpFailure, type McpTransport } from "./types.ts";
import { buildServerEnv, buildServerHeaders } from "./env.ts";
import { HttpTransport } from "./http.ts";
import { storedLogin } from "./oauth.ts";
import { type StdioOptions, StdioTransport } from "./stdio.ts";
import { McpTokenStore, noteScope } from "./tokens.ts";

export interface TransportOptions {
  readonly host: Host;
  /** Where programs run unless configured. */
  readonly cwd: string;
  readonly codexHome: string | undefined;
  readonly reap?: StdioOptions["reap"];
  /** Asked before a program is started. */
  readonly checkPrograms?: CheckPrograms | undefined;
}

/** A way to the server that nobody has used yet. Throws McpFailure and UserError. */
export async function createTransport(
  { name, transport, isOwn }: McpServerSpec,
  options: TransportOptions,
): Promise<McpTransport> {
  const { host } = options;
  switch (transport.type) {
    case "stdio": {
      const { command, args, cwd, env } = transport;
      const words = { command, args, env, ...(cwd !== undefined && { cwd }) };
      const start = await options.checkPrograms?.(words, { isOwn });
      if (start?.changed !== undefined) {
        throw new McpFailure(
          `${start.changed} is not what you approved; to see it and decide: ${PROGRAM} trust`,
        );
      }
      return new StdioTransport({
        host,
        command,
        args,
        env: {
          ...start?.env,
          ...buildServerEnv(transport, (variable) => host.env(variable)),
        },
        cwd: resolvePath(options.cwd, cwd ?? "."),
        ...(options.reap !== undefined && { reap: options.reap }),
        ...(start !== undefined && { recheck: start.recheck }),
      });
    }
    case "http":
      return await createHttp(name, transport, options);
    default:
      return unreachable(transport);
  }
}

async function createHttp(
  name: string,
  spec: McpHttpSpec,
  { host, codexHome }: TransportOptions,
): Promise<McpTransport> {
  if (!URL.canParse(spec.url) || !/^https?:/.test(spec.url)) {
    throw configError(
      `its url is "${spec.url}", must begin with http:// or https://`,
    );
  }
  const { headers, missing } = buildServerHeaders(
    spec,
    (variable) => host.env(variable),
  );
  if (missing.length > 0) {
    throw new McpFailure(
      `it needs ${missing.join(" and ")}, missing from the environment`,
    );
  }
  const store = new McpTokenStore(host, { name, url: spec.url }, codexHome);
  const hasLogin = spec.bearerTokenEnvVar === undefined &&
    (await store.read())?.tokens !== undefined;
  return new HttpTransport({
    host: {
      fetch: hasLogin ? noteScope(name, store, host) : host.fetch,
      sleep: host.sleep,
    },
    url: spec.url,
    headers,
    ...(hasLogin && { auth: storedLogin({ server: name, spec, store }) }),
  });
}
