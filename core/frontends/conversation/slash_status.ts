/** Slash commands that show the state of things. */
import { approvalText, formatTokens } from "../render/format.ts";
import { effortText, sandboxText } from "./slash_settings.ts";
import type { Usage } from "../../protocol/event.ts";
import { splitArgs } from "./slash.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";

export const FACT_COMMANDS: readonly SlashCommand[] = [
  {
    name: "status",
    summary: "Show model, folder, permissions, tokens, instruction files",
    whileBusy: true,
    run: runStatus,
  },
  {
    name: "cost",
    summary: "Show tokens and cost of the last turn and in total",
    whileBusy: true,
    run: runCost,
  },
  {
    name: "mcp",
    args: "[refresh|prompts]",
    summary: "Show MCP servers and tools, or load changed ones",
    whileBusy: true,
    run: runMcp,
    words: () => ["refresh", "prompts"],
  },
  {
    name: "skills",
    summary: "List the skills; $name in a message uses one",
    whileBusy: true,
    run: runSkills,
  },
  {
    name: "debug",
    args: "[config|prompt]",
    summary: "Show all settings with their source, or the next request",
    whileBusy: true,
    run: runDebug,
    words: () => ["config", "prompt"],
  },
];

async function runStatus(context: SlashContext): Promise<void> {
  const { state, services } = context;
  const { settings, provider, threadUsage, contextLeft } = state;
  const model = settings?.model.slug ?? "unknown";
  const window = formatTokens(settings?.model.contextWindow ?? 0);
  const approvals = settings === undefined
    ? "unknown"
    : approvalText(settings.approval);
  const left = contextLeft === undefined
    ? "all"
    : `${Math.floor(contextLeft * 100)}%`;
  const rows: (readonly [string, string])[] = [
    ["session", state.threadId],
    ["folder", context.cwd],
    ["model", `${model}${effortText(settings?.reasoningEffort)} (${provider})`],
    ["approvals", approvals],
    ["sandbox", await sandboxText(context)],
    ["tokens", usageText(threadUsage)],
    ["requests", `${state.requests} since the conversation was opened`],
    ["context", `${left} left of ${window} tokens`],
    ...state.instructionFiles.map(({ path, bytes }) =>
      ["instructions", `${path} (${bytes} bytes)`] as const
    ),
    ...services.statusRows(state.threadId),
  ];
  context.say(renderRows(rows));
}

async function runCost(context: SlashContext): Promise<void> {
  const { state, services } = context;
  const slug = state.settings?.model.slug ?? "";
  const price = (usage: Usage): string => {
    const money = services.priceOf(usage, slug);
    return money === undefined ? "" : `, ${money}`;
  };
  await Promise.resolve();
  context.say(renderRows([
    ["last turn", usageText(state.turnUsage) + price(state.turnUsage)],
    ["all turns", usageText(state.threadUsage) + price(state.threadUsage)],
  ]));
}

async function runMcp(context: SlashContext, args: string): Promise<void> {
  const [verb] = splitArgs(args);
  if (verb === "refresh") {
    return context.say([await context.services.refreshMcp()]);
  }
  if (verb === "prompts") {
    const prompts = await context.services.mcpPrompts();
    return context.say(
      prompts.length === 0
        ? ["No server offers prompts"]
        : prompts.map(({ server, name, parameters, description }) => {
          const values = parameters.map((one) => `${one}=…`).join(" ");
          return `  /${server}:${name} ${values}  ${description}`;
        }),
    );
  }
  const servers = await context.services.mcpServers();
  if (servers.length === 0) {
    return context.say(["No MCP server is configured; rondo mcp add adds one"]);
  }
  context.say(
    servers.flatMap(({ name, state, tools }) => [
      `  ${name}: ${state}`,
      ...(tools.length === 0 ? [] : [`    ${tools.join(", ")}`]),
    ]),
  );
}

async function runSkills(context: SlashContext): Promise<void> {
  const skills = await context.services.skills();
  context.say(
    skills.length === 0
      ? ["No skills"]
      : skills.map(({ name, description }) => `  $${name}  ${description}`),
  );
}

async function runDebug(context: SlashContext, args: string): Promise<void> {
  const { services, state } = context;
  switch (args) {
    case "":
    case "config":
      return context.say(services.explainConfig());
    case "prompt":
      return context.say(await services.explainPrompt(state.threadId));
    default:
      return context.say([
        `Cannot debug ${args}: must be config or prompt`,
      ]);
  }
}

function usageText(usage: Usage): string {
  const cached = formatTokens(usage.cachedInputTokens);
  const reasoning = formatTokens(usage.reasoningOutputTokens);
  return `${formatTokens(usage.inputTokens)} in (${cached} cached), ` +
    `${formatTokens(usage.outputTokens)} out (${reasoning} reasoning)`;
}

function renderRows(
  rows: readonly (readonly [string, string])[],
): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}
