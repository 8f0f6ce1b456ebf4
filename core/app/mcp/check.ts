/** `rondo mcp test`: connects to a server, lists what it offers, says how long that took. */
import type { ServerCheck } from "../../contract/reports.ts";
import { errorText } from "../../protocol/error.ts";
import type { CheckPrograms } from "../../config/trust/check.ts";
import type { Host } from "../../protocol/host.ts";
import { asObject } from "../../util/json/json.ts";
import {
  isToolEnabled,
  type McpServerSpec,
} from "../../../tools/mcp/client/server_config.ts";
import type { AskOptions } from "../../../tools/mcp/client/types.ts";
import { compareText } from "../../../tools/mcp/names.ts";
import { viewTools } from "../../../tools/mcp/server.ts";
import {
  type Listable,
  type McpSession,
  openSession,
} from "../../../tools/mcp/client/session.ts";
import { createTransport } from "../../../tools/mcp/client/transport.ts";
import { hostForServers, reapingOf } from "../mcp_access.ts";

/** Tries the server, also one that is turned off; nothing of it is left afterwards. */
export async function checkServer(
  spec: McpServerSpec,
  options: {
    readonly host: Host;
    readonly codexHome: string | undefined;
    readonly cwd: string;
    readonly checkPrograms: CheckPrograms;
  },
): Promise<ServerCheck> {
  const host = await hostForServers(options.host, [spec]);
  const startMs = host.monotonicMs();
  const ask = { timeoutMs: spec.startupMs };
  const elapsed = (): number => Math.round(host.monotonicMs() - startMs);
  let session: McpSession | undefined;
  let check = emptyCheck(spec.name);
  try {
    const reap = reapingOf(host);
    const transport = await createTransport(spec, { ...options, host, reap });
    session = await openSession({
      server: spec.name,
      transport,
      root: options.cwd,
      canSample: false,
      onToolsChanged: () => {},
      onElicit: () => Promise.resolve({ action: "decline" }),
      onSample: () => Promise.reject(new Error("A test asks no one")),
    }, ask);
    const connect_ms = elapsed();
    check = { ...check, server: session.serverName, connect_ms };
    const offer = await listOffer(session, spec, ask);
    return { ...check, ...offer, list_ms: elapsed() - connect_ms };
  } catch (error) {
    return { ...check, problem: errorText(error) };
  } finally {
    await session?.close();
  }
}

/** The check for people. */
export function renderCheck(check: ServerCheck): readonly string[] {
  const { name, server, problem, tools, prompts, resources } = check;
  const who = server === "" ? name : `${name} (${server})`;
  if (problem !== null) return [`${who} failed: ${problem}`];
  const off = tools.filter((tool) => !tool.on).map((tool) => tool.name);
  return [
    `${who} is ready: connected in ${check.connect_ms} ms, listed in ${check.list_ms} ms`,
    ...part("tools", tools.filter((tool) => tool.on).map((tool) => tool.name)),
    ...part("tools turned off", off),
    ...part("prompts", prompts),
    ...part("resources", resources),
  ];
}

async function listOffer(
  session: McpSession,
  spec: McpServerSpec,
  ask: AskOptions,
): Promise<Pick<ServerCheck, "tools" | "prompts" | "resources">> {
  const names = async (what: Listable, key: string): Promise<string[]> =>
    (await session.listAll(what, ask)).flatMap((one) => {
      const name = asObject(one)?.[key];
      return typeof name === "string" ? [name] : [];
    }).sort(compareText);
  const tools = viewTools(await session.listAll("tools", ask))
    .map(({ name }) => ({ name, on: isToolEnabled(spec, name) }))
    .sort((a, b) => compareText(a.name, b.name));
  return {
    tools,
    prompts: await names("prompts", "name"),
    resources: await names("resources", "uri"),
  };
}

function emptyCheck(name: string): ServerCheck {
  return {
    name,
    server: "",
    connect_ms: 0,
    list_ms: 0,
    tools: [],
    prompts: [],
    resources: [],
    problem: null,
  };
}

function part(title: string, names: readonly string[]): readonly string[] {
  return names.length === 0
    ? []
    : [`  ${title} (${names.length}): ${names.join(", ")}`];
}
