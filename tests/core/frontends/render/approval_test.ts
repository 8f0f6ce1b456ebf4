/** Questions: what is shown, what each key decides, and when a key counts at all. */
import assert from "node:assert/strict";
import {
  decideByKey,
  denyWith,
  parseAnswerLine,
  renderAnswers,
  renderDecision,
  renderQuestion,
  showHidden,
} from "../../../../core/frontends/render/approval.ts";
import type { Key } from "../../../../core/frontends/editor/key.ts";
import {
  type KeyQuestion,
  Questions,
} from "../../../../core/frontends/repl/rich_questions.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type {
  ApprovalRequest,
  Decision,
} from "../../../../core/protocol/policy.ts";
import { QUESTION } from "../repl/support.ts";

const LOOK = { hasColor: false, width: 60 };
const NO_PREFIX = { ...QUESTION };
delete (NO_PREFIX as { prefix?: unknown }).prefix;

Deno.test("renderQuestion() shows command, reason, sandbox and folder", () => {
  assert.deepEqual(renderQuestion(QUESTION, LOOK), [
    "Run this command?",
    "  git push origin main",
    "  Why: The command is not known to be safe",
    "  Sandbox: It could not reach the network",
    "  In: /srv/project",
  ]);
});

Deno.test("renderQuestion() spells out hidden characters of what would run", () => {
  const lines = renderQuestion(
    { ...QUESTION, detail: "rm \u202e\x1b[8m -rf\u200b /\r\ntrue" },
    LOOK,
  );
  assert.deepEqual(lines.slice(1, 3), [
    "  rm \\u{202e}\\u{1b}[8m -rf\\u{200b} /",
    "  true",
  ]);
  assert.equal(showHidden("plain\ttext\n日本"), "plain\ttext\n日本");
  assert.equal(
    showHidden("a\u061cb\u180ec\u{e0041}"),
    "a\\u{61c}b\\u{180e}c\\u{e0041}",
  );
});

Deno.test("renderAnswers() says what each answer remembers", () => {
  assert.deepEqual(renderAnswers(QUESTION, LOOK), [
    "  y  yes, this once",
    "  s  yes, and remember: git push origin main",
    "  p  yes, and always, without the sandbox, for commands that",
    "     begin with: git push",
    "  n  no, and tell the model why (optional)",
    "  q  no, and stop the turn",
  ]);
  assert.equal(
    renderAnswers({ ...QUESTION, forbids: "" }, LOOK)[2],
    "  p  yes, and always for commands that begin with: git push",
  );
  assert.equal(renderAnswers(NO_PREFIX, LOOK).length, 4);
});

Deno.test("decideByKey() knows five keys, and the safe one is the default", () => {
  const prefix = ["git", "push"];
  assert.deepEqual(decideByKey("y", QUESTION), { type: "approve" });
  assert.deepEqual(decideByKey("s", QUESTION), { type: "approve_for_session" });
  assert.deepEqual(decideByKey("p", QUESTION), {
    type: "approve_prefix",
    prefix,
  });
  assert.equal(decideByKey("p", NO_PREFIX), undefined);
  assert.deepEqual(decideByKey("q", QUESTION), { type: "abort" });
  for (const key of ["n", "enter", "escape"]) {
    assert.equal(decideByKey(key, QUESTION), "word");
  }
  for (const key of ["x", "tab", "space", "up", ""]) {
    assert.equal(decideByKey(key, QUESTION), undefined);
  }
});

Deno.test("parseAnswerLine() takes answers and nothing that only looks like one", () => {
  assert.deepEqual(parseAnswerLine(" Y ", QUESTION), { type: "approve" });
  assert.deepEqual(parseAnswerLine("yes", QUESTION), { type: "approve" });
  assert.deepEqual(parseAnswerLine("n", QUESTION), { type: "deny" });
  assert.deepEqual(parseAnswerLine("n use fetch", QUESTION), {
    type: "deny",
    message: "use fetch",
  });
  assert.deepEqual(parseAnswerLine("q", QUESTION), { type: "abort" });
  assert.equal(parseAnswerLine("p", NO_PREFIX), undefined);
  for (const line of ["", "yes please", "sure", "not now", "y\ny"]) {
    assert.equal(parseAnswerLine(line, QUESTION), undefined, line);
  }
});

Deno.test("renderDecision() keeps the answer in words", () => {
  assert.equal(renderDecision(denyWith(" no\x1b[1m "), LOOK), "  no: no");
  assert.equal(renderDecision(denyWith(""), LOOK), "  no");
  assert.equal(
    renderDecision({ type: "approve_prefix", prefix: ["a b", "c"] }, LOOK),
    "  yes, always: 'a b' c",
  );
});

function text(value: string): Key {
  return { type: "text", text: value };
}

function press(name: string): Key {
  return { type: "press", name };
}
const LATER = LIMITS.answerArmMs;

/** A question that keeps what was decided about it. */
function open(
  id: string,
  decisions: Decision[] = [],
  request: ApprovalRequest = QUESTION,
): KeyQuestion {
  return { id, request, onDecide: (one) => void decisions.push(one) };
}

Deno.test("Questions hear no key until some time after they were drawn", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  questions.add(open("a", decisions), 1_000);
  assert.equal(questions.onKey(text("y"), 1_000), "draft");
  assert.equal(questions.onKey(text("y"), 1_000 + LATER - 1), "draft");
  // Typing goes on: the time begins anew with every key.
  assert.equal(questions.onKey(text("y"), 1_000 + LATER + 100), "draft");
  assert.deepEqual(decisions, []);
  assert.equal(questions.onKey(text("y"), 1_000 + 3 * LATER), "taken");
  assert.deepEqual(decisions, [{ type: "approve" }]);
});

Deno.test("Questions take no paste and no burst of letters for an answer", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  questions.add(open("a", decisions), 0);
  const paste = { type: "paste", text: "y" } as const;
  assert.equal(questions.onKey(paste, LATER), "draft");
  assert.equal(questions.onKey(text("yes"), 3 * LATER), "draft");
  assert.deepEqual(decisions, []);
});

Deno.test("Questions let Ctrl-C stop at once", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  questions.add(open("a", decisions), 0);
  assert.equal(questions.onKey(press("ctrl-c"), 0), "taken");
  assert.deepEqual(decisions, [{ type: "abort" }]);
});

Deno.test("Questions take a word with the no, and go back on Escape", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  questions.add(open("a", decisions), 0);
  assert.equal(questions.onKey(text("n"), LATER), "taken");
  assert.equal(questions.onKey(press("escape"), LATER), "taken");
  assert.equal(questions.onKey(press("enter"), LATER), "taken");
  for (const key of [text("use y"), press("backspace"), text("it")]) {
    assert.equal(questions.onKey(key, LATER), "taken");
  }
  assert.deepEqual(questions.render(LOOK, LATER), [
    "Reason (optional; Enter declines, Esc goes back): use it",
  ]);
  assert.deepEqual(decisions, []);
  assert.equal(questions.onKey(press("enter"), LATER), "taken");
  assert.deepEqual(decisions, [{ type: "deny", message: "use it" }]);
});

Deno.test("Questions of servers are denied without a word", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  const request = { ...NO_PREFIX, question: "Let it?", title: "tiny" };
  questions.add(open("a", decisions, request), 0);
  assert.equal(questions.renderHead(LOOK)[0], "Let it? tiny");
  assert.ok(questions.render(LOOK, LATER).includes("  n  no"));
  assert.equal(questions.onKey(text("n"), LATER), "taken");
  assert.deepEqual(decisions, [{ type: "deny" }]);
});

Deno.test("Questions are asked one at a time, each deaf at first", () => {
  const questions = new Questions();
  assert.equal(questions.add(open("a"), 0), true);
  assert.equal(questions.add(open("b", [], NO_PREFIX), 0), false);
  assert.match(questions.render(LOOK, LATER).at(-1) ?? "", /1 of 2/);
  assert.equal(questions.settle("a", LATER), true);
  assert.equal(questions.current?.id, "b");
  assert.equal(questions.onKey(text("y"), LATER), "draft");
  assert.equal(questions.settle("b", LATER), false);
  assert.equal(questions.current, undefined);
  assert.deepEqual(questions.render(LOOK, LATER), []);
});
