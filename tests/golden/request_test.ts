/** Whole requests, byte for byte: all that a thread sends in its life, and after a resume. */
import assert from "node:assert/strict";
import type { Gate } from "../../core/protocol/command.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { UserPart } from "../../core/protocol/op.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import { denoFiles } from "../../core/host/files/files.ts";
import { BASE_INSTRUCTIONS } from "../../prompts/mod.ts";
import { builtinTools } from "../../tools/mod.ts";
import { MODEL, withTree, WORKSPACE } from "../core/context/support.ts";
import { checkGolden } from "../support/golden.ts";
import { testHost, testTool } from "../support/harness.ts";
import {
  call,
  compactionItem,
  mockModel,
  type MockOptions,
  say,
  usage,
} from "../support/mock_model.ts";
import {
  type RealThread,
  realThread,
  type RealThreadOptions,
} from "../support/real_thread.ts";
import { renderRequests } from "../support/request_sheet.ts";
import { TEST_MODEL } from "../support/settings.ts";
import { READ_ONLY } from "../support/settings.ts";

const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);
const SKILL =
  "---\nname: NAME\ndescription: Handles NAME files.\n---\nOpen it.\n";
const TREE = {
  "home/AGENTS.md": "Answer in English.\n",
  "home/skills/pdf/SKILL.md": SKILL.replaceAll("NAME", "pdf"),
  "project/.git/": "",
  "project/AGENTS.md": "Run the tests.\n",
  "project/.agents/skills/csv/SKILL.md": SKILL.replaceAll("NAME", "csv"),
  "project/dot.png": PNG,
  "other/.git/": "",
  "other/AGENTS.md": "Another project.\n",
};
const IMAGE: UserPart = { type: "image", path: "dot.png" };
/** Makes the next turn, or the next step, begin with a compaction. */
const NEARLY_FULL = usage({
  input_tokens: 94_000,
  output_tokens: 1_000,
  total_tokens: 95_000,
});
// An object, so that it satisfies a schema too.
const BACK = '{"back":true}';
const echo = testTool(
  "echo",
  (one) => Promise.resolve({ content: one.input, success: true }),
);

interface Life {
  readonly script: MockOptions["script"];
  readonly compact?: MockOptions["compact"];
  readonly thread?: Omit<Partial<RealThreadOptions>, "url" | "root">;
  readonly live: (thread: RealThread, root: string) => Promise<void>;
  /** What a resumed thread runs with beside the above. */
  readonly resumed?: (root: string) => Partial<TurnSettings>;
}

// Lives, closes, comes back and says one thing more; all requests are compared.
async function checkLife(name: string, life: Life): Promise<void> {
  await using model = mockModel({
    script: life.script ?? [],
    ...(life.compact !== undefined && { compact: life.compact }),
  });
  await withTree(TREE, async (root) => {
    const options = { tools: [echo], ...life.thread, url: model.url, root };
    const path = await livedThrough(
      await realThread(options),
      (thread) => life.live(thread, root),
    );
    model.add(say(BACK));
    const settings = { ...life.thread?.settings, ...life.resumed?.(root) };
    await livedThrough(
      await realThread({ ...options, settings }, path),
      async (thread) => {
        const outcome = await thread.turn("And after the resume?");
        assert.deepEqual(outcome, { type: "done", message: BACK });
      },
    );
    const text = renderRequests(model.requests).replaceAll(root, "/root");
    await checkGolden(`request/${name}.txt`, text);
  });
}

async function livedThrough(
  thread: RealThread,
  live: (thread: RealThread) => Promise<void>,
): Promise<string> {
  await using open = thread;
  await live(open);
  return open.logPath;
}

async function turns(
  thread: RealThread,
  ...said: readonly (string | UserPart)[]
): Promise<void> {
  for (const part of said) {
    const { type } = await thread.turn(part);
    assert.equal(type, "done");
  }
}

function changed(patch: Partial<TurnSettings>): Life {
  return {
    script: [say("One."), say("Two.")],
    live: async (thread) => {
      await turns(thread, "First.");
      thread.submit({ type: "settings.change", patch });
      await turns(thread, "Second.");
    },
    resumed: () => patch,
  };
}

Deno.test("a fresh turn with everything configured is this request", async () => {
  const host: Partial<Host> = { timezone: () => "UTC" };
  await checkLife("everything", {
    script: [say('{"seen":true}')],
    thread: {
      host,
      instructions: BASE_INSTRUCTIONS.full,
      developerInstructions: "Prefer small steps.",
      tools: builtinTools({
        host: testHost(host),
        // Nothing is called.
        gate: undefined as unknown as Gate,
        shell: "/bin/bash",
        sandbox: { readable: () => denoFiles },
        applyPatch: "freeform",
        webSearch: "live",
      }),
      settings: {
        model: MODEL,
        reasoningEffort: "high",
        reasoningSummary: "auto",
        verbosity: "low",
        serviceTier: "flex",
        approval: "on-request",
        sandbox: WORKSPACE,
        outputSchema: { type: "object", properties: {} },
      },
    },
    live: async (thread) => {
      await thread.turn(IMAGE, "Use $csv on what you see.");
    },
  });
});

Deno.test("each change within a thread is told by one appended message", async () => {
  const changes: readonly [string, Partial<TurnSettings>][] = [
    ["sandbox", { sandbox: READ_ONLY }],
    ["approval", { approval: "on-request" }],
    ["network", { sandbox: { ...WORKSPACE, networkAccess: true } }],
    ["model", { model: { ...TEST_MODEL, slug: "other-model" } }],
  ];
  for (const [name, patch] of changes) {
    const life = changed(patch);
    await checkLife(
      `change_${name}`,
      name === "network"
        ? { ...life, thread: { settings: { sandbox: WORKSPACE } } }
        : life,
    );
  }
});

Deno.test("another folder brings its own instructions", async () => {
  await checkLife("change_cwd", {
    script: [say("One."), say("Two.")],
    live: async (thread, root) => {
      await turns(thread, "First.");
      const patch = { cwd: `${root}/other` };
      thread.submit({ type: "settings.change", patch });
      await turns(thread, "Second.");
    },
    resumed: (root) => ({ cwd: `${root}/other` }),
  });
});

Deno.test("another day is told once", async () => {
  let now = new Date("2026-01-02T03:04:05.678Z");
  await checkLife("change_date", {
    script: [say("One."), say("Two.")],
    thread: { host: { now: () => now } },
    live: async (thread) => {
      await turns(thread, "First.");
      now = new Date("2026-01-03T03:04:05.678Z");
      await turns(thread, "Second.");
    },
  });
});

Deno.test("a mentioned skill follows the message, an image stands before its text", async () => {
  await checkLife("skill_and_image", {
    script: [say("One."), say("Two."), say("Three.")],
    live: async (thread) => {
      await turns(thread, "First.", "Do it with $pdf.");
      await thread.turn("What is this?", IMAGE);
    },
  });
});

Deno.test("a compaction by the user leaves words, facts and a summary", async () => {
  await checkLife("compact_locally", {
    script: [
      call("echo", { n: 1 }),
      say("One."),
      say("We echoed."),
      say("Two."),
    ],
    live: async (thread) => {
      await turns(thread, "First.");
      await thread.compact();
      await turns(thread, "Second.");
    },
  });
});

Deno.test("a compaction right before a resume loses no instruction", async () => {
  await checkLife("compact_and_resume", {
    script: [say("One."), say("We talked.")],
    thread: { developerInstructions: "Prefer small steps." },
    live: async (thread) => {
      await turns(thread, "First.");
      await thread.compact();
    },
  });
});

Deno.test("a compaction by the provider keeps what it answered", async () => {
  await checkLife("compact_endpoint", {
    script: [say("One."), say("Two.")],
    compact: [[
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "First." }],
      },
      compactionItem("sealed"),
    ]],
    thread: { endpoint: { supportsCompact: true } },
    live: async (thread) => {
      await turns(thread, "First.");
      await thread.compact();
      await turns(thread, "Second.");
    },
  });
});

Deno.test("a compaction before a turn comes before what is asked in it", async () => {
  await checkLife("compact_before_turn", {
    script: [[say("One."), NEARLY_FULL], say("A summary."), say("Two.")],
    live: (thread) => turns(thread, "First.", "Second."),
  });
});

Deno.test("a compaction in the middle of a turn says everything again at once", async () => {
  await checkLife("compact_mid_turn", {
    script: [
      say("One."),
      [call("echo", { n: 1 }), NEARLY_FULL],
      say("A summary."),
      say("Two."),
    ],
    live: (thread) => turns(thread, "First.", "Second."),
  });
});

Deno.test("a compaction by the provider in the middle of a turn says everything again", async () => {
  await checkLife("compact_endpoint_mid_turn", {
    script: [[call("echo", { n: 1 }), NEARLY_FULL], say("One.")],
    compact: [[
      {
        type: "message",
        role: "developer",
        content: [{ type: "input_text", text: "stale" }],
      },
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "First." }],
      },
      compactionItem("sealed"),
    ]],
    thread: { endpoint: { supportsCompact: true } },
    live: (thread) => turns(thread, "First."),
  });
});
