/** The input line: editing, recall, search, completion, what Enter and Tab mean. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Key } from "../../../../core/frontends/editor/key.ts";
import {
  applyCompletion,
  type EditorCommand,
  type EditorFacts,
  type EditorState,
  EMPTY_EDITOR,
  onKey,
  prependText,
  searchHit,
} from "../../../../core/frontends/editor/editor.ts";
import { findToken } from "../../../../core/frontends/editor/complete.ts";

const FACTS: EditorFacts = { isBusy: false, history: [], cwd: "/srv" };

interface Typed {
  readonly state: EditorState;
  readonly commands: readonly EditorCommand[];
}

// `text` is typed, `<name>` is pressed.
function type(
  script: string,
  facts: Partial<EditorFacts> = {},
  from: EditorState = EMPTY_EDITOR,
): Typed {
  let state = from;
  const commands: EditorCommand[] = [];
  for (const [, name, text] of script.matchAll(/<([^<>]+)>|([^<]+|<)/g)) {
    const key: Key = name === undefined
      ? { type: "text", text: text ?? "" }
      : { type: "press", name };
    const step = onKey(state, key, { ...FACTS, ...facts });
    state = step.state;
    if (step.command !== undefined) commands.push(step.command);
  }
  return { state, commands };
}

// The text with `|` at the cursor.
function shown({ state }: Typed): string {
  const { text, cursor } = state.edit;
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

Deno.test("onKey() moves and deletes by character, word and line", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["hello<left><left>X", "helX|lo"],
    ["one two<ctrl-left>X", "one X|two"],
    ["one two<home>X", "X|one two"],
    ["one two<ctrl-a><alt-f>X", "oneX| two"],
    ["one two-three<ctrl-w>", "one |"],
    ["one two-three<alt-backspace>", "one two-|"],
    ["one two<ctrl-a><alt-d>", "| two"],
    ["one two<ctrl-left><ctrl-k>", "one |"],
    ["one two<ctrl-left><ctrl-u>", "|two"],
    ["ab<ctrl-t>", "ba|"],
    ["日本<backspace>", "日|"],
    ["a👩‍👩‍👧b<left><backspace>", "a|b"],
    ["e\u0301x<left><left>Y", "Y|e\u0301x"],
    ["ab<left><delete>", "a|"],
    ["one<ctrl-j>two<up>X", "oneX|\ntwo"],
    ["日本<ctrl-j>abc<up>X", "日本X|\nabc"],
    ["one<ctrl-j>two<home><backspace>", "one|two"],
    ["one\\<enter>two", "one\ntwo|"],
    ["one<alt-enter>two", "one\ntwo|"],
    ["abc<ctrl-_>", "|"],
  ];
  for (const [script, expected] of cases) {
    assert.equal(shown(type(script)), expected, script);
  }
});

Deno.test("onKey() joins kills in a row and yanks them back", () => {
  const typed = type("one two three<ctrl-w><ctrl-w><home><ctrl-y>");
  assert.equal(shown(typed), "two three|one ");
});

Deno.test("onKey() takes the last word back and then the one before", () => {
  assert.equal(shown(type("one two<ctrl-_>")), "|");
  const words = type("two<ctrl-_>", {}, type("one ").state);
  assert.equal(shown(words), "one |");
});

Deno.test("onKey() submits on Enter, keeps the text on nothing else", () => {
  const typed = type("do it<enter>");
  assert.deepEqual(typed.commands, [{ type: "submit", text: "do it" }]);
  assert.equal(shown(typed), "|");
  assert.deepEqual(type("   <enter>").commands, []);
});

Deno.test("onKey() queues on Tab while a turn runs, and only then", () => {
  assert.deepEqual(type("later<tab>", { isBusy: true }).commands, [
    { type: "queue", text: "later" },
  ]);
  const idle = type("later<tab>");
  assert.deepEqual(idle.commands, []);
  assert.equal(shown(idle), "later|");
  assert.deepEqual(type("/compact <tab>", { isBusy: true }).commands, [
    { type: "queue", text: "/compact " },
  ]);
  assert.equal(
    type("/com<tab>", { isBusy: true }).commands[0]?.type,
    "complete",
  );
});

Deno.test("onKey() clears on Ctrl-C first, stops when there is nothing to clear", () => {
  const typed = type("draft<ctrl-c>");
  assert.deepEqual(typed.commands, []);
  assert.equal(shown(typed), "|");
  assert.deepEqual(type("<ctrl-c>").commands, [{ type: "stop" }]);
});

Deno.test("onKey() leaves on Ctrl-D in an empty line, deletes in another", () => {
  assert.deepEqual(type("<ctrl-d>").commands, [{ type: "leave" }]);
  const typed = type("ab<home><ctrl-d>");
  assert.deepEqual(typed.commands, []);
  assert.equal(shown(typed), "|b");
});

const HISTORY = [
  { text: "old", cwd: "/srv" },
  { text: "Build it", cwd: "/else" },
  { text: "build here", cwd: "/srv" },
  { text: "new", cwd: "/else" },
];

Deno.test("onKey() walks through earlier input and back to the draft", () => {
  const facts = { history: HISTORY };
  assert.equal(shown(type("dra<up>", facts)), "new|");
  assert.equal(shown(type("dra<up><up><up><down>", facts)), "build here|");
  assert.equal(shown(type("dra<up><up><down><down>", facts)), "dra|");
  assert.equal(shown(type("<up><up><up><up><up><up>", facts)), "old|");
});

Deno.test("onKey() searches, this folder first, and goes on with what was found", () => {
  const facts = { history: HISTORY };
  const found = type("x<ctrl-r>build", facts);
  assert.equal(
    searchHit(found.state, { ...FACTS, ...facts }),
    "build here",
  );
  assert.equal(
    shown(type("<ctrl-r><enter>", facts, found.state)),
    "Build it|",
  );
  assert.equal(shown(type("<escape>", facts, found.state)), "x|");
  assert.equal(shown(type("<end>!", facts, found.state)), "build here!|");
  const capital = type("<ctrl-r>Build", facts);
  assert.equal(searchHit(capital.state, { ...FACTS, ...facts }), "Build it");
});

Deno.test("applyCompletion() completes one, offers many, turns through them", () => {
  const candidate = (insert: string) => ({
    insert,
    label: insert,
    isWhole: true,
  });
  const complete = (
    text: string,
    ...inserts: readonly string[]
  ): EditorState => {
    const { state } = type(text);
    const token = findToken(text, text.length);
    assert.ok(token !== undefined);
    return applyCompletion(state, token, inserts.map(candidate));
  };
  assert.equal(complete("see @re", "@repl.ts").edit.text, "see @repl.ts ");
  const many = complete("@r", "@repl.ts", "@repl_face.ts");
  assert.equal(many.edit.text, "@repl");
  assert.equal(type("<tab>", {}, many).state.edit.text, "@repl.ts");
  assert.equal(type("<tab><tab>", {}, many).state.edit.text, "@repl_face.ts");
  assert.equal(type("<shift-tab>", {}, many).state.edit.text, "@repl_face.ts");
  assert.equal(type("x", {}, many).state.menu, undefined);
});

Deno.test("prependText() keeps the draft below what comes back", () => {
  assert.equal(
    prependText(type("draft").state, "queued").edit.text,
    "queued\ndraft",
  );
  assert.equal(prependText(EMPTY_EDITOR, "queued").edit.text, "queued");
});

Deno.test("onKey() keeps the cursor between characters whatever is pressed", () => {
  const presses = [
    "left",
    "right",
    "up",
    "down",
    "home",
    "end",
    "ctrl-w",
    "ctrl-k",
    "ctrl-u",
    "ctrl-y",
    "ctrl-t",
    "alt-b",
    "alt-f",
    "alt-d",
    "backspace",
    "delete",
    "ctrl-j",
    "ctrl-_",
    "enter",
    "tab",
    "ctrl-r",
    "escape",
  ].map((name): Key => ({ type: "press", name }));
  const texts = ["a", " ", "日", "👩‍👩‍👧", "e\u0301", "🇩🇪", "\t", "@x", "/s"]
    .map((text): Key => ({ type: "text", text }));
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...presses, ...texts), { maxLength: 60 }),
      (keys) => {
        let state = EMPTY_EDITOR;
        for (const key of keys) {
          state = onKey(state, key, { ...FACTS, history: HISTORY }).state;
          const { text, cursor } = state.edit;
          assert.ok(cursor >= 0 && cursor <= text.length);
          assert.ok(
            text.isWellFormed() && text.slice(0, cursor).isWellFormed(),
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});
