/** What a conversation knows about itself: skills, settings, the next request, prices. */
import { formatDuration } from "../../frontends/render/format.ts";
import { priceOf } from "../../config/settings.ts";
import { explainConfig, renderExplained } from "../../config/explain.ts";
import { providerOf } from "../../config/provider/providers.ts";
import type { Usage } from "../../protocol/event.ts";
import { costOf } from "../../session/state/budget.ts";
import { openPrefix } from "../../session/state/request_prefix.ts";
import { settingsOf } from "../agent.ts";
import { promptSourceOf } from "../prompt_source.ts";
import { promptRows, renderPromptTable } from "../prompt_table.ts";
import type { OpenThreads } from "./open_threads.ts";
import { mcpServices } from "./mcp.ts";
import type { RateLimit } from "../../protocol/provider.ts";
import type { ContextServices } from "../../frontends/conversation/services.ts";

/** Services of that kind, those of MCP servers included. */
export function contextServices(threads: OpenThreads): ContextServices {
  return {
    ...mcpServices(threads),
    skills: async () => {
      const source = promptSourceOf(threads.runtime, "", () => {});
      return await source.skills(settingsOf(threads.runtime));
    },
    explainConfig: () =>
      renderExplained(explainConfig(threads.runtime.loaded)).trimEnd()
        .split("\n"),
    explainPrompt: (threadId) => explainPrompt(threads, threadId),
    priceOf: (usage, model) => renderPrice(threads, usage, model),
    statusRows: (threadId) => statusRows(threads, threadId),
  };
}

// The context update is rendered as the next turn would, and not recorded.
async function explainPrompt(
  threads: OpenThreads,
  threadId: string,
): Promise<readonly string[]> {
  const thread = threads.live(threadId)?.thread;
  if (thread === undefined) return ["This conversation is not open"];
  const { deps, state, settings } = thread;
  const contextUpdate = await deps.context.contextUpdate(state.sent, settings);
  const slot = { prefix: state.prefix, baseTokens: state.baseTokens };
  const prefix = await openPrefix({ threadId, deps, settings, state: slot });
  return renderPromptTable(
    promptRows(prefix, state.transcript.entries, contextUpdate.items),
  );
}

function renderPrice(
  threads: OpenThreads,
  usage: Usage,
  model: string,
): string | undefined {
  const price = priceOf(threads.runtime.loaded.config, model);
  if (price === undefined) return undefined;
  const cost = costOf(usage, price);
  return `$${cost.toFixed(cost < 0.1 ? 4 : 2)}`;
}

function statusRows(
  threads: OpenThreads,
  threadId: string,
): readonly (readonly [string, string])[] {
  const { loaded, rules } = threads.runtime;
  const open = threads.live(threadId);
  const cache = open?.thread.state.lastCache ?? undefined;
  const files = loaded.layers.flatMap(({ file }) => file ?? []);
  return [
    ["provider", providerOf(loaded.config, threads.host).baseUrl],
    [
      "project",
      `${loaded.trust.folder}, ${loaded.trust.level ?? "not decided"}`,
    ],
    ["settings", [...new Set(files)].join(", ") || "no file"],
    ["rules", `${rules.current().rules.length}`],
    ["log", open?.logPath || "not recorded"],
    ...(open === undefined ? [] : contextRows(open.thread.state)),
    ...limitRows(open?.thread.deps.model.rateLimits?.() ?? [], threads),
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
  { host }: OpenThreads,
): readonly (readonly [string, string])[] {
  const nowMs = host.now().getTime();
  return limits.map(({ name, usedShare, left, resetMs }) => {
    const used = left === undefined
      ? `${Math.round(usedShare * 100)}% used`
      : `${left.count} of ${left.of} left`;
    const reset = resetMs === undefined || resetMs <= nowMs
      ? ""
      : `, full again in ${formatDuration(resetMs - nowMs)}`;
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
