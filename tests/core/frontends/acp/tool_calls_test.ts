/** Activities as calls, and questions as permission requests. */
import assert from "node:assert/strict";
import { buildPermission } from "../../../../core/frontends/acp/words/permissions.ts";
import {
  fenced,
  viewCall,
} from "../../../../core/frontends/acp/words/tool_calls.ts";
import type { ApprovalRequest } from "../../../../core/protocol/policy.ts";
import { command } from "../support.ts";

const REQUEST: ApprovalRequest = {
  kind: "command",
  title: "git push",
  detail: "git push\u202e origin",
  cwd: "/project",
  reason: "it leaves the sandbox",
  forbids: "",
  sessionScope: "git push",
  rules: [
    { prefixes: [["git", "push"]], sandbox: ["network"] },
    { prefixes: [["git", "push"]] },
  ],
};

Deno.test("a question shows the whole command with what is hidden in it", () => {
  const { params } = buildPermission(REQUEST, "id", undefined);
  assert.deepEqual(params.toolCall.content, [
    {
      type: "content",
      content: { type: "text", text: "```\ngit push\\u{202e} origin\n```" },
    },
    {
      type: "content",
      content: { type: "text", text: "it leaves the sandbox" },
    },
  ]);
});

Deno.test("what is hidden in a patch is spelled out beside its diffs, and only then", () => {
  const texts = (detail: string): number => {
    const request = { ...REQUEST, kind: "patch" as const, detail, targets: [] };
    const { params } = buildPermission(request, "id", undefined);
    return params.toolCall.content?.length ?? 0;
  };
  assert.deepEqual([texts("+one\n"), texts("+o\u200bne\n")], [1, 2]);
});

Deno.test("each answer means what its option says, and anything else is a no", () => {
  const { params, read } = buildPermission(REQUEST, "id", undefined);
  const chosen = (optionId: string): unknown =>
    read({ outcome: { outcome: "selected", optionId } });
  assert.deepEqual(
    params.options.map(({ name, optionId }) => [name, chosen(optionId)]),
    [
      ["Allow", { type: "approve" }],
      ["Allow, and remember: git push", { type: "approve_for_session" }],
      ["Always allow with network: git push", {
        type: "approve_prefix",
        prefix: ["git", "push"],
        sandbox: ["network"],
      }],
      ["Always allow: git push", {
        type: "approve_prefix",
        prefix: ["git", "push"],
      }],
      ["Reject", { type: "deny" }],
      ["Reject and stop", { type: "abort" }],
    ],
  );
  const none = { type: "deny", message: "The client's answer was none" };
  assert.deepEqual(chosen("allow_all"), none);
  assert.deepEqual(read({ outcome: "allow" }), none);
  assert.deepEqual(read(undefined), none);
  assert.deepEqual(read({ outcome: { outcome: "cancelled" } }), {
    type: "abort",
  });
});

Deno.test("nothing in a text ends the block that it is shown in", () => {
  assert.equal(fenced("a\n````\nb\n"), "`````\na\n````\nb\n`````");
});

Deno.test("a long diff says that it goes on, and a moved file from where", () => {
  const cut = viewCall({
    id: "item_1",
    type: "file_change",
    status: "completed",
    changes: [{
      path: "/w/a",
      kind: "update",
      diff:
        "--- /w/a\n+++ /w/a\n@@ -4,2 +4,2 @@\n b\n-c\n+d\n[… 7 more lines of this diff]\n",
    }, { path: "/w/old", kind: "update", movedTo: "/w/new" }],
  });
  assert.deepEqual(cut?.content, [
    { type: "diff", path: "/w/a", oldText: "b\nc\n", newText: "b\nd\n" },
    {
      type: "content",
      content: { type: "text", text: "[… 7 more lines of this diff]" },
    },
    {
      type: "content",
      content: { type: "text", text: "Moved from /w/old" },
    },
  ]);
  assert.deepEqual(cut?.locations, [{ path: "/w/a", line: 4 }, {
    path: "/w/new",
  }]);
  assert.equal(cut?.kind, "edit");
});

Deno.test("a command that was declined is a failed call that says why", () => {
  const view = viewCall(
    command("item_1", { status: "declined", message: "not allowed" }),
  );
  assert.equal(view?.status, "failed");
  assert.deepEqual(view?.content.at(-1), {
    type: "content",
    content: { type: "text", text: "not allowed" },
  });
});
