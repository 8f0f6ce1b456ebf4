/** What a conversation can be told about itself: prompts, skills, settings, sizes, prices. */
import { formatSpan } from "../../frontends/render/format.ts";
import { priceOf } from "../../config/settings.ts";
import { explainConfig, renderExplained } from "../../config/explain.ts";
import { providerOf } from "../../config/provider/providers.ts";
import {
  renderPlanPrompt,
  renderReviewPrompt,
} from "../../context/requests.ts";
import { UserError } from "../../protocol/error.ts";
import type { Usage } from "../../protocol/event.ts";
import { costOf } from "../../session/state/budget.ts";
import { frameOf } from "../../session/state/request_prefix.ts";
import { INIT_PROMPT } from "../../../prompts/mod.ts";
import { promptSourceOf } from "../agent.ts";
import { promptRows, renderPromptTable } from "../prompt_table.ts";
import type { ReplDesk } from "./open_threads.ts";
import { mcpServices } from "./mcp.ts";
import type { RateLimit } from "../../protocol/provider.ts";
import type { ContextServices } from "../../frontends/conversation/services.ts";

/** The services around what the model is told. */
export function contextServices(desk: ReplDesk): ContextServices {
  return {
    ...mcpServices(desk),
    skills: async () => {
      const source = promptSourceOf(desk.world, "", () => {});
      return await source.skills(desk.world.loaded.cwd);
    },
    initPrompt: (cwd) => initPrompt(desk, cwd),
    reviewPrompt: (target) => Promise.resolve(renderReviewPrompt(target)),
    planPrompt: (request) => Promise.resolve(renderPlanPrompt(request)),
    explainConfig: () =>
      Promise.resolve(
        renderExplained(explainConfig(desk.world.loaded)).trimEnd().split("\n"),
      ),
    explainPrompt: (threadId) => explainPrompt(desk, threadId),
    priceOf: (usage, model) => renderPrice(desk, usage, model),
    statusRows: (threadId) => Promise.resolve(statusRows(desk, threadId)),
  };
}

async function initPrompt(desk: ReplDesk, cwd: string): Promise<string> {
  const path = `${cwd}/AGENTS.md`;
  if (await desk.host.files.stat(path) === undefined) return INIT_PROMPT;
  throw new UserError(
    "usage",
    `Cannot begin a new ${path}: there is one already; ask for what should change in it`,
  );
}

// What is said before the next message is asked for, and not taken note of.
async function explainPrompt(
  desk: ReplDesk,
  threadId: string,
): Promise<readonly string[]> {
  const thread = desk.live(threadId)?.thread;
  if (thread === undefined) return ["This conversation is not open"];
  const { deps, state, settings } = thread;
  const news = await deps.context.news(state.told, settings);
  const slot = { frame: state.frame, baseTokens: state.baseTokens };
  const frame = await frameOf({ threadId, deps, settings, state: slot });
  return renderPromptTable(
    promptRows(frame, state.transcript.entries, news.items),
  );
}

function renderPrice(
  desk: ReplDesk,
  usage: Usage,
  model: string,
): string | undefined {
  const price = priceOf(desk.world.loaded.config, model);
  if (price === undefined) return undefined;
  const cost = costOf(usage, price);
  return `$${cost.toFixed(cost < 0.1 ? 4 : 2)}`;
}

function statusRows(
  desk: ReplDesk,
  threadId: string,
): readonly (readonly [string, string])[] {
  const { loaded, rules } = desk.world;
  const open = desk.live(threadId);
  const cache = open?.thread.state.lastCache ?? undefined;
  const files = loaded.layers.flatMap(({ file }) => file ?? []);
  return [
    ["provider", providerOf(loaded.config, desk.host).baseUrl],
    [
      "project",
      `${loaded.trust.folder}, ${loaded.trust.level ?? "not decided"}`,
    ],
    ["settings", [...new Set(files)].join(", ") || "no file"],
    ["rules", `${rules.current().rules.length}`],
    ["log", open?.logPath || "not recorded"],
    ...(open === undefined ? [] : contextRows(open.thread.state)),
    ...limitRows(open?.thread.deps.model.rateLimits?.() ?? [], desk),
    ...(cache === undefined ? [] : [
      [
        "cache",
        `${cache.cachedTokens} of ~${cache.sharedTokens} repeated tokens${
          cache.cause === "" ? "" : `, ${cache.cause}`
        }`,
      ] as const,
    ]),
  ];
}

function limitRows(
  limits: readonly RateLimit[],
  { host }: ReplDesk,
): readonly (readonly [string, string])[] {
  const nowMs = host.now().getTime();
  return limits.map(({ name, usedShare, left, resetMs }) => {
    const used = left === undefined
      ? `${Math.round(usedShare * 100)}% used`
      : `${left.count} of ${left.of} left`;
    const reset = resetMs === undefined || resetMs <= nowMs
      ? ""
      : `, full again in ${formatSpan(resetMs - nowMs)}`;
    return [`limit (${name})`, used + reset];
  });
}

function contextRows(state: {
  readonly transcript: {
    readonly entries: readonly unknown[];
    readonly generation: number;
  };
  usedTokens(): number;
}): readonly (readonly [string, string])[] {
  const { entries, generation } = state.transcript;
  const compacted = generation === 0 ? "" : `, replaced ${generation} times`;
  return [[
    "next request",
    `~${state.usedTokens()} tokens in ${entries.length} items${compacted}`,
  ]];
}
