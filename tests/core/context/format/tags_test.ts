/** What the program said is never taken for a request of the person. */
import assert from "node:assert/strict";
import {
  contextMessage,
  type ContextTag,
  textOnly,
  typedText,
  unwrapTag,
  withoutImages,
  wrapTag,
} from "../../../../core/context/format/tags.ts";
import { initialItems } from "../../../../core/context/initial.ts";
import {
  hookContextItem,
  turnAbortedItem,
  userShellItem,
} from "../../../../core/context/markers.ts";
import { message, textMessage } from "../../../../core/protocol/item.ts";
import { context, summaryItem } from "../support.ts";

Deno.test("typedText() knows everything that the program says in the user role", () => {
  const shell = { command: "ls", output: "a", exitCode: 0, durationMs: 5 };
  const ours = [
    ...initialItems(context({
      rest: { userInstructions: { docs: "D", skills: "S" } },
    })),
    ...initialItems(context({ rest: { userInstructions: { skills: "S" } } })),
    turnAbortedItem(),
    userShellItem(shell),
    hookContextItem("text"),
    summaryItem("done"),
    contextMessage("skill", "<name>x</name>"),
    contextMessage("handover", "x"),
  ];
  for (const item of ours) assert.equal(typedText(item), undefined);
});

Deno.test("typedText() gives the words of a person, and of nobody else", () => {
  assert.equal(typedText(textMessage("user", "hello")), "hello");
  assert.equal(typedText(textMessage("developer", "hello")), undefined);
  assert.equal(typedText(textMessage("assistant", "hello")), undefined);
  assert.equal(typedText({ type: "reasoning" }), undefined);
  assert.equal(
    typedText({ type: "message", role: "user", content: "old form" }),
    "old form",
  );
});

Deno.test("typedText() knows a message of several context parts", () => {
  const part = (text: string) => ({ type: "input_text" as const, text });
  const env = part(wrapTag("environment_context", "x"));
  assert.equal(typedText(message("user", [env, env])), undefined);
  assert.notEqual(
    typedText(message("user", [env, part("and hello")])),
    undefined,
  );
});

Deno.test("typedText() trims and ignores the case of tags", () => {
  for (
    const text of [
      "\n <Environment_Context>x</ENVIRONMENT_context> ",
      "# AGENTS.md instructions for /a\n\n<INSTRUCTIONS>\nx\n</INSTRUCTIONS>",
    ]
  ) assert.equal(typedText(textMessage("user", text)), undefined, text);
});

Deno.test("typedText() needs the whole pair", () => {
  for (
    const text of [
      "<skill> is a tag I ask about",
      "what does </skill> mean?",
      "<skill>x</skill> and a question",
      "# AGENTS.md instructions for me, please",
      "",
    ]
  ) assert.equal(typedText(textMessage("user", text)), text);
});

Deno.test("typedText() knows summaries by their first words", () => {
  const text = "Summary of the conversation so far";
  assert.equal(
    typedText(textMessage("user", `[${text}] in other words`)),
    undefined,
  );
  assert.equal(typedText(textMessage("user", text)), text);
});

Deno.test("unwrapTag() undoes wrapTag()", () => {
  const tags: readonly ContextTag[] = ["skill", "permissions instructions"];
  for (const tag of tags) {
    assert.equal(unwrapTag(tag, wrapTag(tag, "a\nb")), "a\nb");
  }
  assert.equal(unwrapTag("skill", wrapTag("handover", "a")), undefined);
});

Deno.test("withoutImages() leaves out images and their labels", () => {
  const item = message("user", [
    { type: "input_text", text: '<image name=[Image #1] path="a.png">' },
    { type: "input_image", image_url: "data:image/png;base64,AA==" },
    { type: "input_text", text: "</image>" },
    { type: "input_text", text: "look" },
  ]);
  assert.equal(withoutImages(item), "look");
  assert.deepEqual(
    textOnly(item, (text) => text.toUpperCase()),
    message("user", [{ type: "input_text", text: "LOOK" }]),
  );
});
