/** The messages of the program, word for word: a diff here is a change of every prompt. */
import {
  buildReplacement,
  compactionBudget,
} from "../../core/context/compaction/prompt.ts";
import {
  foldHandover,
  NO_HANDOVER,
} from "../../core/context/compaction/handover.ts";
import { initialItems } from "../../core/context/initial.ts";
import { renderPermissions } from "../../core/context/permissions.ts";
import type {
  ApprovalPolicy,
  SandboxPolicy,
} from "../../core/protocol/policy.ts";
import { textMessage, type WireItem } from "../../core/protocol/item.ts";
import {
  changeItems,
  context,
  MODEL,
  SANDBOX_STATUS,
  sent,
  WORKSPACE,
} from "../core/context/support.ts";
import { checkGolden } from "../support/golden.ts";
import { READ_ONLY } from "../support/settings.ts";

function sheet(items: readonly WireItem[]): string {
  return `${sent(items).join("\n\n----\n\n")}\n`;
}

Deno.test("permissions messages stay as they are", async () => {
  const sandboxes: readonly SandboxPolicy[] = [
    READ_ONLY,
    { ...WORKSPACE, gitCommits: true, denyRead: ["/wdir/repo/.env"] },
    { mode: "danger-full-access" },
    { mode: "external-sandbox", networkAccess: true },
  ];
  const approvals: readonly ApprovalPolicy[] = [
    "untrusted",
    "on-failure",
    "on-request",
    "never",
    {
      granular: {
        sandbox_approval: true,
        rules: true,
        mcp_elicitations: false,
        skill_approval: false,
        request_permissions: false,
      },
    },
  ];
  const texts = sandboxes.flatMap((sandbox) =>
    approvals.map((approval) =>
      renderPermissions({ sandbox, approval }, {
        sandboxStatus: {
          ...SANDBOX_STATUS,
          backend: "landlock",
          enforces: ["fs_write"],
        },
        writableRoots: ["/wdir/repo", "/tmp"],
        approvedPrefixes: [["npm", "test"]],
      })
    )
  );
  await checkGolden("context/permissions.txt", `${texts.join("\n\n")}\n`);
});

Deno.test("the initial messages with everything configured stay as they are", async () => {
  const full = context({
    rest: {
      developerInstructions: "Speak Latin.",
      userInstructions: {
        docs: "Global.\n\n--- project-doc ---\n\nRoot.",
        skills: "## Skills\n\n- a: does a (file: /a/SKILL.md)",
      },
    },
  });
  await checkGolden("context/initial.txt", sheet(initialItems(full)));
});

Deno.test("the messages of a change of everything stay as they are", async () => {
  const after = context({
    settings: {
      model: { ...MODEL, slug: "gpt-other" },
      cwd: "/wdir/other",
      approval: "never",
      sandbox: READ_ONLY,
    },
    environment: { date: "2026-11-21" },
    rest: { instructions: "You are another test." },
  });
  await checkGolden("context/change.txt", sheet(changeItems(context(), after)));
});

Deno.test("the history after a compaction stays as it is", async () => {
  const items: readonly WireItem[] = [
    textMessage("user", "Build it."),
    {
      type: "function_call",
      name: "update_plan",
      call_id: "1",
      arguments: '{"plan":[{"step":"Build","status":"in_progress"}]}',
    },
    { type: "function_call_output", call_id: "1", output: "Plan updated" },
    {
      type: "custom_tool_call",
      name: "apply_patch",
      call_id: "2",
      input: "…",
    },
    {
      type: "custom_tool_call_output",
      call_id: "2",
      output: "Success. Updated the following files:\nA src/it.ts\n",
    },
    {
      type: "function_call",
      name: "shell",
      call_id: "3",
      arguments: '{"command":["bash","-lc","deno test"]}',
    },
    { type: "function_call_output", call_id: "3", output: "Exit code: 1\n" },
    textMessage("user", "Go on."),
  ];
  const replaced = buildReplacement({
    items,
    handover: items.reduce(foldHandover, NO_HANDOVER),
    budget: compactionBudget(MODEL, items),
    cwd: "/wdir/repo",
    initial: initialItems(context()).slice(1),
  }, "It is half built.");
  await checkGolden("context/compacted.txt", sheet(replaced));
});
