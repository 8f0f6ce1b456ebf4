/** Values that the tests of the context share. */
import { NO_HANDOVER } from "../../../core/context/compaction/handover.ts";
import { buildReplacement } from "../../../core/context/compaction/prompt.ts";
import { changesSince } from "../../../core/context/changes.ts";
import {
  contextSentBy,
  type PromptContext,
} from "../../../core/context/initial.ts";
import { viewItem, type WireItem } from "../../../core/protocol/item.ts";
import type { SandboxStatus } from "../../../core/protocol/policy.ts";
import type { TurnSettings } from "../../../core/protocol/settings.ts";
import {
  LARGE_MODEL,
  TEST_SETTINGS,
  workspaceWrite,
} from "../../support/settings.ts";

export const MODEL = LARGE_MODEL;
export const WORKSPACE = workspaceWrite();

export const SANDBOX_STATUS: SandboxStatus = {
  mode: "workspace-write",
  backend: "bwrap",
  enforces: [
    "fs_write",
    "fs_read",
    "metadata",
    "tcp",
    "udp",
    "unix_sockets",
    "signals",
    "pids",
  ],
  note: "",
};

export function settings(patch: Partial<TurnSettings> = {}): TurnSettings {
  return {
    ...TEST_SETTINGS,
    model: MODEL,
    cwd: "/wdir/repo",
    approval: "on-request",
    sandbox: WORKSPACE,
    ...patch,
  };
}

/** A context; settings, permissions and environment can be patched one by one. */
export function context(patch: {
  readonly settings?: Partial<TurnSettings>;
  readonly permissions?: Partial<PromptContext["permissions"]>;
  readonly environment?: Partial<PromptContext["environment"]>;
  readonly rest?: Partial<PromptContext>;
} = {}): PromptContext {
  const merged = settings(patch.settings);
  return {
    settings: merged,
    instructions: "You are a test.",
    permissions: {
      sandboxStatus: SANDBOX_STATUS,
      writableRoots: ["/wdir/repo", "/tmp"],
      approvedPrefixes: [],
      ...patch.permissions,
    },
    environment: {
      cwd: merged.cwd,
      shell: merged.shell,
      date: "2026-11-20",
      timezone: "Europe/Berlin",
      ...patch.environment,
    },
    ...patch.rest,
  };
}

/** Role and text of each message. */
export function sent(items: readonly WireItem[]): readonly string[] {
  return items.map((item) => {
    const view = viewItem(item);
    return view.type === "message" ? `${view.role}: ${view.text}` : view.type;
  });
}

/** A temporary folder with these files in it; a path that ends in `/` is a folder. */
export async function withTree(
  tree: Readonly<Record<string, string | Uint8Array>>,
  run: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const [path, content] of Object.entries(tree)) {
      const full = `${root}/${path}`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), {
        recursive: true,
      });
      if (path.endsWith("/")) continue;
      await (typeof content === "string"
        ? Deno.writeTextFile(full, content)
        : Deno.writeFile(full, content));
    }
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** A summary as a compaction leaves it in the history. */
export function summaryItem(summary: string): WireItem {
  return buildReplacement({
    items: [],
    handover: NO_HANDOVER,
    budget: { keepTokens: 0, handoverTokens: 0 },
    cwd: "/",
    initial: [],
  }, summary).at(-1)!;
}

/** The messages that lead from one context to another. */
export function changeItems(
  before: PromptContext,
  after: PromptContext,
): WireItem[] {
  return changesSince(contextSentBy(before), after);
}
