/** What a compaction asks for and what it leaves. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  buildCompactionInput,
  buildEndpointReplacement,
  buildReplacement,
  compactionBudget,
  type ReplacementParts,
} from "../../../../core/context/compaction/prompt.ts";
import { typedText, wrapTag } from "../../../../core/context/format/tags.ts";
import {
  foldHandover,
  NO_HANDOVER,
} from "../../../../core/context/compaction/handover.ts";
import { initialItems } from "../../../../core/context/initial.ts";
import { estimateItemsTokens } from "../../../../core/context/format/tokens.ts";
import {
  message,
  textMessage,
  viewItem,
  type WireItem,
} from "../../../../core/protocol/item.ts";
import { COMPACT_PROMPT, SUMMARY_PREFIX } from "../../../../prompts/mod.ts";
import { context, sent, summaryItem } from "../support.ts";
import { anyCharacter } from "../../../support/any_character.ts";

function user(text: string): WireItem {
  return textMessage("user", text);
}

const WORK: readonly WireItem[] = [
  { type: "reasoning", encrypted_content: "x" },
  {
    type: "function_call",
    name: "shell",
    call_id: "1",
    arguments: '{"command":["ls"]}',
  },
  { type: "function_call_output", call_id: "1", output: "Exit code: 0\n" },
  textMessage("assistant", "done"),
];

const INITIAL = initialItems(context());

function parts(
  items: readonly WireItem[],
  patch: Partial<ReplacementParts> = {},
): ReplacementParts {
  return {
    items,
    handover: items.reduce(foldHandover, NO_HANDOVER),
    budget: { keepTokens: 20_000, handoverTokens: 8_000 },
    cwd: "/wdir/repo",
    initial: [],
    ...patch,
  };
}

function keepUserMessages(
  items: readonly WireItem[],
  keepTokens: number,
): readonly WireItem[] {
  const budget = { keepTokens, handoverTokens: 8_000 };
  // The hand-over and the summary follow.
  return buildReplacement(parts(items, { budget }), "s").slice(0, -2);
}

/** A short name for each item of a history. */
function shape(items: readonly WireItem[]): readonly string[] {
  return items.map((item) => {
    const view = viewItem(item);
    if (view.type !== "message") return view.type;
    if (view.text.startsWith(SUMMARY_PREFIX)) return "summary";
    const tag = /^<([a-z_ ]+)>/.exec(view.text)?.[1];
    return tag ?? (view.role === "user" ? view.text.slice(0, 20) : view.role);
  });
}

Deno.test("buildCompactionInput() asks at the end of the whole history", () => {
  const items = [...INITIAL, user("go"), ...WORK];
  assert.deepEqual(buildCompactionInput(items), {
    input: [...items, user(COMPACT_PROMPT)],
    trailing: [],
  });
  assert.deepEqual(
    buildCompactionInput(items, "own").input.at(-1),
    user("own"),
  );
});

Deno.test("buildCompactionInput() puts a trailing note on a model switch aside", () => {
  const note = textMessage("developer", wrapTag("model_switch", "other"));
  const { input, trailing } = buildCompactionInput([user("go"), note]);
  assert.deepEqual(input, [user("go"), user(COMPACT_PROMPT)]);
  assert.deepEqual(trailing, [note]);
  const inside = buildCompactionInput([note, user("go")]);
  assert.deepEqual(inside.trailing, []);
});

Deno.test("buildReplacement() keeps what the user typed, in order, and nothing else", () => {
  const items = [
    ...INITIAL,
    user("one"),
    ...WORK,
    summaryItem("s"),
    user("two"),
  ];
  assert.deepEqual(keepUserMessages(items, 1_000), [user("one"), user("two")]);
});

Deno.test("buildReplacement() cuts the message that crosses the limit and drops older ones", () => {
  const items = [
    user("oldest"),
    user("A" + "x".repeat(4_000) + "Z"),
    user("newest"),
  ];
  const kept = sent(keepUserMessages(items, 500));
  assert.equal(kept.length, 2);
  assert.match(kept[0] ?? "", /^user: Ax+…\d+ tokens truncated…x+Z$/);
  assert.equal(kept[1], "user: newest");
});

Deno.test("buildReplacement() leaves the images of a cut message out", () => {
  const image = message("user", [
    { type: "input_text", text: '<image name=[Image #1] path="a">' },
    { type: "input_image", image_url: "data:image/png;base64,AAAA" },
    { type: "input_text", text: "</image>" },
    { type: "input_text", text: "look" },
  ]);
  assert.deepEqual(keepUserMessages([image], 5_000), [image]);
  assert.deepEqual(keepUserMessages([image], 500), [
    message("user", [{ type: "input_text", text: "look" }]),
  ]);
});

Deno.test("buildReplacement() never exceeds its limit", () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 2_000 });
  fc.assert(
    fc.property(fc.array(text), fc.nat(2_000), (texts, tokensMax) => {
      const items = texts.map(user);
      const kept = keepUserMessages(items, tokensMax);
      assert.ok(estimateItemsTokens(kept) <= tokensMax);
      const typed = items.filter((item) => typedText(item) !== undefined);
      const whole = kept.slice(1);
      if (whole.length > 0) {
        assert.deepEqual(whole, typed.slice(-whole.length));
      }
    }),
  );
});

Deno.test("buildReplacement() keeps 200 kB within 20,000 tokens", () => {
  const kept = keepUserMessages([user('"\n'.repeat(100_000))], 20_000);
  const tokens = estimateItemsTokens(kept);
  assert.ok(tokens <= 20_000 && tokens > 15_000, `${tokens}`);
});

Deno.test("compactionBudget() takes shares of a small window and fixed numbers of a large one", () => {
  const short = [user("go")];
  assert.deepEqual(compactionBudget({ contextWindow: 32_000 }, short), {
    keepTokens: 6_400,
    handoverTokens: 3_200,
  });
  assert.deepEqual(compactionBudget({ contextWindow: 272_000 }, short), {
    keepTokens: 20_000,
    handoverTokens: 8_000,
  });
});

Deno.test("compactionBudget() keeps a long latest request whole up to a quarter of the window", () => {
  const long = [user("x".repeat(200_000)), ...WORK];
  const { keepTokens } = compactionBudget({ contextWindow: 272_000 }, long);
  assert.deepEqual(keepUserMessages(long, keepTokens), long.slice(0, 1));
  const small = compactionBudget({ contextWindow: 100_000 }, long);
  assert.equal(small.keepTokens, 25_000);
});

Deno.test("buildReplacement() ends with the summary, the facts before it", () => {
  const items = [...INITIAL, user("one"), ...WORK, user("two"), ...WORK];
  const replaced = buildReplacement(parts(items), " The work. \n");
  assert.deepEqual(shape(replaced), ["one", "two", "handover", "summary"]);
  assert.equal(sent(replaced).at(-1), `user: ${SUMMARY_PREFIX}\n\nThe work.`);
  assert.ok(sent(replaced)[2]?.includes("exit 0: ls"));
});

Deno.test("buildReplacement() brings fresh initial messages before the last words of the person", () => {
  const items = [...INITIAL, user("one"), ...WORK, user("two"), ...WORK];
  assert.deepEqual(
    shape(buildReplacement(parts(items, { initial: INITIAL }), "s")),
    [
      "one",
      "permissions instructions",
      "environment_context",
      "two",
      "handover",
      "summary",
    ],
  );
  const silent = parts(WORK, { initial: INITIAL });
  assert.deepEqual(shape(buildReplacement(silent, "s")), [
    "permissions instructions",
    "environment_context",
    "handover",
    "summary",
  ]);
});

Deno.test("buildReplacement() says so when the model gave no summary", () => {
  const text = sent(buildReplacement(parts([user("go")]), " \n")).at(-1) ?? "";
  assert.ok(text.includes("The model gave no summary"));
});

Deno.test("buildReplacement() knows the first request after ten compactions", () => {
  let items: readonly WireItem[] = [...INITIAL, user("FIRST: build the thing")];
  let handover = items.reduce(foldHandover, NO_HANDOVER);
  for (let round = 0; round < 10; round++) {
    const more = [
      ...WORK,
      user(`request ${round} ${"x".repeat(60_000)}`),
      ...WORK,
    ];
    handover = more.reduce(foldHandover, handover);
    items = buildReplacement(
      parts([...items, ...more], { handover, initial: INITIAL }),
      `summary ${round}`,
    );
    const text = sent(items).join("\n");
    assert.ok(text.includes("FIRST: build the thing"), `round ${round}`);
    assert.ok(text.includes(`request ${round} x`), `round ${round}`);
    assert.equal(shape(items).filter((one) => one === "summary").length, 1);
    assert.equal(shape(items).filter((one) => one === "handover").length, 1);
    assert.ok(estimateItemsTokens(items) < 32_000);
  }
});

Deno.test("buildEndpointReplacement() keeps words and compaction items, drops what comes back fresh", () => {
  const answered: readonly WireItem[] = [
    ...INITIAL,
    user("one"),
    ...WORK,
    { type: "future_kind", x: 1 },
    user("two"),
    { type: "compaction", encrypted_content: "secret" },
  ];
  const items = [user("one"), user("two")];
  const replaced = buildEndpointReplacement(parts(items), answered);
  assert.deepEqual(shape(replaced), [
    "one",
    "assistant",
    "unknown",
    "two",
    "compaction",
    "handover",
  ]);
  assert.ok(
    sent(replaced).at(-1)?.includes("It is the last user message"),
  );
});

Deno.test("buildEndpointReplacement() says the request itself when the answer lost it", () => {
  const answered: readonly WireItem[] = [
    { type: "compaction", encrypted_content: "secret" },
  ];
  const items = [user("one"), user("two")];
  const replaced = buildEndpointReplacement(
    parts(items, { initial: INITIAL }),
    answered,
  );
  assert.deepEqual(shape(replaced), [
    "permissions instructions",
    "environment_context",
    "compaction",
    "handover",
  ]);
  const text = sent(replaced).at(-1) ?? "";
  assert.ok(text.includes("# Latest request\ntwo\n"));
  assert.ok(text.includes("\none\n"));
});
