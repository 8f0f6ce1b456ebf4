/** What a yes to a project's file would start and change, one fact a line. */
import { asObject, type Json, type JsonObject } from "../../util/json/json.ts";
import { UNCHECKED } from "./programs.ts";
import type { ProjectSource, Request, SourceKind } from "./source.ts";

/** The facts; against what was approved before, `+` and `-` mark the difference. */
export function describeSource(
  source: Pick<ProjectSource, "kind"> & Request & Pick<ProjectSource, "before">,
): readonly string[] {
  const now = describe(source.kind, source);
  if (source.before === undefined) return now;
  const before = describe(source.kind, source.before);
  if (JSON.stringify(before) === JSON.stringify(now)) {
    return [...now, "(what differs from before changes none of these)"];
  }
  return [
    ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.map((line) => `${before.includes(line) ? " " : "+"} ${line}`),
  ];
}

function describe(
  kind: SourceKind,
  { content, programs }: Request,
): readonly string[] {
  return [
    ...contentLines(kind, content),
    ...Object.entries(programs).map(([path, hash]) =>
      hash === UNCHECKED
        ? `leads to ${path}, which cannot be checked: it cannot be approved`
        : `leads to the file ${path}, as it is now (SHA-256 ${
          hash.slice(0, 16)
        })`
    ),
  ];
}

function contentLines(
  kind: SourceKind,
  content: JsonObject,
): readonly string[] {
  switch (kind) {
    case "own":
      return [];
    case "rules":
      return String(content["text"]).split("\n").map((line) => line.trimEnd())
        .filter((line) => line !== "").map((line) => `rule: ${line}`);
    case "hooks":
      return hookLines(content);
    case "servers":
      return Object.entries(content).flatMap(([name, server]) => [
        ...serversLines({ [name]: server }),
        ...variablesIn(name, server),
      ]);
    case "settings": {
      const { mcp_servers, hooks, ...rest } = content;
      return [
        ...serversLines(asObject(mcp_servers) ?? {}),
        ...hookLines(asObject(hooks) ?? {}),
        ...settingLines([], rest),
      ];
    }
  }
}

function serversLines(servers: JsonObject): readonly string[] {
  return Object.entries(servers).flatMap(([name, table]) =>
    serverLines(asObject(table) ?? {}).map((line) => `${titleOf(name)} ${line}`)
  );
}

function serverLines(server: JsonObject): readonly string[] {
  const { command, args, url, ...rest } = server;
  const words = [command, ...(Array.isArray(args) ? args : [])];
  return [
    ...(command === undefined
      ? []
      : [`starts: ${words.map(quoteWord).join(" ")}`]),
    ...(url === undefined ? [] : [`connects to ${String(url)}`]),
    ...Object.entries(rest).flatMap(([key, value]) => serverRow(key, value)),
  ];
}

function serverRow(key: string, value: Json): readonly string[] {
  const table = Object.entries(asObject(value) ?? {});
  switch (key) {
    case "env":
      return table.map(([name, text]) => `gets ${name}=${String(text)}`);
    case "env_vars":
      return [`is handed your variables ${JSON.stringify(value)}`];
    case "bearer_token_env_var":
      return [`is sent your variable ${String(value)} as its token`];
    case "env_http_headers":
      return table.map(([name, text]) =>
        `is sent your variable ${String(text)} as the header ${name}`
      );
    case "headers":
    case "http_headers":
      return table.map(([name, text]) =>
        `is sent the header ${name}: ${String(text)}`
      );
    default:
      return settingLines([], { [key]: value });
  }
}

// `.mcp.json` fills in variables of the environment.
function variablesIn(name: string, server: Json): readonly string[] {
  const names = new Set(
    [...JSON.stringify(server).matchAll(/\$\{(\w+)/g)].map(([, one]) => one),
  );
  return [...names].sort().map((one) =>
    `${titleOf(name)} is handed your variable ${one}`
  );
}

function titleOf(server: string): string {
  return `MCP server ${JSON.stringify(server)}`;
}

function hookLines(hooks: JsonObject): readonly string[] {
  return Object.entries(hooks).flatMap(([event, groups]) =>
    (Array.isArray(groups) ? groups : []).flatMap((group: Json) => {
      const { hooks: list, matcher } = asObject(group) ?? {};
      const when = matcher === undefined
        ? event
        : `${event} (${String(matcher)})`;
      return (Array.isArray(list) ? list : []).map((hook: Json) => {
        const { command, timeout } = asObject(hook) ?? {};
        const bound = timeout === undefined
          ? ""
          : `, for ${timeout} s at most,`;
        return `hook at ${when}${bound} runs: ${String(command)}`;
      });
    })
  );
}

function settingLines(
  path: readonly string[],
  value: Json,
): readonly string[] {
  const table = asObject(value);
  if (table === undefined) {
    return [`sets ${path.join(".")} = ${JSON.stringify(value)}`];
  }
  return Object.entries(table).flatMap(([key, member]) =>
    settingLines([...path, key], member)
  );
}

function quoteWord(word: Json | undefined): string {
  const text = String(word);
  return /^[\w./:=@%+,-]+$/.test(text) ? text : JSON.stringify(text);
}
