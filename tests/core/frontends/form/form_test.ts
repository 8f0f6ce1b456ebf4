/** Forms: what each line means for a field, the talk over all of them, and the keys. */
import assert from "node:assert/strict";
import {
  FormTalk,
  renderFormAnswer,
} from "../../../../core/frontends/form/form.ts";
import {
  describeKind,
  parseFormValue,
  showFormValue,
} from "../../../../core/frontends/form/form_value.ts";
import type { Key } from "../../../../core/frontends/editor/key.ts";
import { FormBox } from "../../../../core/frontends/repl/rich_form.ts";
import { Questions } from "../../../../core/frontends/repl/rich_questions.ts";
import type {
  FormAnswer,
  FormField,
  FormKind,
  FormRequest,
} from "../../../../core/protocol/form.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";

const LOOK = { hasColor: false, width: 60 };
const COLORS = [
  { value: "r", title: "Red" },
  { value: "g", title: "Green" },
  { value: "3", title: "Three" },
];

function field(kind: FormKind, isRequired = true): FormField {
  return { name: "x", title: "X", description: "", isRequired, kind };
}

/** The value of a line, or why it is none. */
function read(kind: FormKind, line: string, isRequired = true): unknown {
  const result = parseFormValue(field(kind, isRequired), line);
  switch (result.type) {
    case "value":
      return result.value;
    case "problem":
      return result.problem;
    case "left_out":
      return undefined;
  }
}

Deno.test("readFormValue() takes text within its bounds and of its format", () => {
  const short: FormKind = { type: "text", lengthMin: 2, lengthMax: 3 };
  assert.equal(read(short, " ab "), "ab");
  assert.equal(read(short, "👍👍👍"), "👍👍👍");
  assert.equal(read(short, "a"), "Its length is 1, must be at least 2");
  assert.equal(read(short, "abcd"), "Its length is 4, must be at most 3");
  assert.equal(read(short, ""), "A value is needed here");
  assert.equal(read(short, "", false), undefined);
  const cases = [
    ["email", ["a@b.c", "a@localhost"], ["a", "a@b@c", "a b@c.d"]],
    ["uri", ["https://x.y/z?q", "urn:isbn:1"], ["x.y", "/z", "https:// x"]],
    ["date", ["2024-02-29"], ["2023-02-29", "2024-1-1", "today"]],
    [
      "date-time",
      ["2024-02-29T01:02:03Z", "2024-02-29T01:02:03.5+01:00"],
      ["2024-02-29", "2024-02-30T01:02:03Z", "2024-02-29T25:02:03Z"],
    ],
  ] as const;
  for (const [format, good, bad] of cases) {
    const kind: FormKind = { type: "text", format };
    for (const line of good) assert.equal(read(kind, line), line);
    for (const line of bad) {
      assert.match(String(read(kind, line)), /^".*" is not an? /, line);
    }
  }
});

Deno.test("readFormValue() takes numbers that are numbers, whole ones where asked", () => {
  const number: FormKind = { type: "number", isInteger: false, min: 0, max: 2 };
  assert.equal(read(number, "1.5"), 1.5);
  assert.equal(read(number, "1e0"), 1);
  assert.equal(read(number, "2.01"), "It is 2.01, must be at most 2");
  assert.equal(read(number, "-1"), "It is -1, must be at least 0");
  for (const line of ["0x1", "one", "1,5", "Infinity", "--1"]) {
    assert.match(String(read(number, line)), /is not a number$/, line);
  }
  const whole: FormKind = { type: "number", isInteger: true };
  assert.equal(read(whole, "7"), 7);
  assert.match(String(read(whole, "7.5")), /not a whole number/);
  assert.match(String(read(whole, "9007199254740993")), /exactly/);
  assert.match(String(read(whole, "1e999")), /too large/);
});

Deno.test("readFormValue() takes yes, no and the default", () => {
  const kind: FormKind = { type: "yes_no", fallback: false };
  assert.equal(read(kind, "Y"), true);
  assert.equal(read(kind, "false"), false);
  assert.equal(read(kind, ""), false);
  assert.equal(read(kind, "maybe"), '"maybe" is neither yes nor no');
});

Deno.test("readFormValue() takes a choice by number, value or title", () => {
  const kind: FormKind = { type: "choice", choices: COLORS };
  assert.equal(read(kind, "2"), "g");
  assert.equal(read(kind, "GREEN"), "g");
  assert.equal(read(kind, "r"), "r");
  // A value of that name goes before the place.
  assert.equal(read(kind, "3"), "3");
  for (const line of ["4", "0", "blue"]) {
    assert.match(String(read(kind, line)), /is none of the choices/, line);
  }
});

Deno.test("readFormValue() takes several choices, each once, as many as it may", () => {
  const kind: FormKind = {
    type: "choices",
    choices: COLORS,
    countMin: 1,
    countMax: 2,
  };
  assert.deepEqual(read(kind, "red, 2, r"), ["r", "g"]);
  assert.equal(read(kind, "none"), "0 are chosen, must be at least 1");
  assert.equal(read(kind, "1,2,3"), "3 are chosen, must be at most 2");
  assert.equal(read(kind, "red, blue"), '"blue" is none of the choices');
  const comma: FormKind = {
    type: "choices",
    choices: [{ value: "a, b", title: "both" }],
    fallback: ["a, b"],
  };
  assert.deepEqual(read(comma, "a, b"), ["a, b"]);
  assert.deepEqual(read(comma, ""), ["a, b"]);
  assert.deepEqual(read(comma, "none"), []);
});

Deno.test("A default that breaks its own bounds is not taken", () => {
  const kind: FormKind = {
    type: "number",
    isInteger: true,
    max: 5,
    fallback: 9,
  };
  assert.equal(read(kind, ""), "It is 9, must be at most 5");
});

Deno.test("describeKind() and showFormValue() speak of titles and bounds", () => {
  assert.equal(
    describeKind({ type: "number", isInteger: true, min: 1, max: 5 }),
    "a whole number, 1 to 5",
  );
  assert.equal(
    describeKind({ type: "text", lengthMin: 2, pattern: "^a" }),
    "at least 2 characters, of the form ^a",
  );
  const kind: FormKind = { type: "choices", choices: COLORS };
  assert.equal(showFormValue(kind, ["r", "g"]), "Red, Green");
  assert.equal(showFormValue(kind, []), "none");
  assert.equal(showFormValue({ type: "yes_no" }, true), "yes");
});

const FORM: FormRequest = {
  from: "The MCP server s",
  message: "Who are\x1b[2J you?",
  fields: [
    {
      name: "name",
      title: "Name",
      description: "Your name",
      isRequired: true,
      kind: { type: "text", fallback: "Ada" },
    },
    {
      name: "color",
      title: "Color",
      description: "",
      isRequired: false,
      kind: { type: "choice", choices: COLORS },
    },
  ],
};

Deno.test("FormTalk asks field by field, shows all of it, and waits for a yes", () => {
  const talk = new FormTalk(FORM);
  assert.deepEqual(talk.renderOpening(LOOK), [
    "The MCP server s asks you:",
    "    Who are you?",
  ]);
  assert.deepEqual(talk.renderStep(LOOK), ["  1/2 Name", "    Your name"]);
  assert.equal(talk.prompt, "Name [Ada]: ");
  assert.deepEqual(talk.take(""), { type: "next" });
  assert.deepEqual(talk.renderStep(LOOK), [
    "  2/2 Color (may stay empty)",
    "    one of these, by number or name",
    "    1  Red",
    "    2  Green",
    "    3  Three",
  ]);
  assert.deepEqual(talk.take("blue"), {
    type: "again",
    problem: '"blue" is none of the choices',
  });
  assert.equal(talk.isAtEnd, false);
  assert.deepEqual(talk.take(""), { type: "next" });
  assert.equal(talk.isAtEnd, true);
  assert.deepEqual(talk.renderStep(LOOK), [
    "  It will get:",
    "    Name: Ada",
    "    Color: left empty",
  ]);
  // Enter alone sends nothing.
  assert.equal(talk.take("").type, "again");
  assert.deepEqual(talk.take("e"), { type: "next" });
  talk.take("Grace");
  assert.deepEqual(talk.take("2"), { type: "next" });
  assert.deepEqual(talk.take("y"), {
    type: "answered",
    answer: { action: "accept", content: { name: "Grace", color: "g" } },
  });
});

Deno.test("FormTalk keeps what was answered when it is changed", () => {
  const talk = new FormTalk(FORM);
  talk.take("Grace");
  talk.take("2");
  talk.take("e");
  assert.equal(talk.prompt, "Name [Grace]: ");
  talk.take("");
  assert.equal(talk.prompt, "Color [Green]: ");
  talk.take("");
  assert.deepEqual(talk.take("yes"), {
    type: "answered",
    answer: { action: "accept", content: { name: "Grace", color: "g" } },
  });
});

Deno.test("FormTalk about a page shows every character of its address", () => {
  const url = "https://exa\u200bmple.com/\u202ex";
  const talk = new FormTalk({ from: "s", message: "Log in", url, fields: [] });
  assert.deepEqual(talk.renderOpening(LOOK).slice(-2), [
    "    Page: https://exa\\u{200b}mple.com/\\u{202e}x",
    "    It is at: example.com",
  ]);
  assert.equal(talk.isAtEnd, true);
  assert.match(talk.prompt, /^Agree\?/);
  assert.equal(talk.take("e").type, "again");
  assert.deepEqual(new FormTalk({ ...FORM, url, fields: [] }).take("y"), {
    type: "answered",
    answer: { action: "accept" },
  });
  assert.deepEqual(talk.take("n"), {
    type: "answered",
    answer: { action: "decline" },
  });
});

Deno.test("renderFormAnswer() names each of the three", () => {
  const shown = (["accept", "decline", "cancel"] as const).map((action) =>
    renderFormAnswer({ action }, LOOK)
  );
  assert.deepEqual(shown, ["  yes", "  no", "  no answer"]);
});

const LATER = LIMITS.answerArmMs;

function press(name: string): Key {
  return { type: "press", name };
}

interface OpenForm {
  readonly questions: Questions;
  readonly answers: FormAnswer[];
  stops: number;
}

function openForm(form: FormRequest): OpenForm {
  const questions = new Questions();
  const open: OpenForm = { questions, answers: [], stops: 0 };
  questions.add({
    id: "f",
    form: new FormBox(form),
    onAnswer: (answer, isStop) => {
      open.answers.push(answer);
      if (isStop) open.stops++;
    },
  }, 0);
  return open;
}

Deno.test("A form hears nothing that was typed before it, and nothing too soon at its end", () => {
  const open = openForm(FORM);
  const { questions } = open;
  const type = (text: string, nowMs: number): string =>
    questions.onKey({ type: "text", text }, nowMs);
  assert.equal(type("dra", 10), "draft");
  assert.equal(questions.onKey(press("enter"), 20), "draft");
  assert.equal(questions.onKey(press("escape"), 30), "draft");
  assert.match(questions.render(LOOK, 40)[0] ?? "", /in a moment.*draft/);
  let now = 30 + LATER;
  assert.equal(type("Grace", now), "taken");
  assert.deepEqual(questions.render(LOOK, now).at(-1), "Name [Ada]: Grace");
  assert.equal(questions.cursor(LOOK, now), 17);
  assert.equal(questions.onKey(press("enter"), now), "next");
  assert.equal(questions.onKey(press("enter"), now), "next");
  // The yes that sends it has to wait again, and what comes too soon is lost.
  assert.equal(type("y", now + 1), "held");
  assert.equal(questions.onKey(press("enter"), now + 2), "held");
  assert.deepEqual(open.answers, []);
  now += 2 + LATER;
  assert.equal(type("y", now), "taken");
  assert.equal(questions.onKey(press("enter"), now), "taken");
  assert.deepEqual(open.answers, [
    { action: "accept", content: { name: "Grace" } },
  ]);
});

Deno.test("A form is left by one key: Esc without an answer, Ctrl-D with a no, Ctrl-C with the turn", () => {
  const cases = [
    ["escape", "cancel", 0],
    ["ctrl-d", "decline", 0],
    ["ctrl-c", "cancel", 1],
  ] as const;
  for (const [key, action, stops] of cases) {
    const open = openForm(FORM);
    assert.equal(open.questions.onKey(press(key), LATER), "taken");
    assert.deepEqual(open.answers, [{ action }]);
    assert.equal(open.stops, stops);
  }
  const hurried = openForm(FORM);
  assert.equal(hurried.questions.onKey(press("ctrl-c"), 0), "taken");
  assert.equal(hurried.stops, 1);
});

Deno.test("A form keeps what was wrong, says why, and fits into the window", () => {
  const kind: FormKind = { type: "text", lengthMax: 70 };
  const { questions } = openForm({
    ...FORM,
    fields: [{ ...field(kind), title: "T".repeat(90) }],
  });
  questions.onKey({ type: "text", text: "a".repeat(80) }, LATER);
  questions.onKey(press("enter"), LATER);
  const lines = questions.render(LOOK, LATER);
  assert.equal(lines[0], "Its length is 80, must be at most 70");
  assert.ok(lines.every((line) => line.length <= LOOK.width));
  assert.match(lines.at(-1) ?? "", /^T+…a+$/);
  assert.ok((questions.cursor(LOOK, LATER) ?? 99) < LOOK.width);
});

Deno.test("FormTalk says where an address leads that looks like another", () => {
  const at = (url: string): string | undefined =>
    new FormTalk({ from: "s", message: "", url, fields: [] })
      .renderOpening(LOOK).at(-1);
  // The first letter is Cyrillic.
  assert.equal(
    at("https://\u0430pple.com/"),
    "    It is at: xn--pple-43d.com",
  );
  assert.equal(
    at(`https://bank.com${"/".repeat(200)}@evil.example`),
    "    It is at: bank.com",
  );
  assert.equal(
    at("https://bank.com:443@evil.example/"),
    "    It is at: evil.example",
  );
  assert.equal(at("https://"), "    It is at: no address at all");
});

Deno.test("FormTalk folds texts that would push away who asks", () => {
  const long = "line\n".repeat(100_000);
  const shown = LIMITS.mcpFormLinesShown;
  const more = `    … ${100_000 - shown} more lines`;
  const fields = [{ ...field({ type: "yes_no" }), description: long }];
  const talk = new FormTalk({ from: "s", message: long, fields });
  const opening = talk.renderOpening(LOOK);
  assert.equal(opening[0], "s asks you:");
  assert.deepEqual([opening.length, opening.at(-1)], [shown + 2, more]);
  assert.equal(talk.renderStep(LOOK)[shown + 1], more);
});
