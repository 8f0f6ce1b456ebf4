/** An approval: the question, its answers and what each decides. Pure. */
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import { unreachable } from "../../util/assert.ts";
import { relativeTo } from "../../util/path.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { renderDiff } from "./diff.ts";
import { paint, paintSpans, type RenderOptions, span } from "./style.ts";
import { wrapSpans, wrapText, wrapWords } from "./wrap.ts";

/** Lines of a command or diff that are shown with the question. */
const DETAIL_LINES = 400;

// Everything that takes no place on the screen or changes the order of what does: here
// it must be seen, since it would run.
const HIDDEN =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

type AnswerKey = "y" | "s" | "p" | "n" | "q";

/** The question itself: printed once, stays in the scrollback. */
export function renderQuestion(
  request: ApprovalRequest,
  options: RenderOptions & { readonly cwd?: string },
): readonly string[] {
  const isElsewhere = request.cwd !== options.cwd;
  const row = (name: string, value: string): readonly string[] =>
    value.trim() === ""
      ? []
      : wrapText(`${name}: ${showHidden(value)}`, options.width - 2)
        .map((line) => `  ${line}`);
  return [
    ...wrapWords(titleOf(request, options.cwd), options.width)
      .map((line) => paint(line, options, "bold", "yellow")),
    ...renderDetail(request, options),
    ...row("Why", request.reason),
    ...row("Sandbox", request.forbids),
    ...(isElsewhere ? row("In", request.cwd) : []),
  ];
}

/** The possible answers, one line each. */
export function renderAnswers(
  request: ApprovalRequest,
  options: RenderOptions,
): readonly string[] {
  const scope = request.sessionScope === ""
    ? "and do not ask again in this session"
    : `and remember: ${visibleLine(request.sessionScope, 2_000)}`;
  const rows: readonly (readonly [AnswerKey, string])[] = [
    ["y", "yes, this once"],
    ["s", `yes, ${scope}`],
    ...(request.prefix === undefined ? [] : [
      [
        "p",
        `yes, and always${
          request.forbids === "" ? "" : ", without the sandbox,"
        } for commands that begin with: ${prefixText(request.prefix)}`,
      ] as const,
    ]),
    [
      "n",
      takesWord(request) ? "no, and tell the model why (optional)" : "no",
    ],
    ["q", "no, and stop the turn"],
  ];
  // Nothing of what would be remembered is cut.
  return rows.flatMap(([key, text]) =>
    wrapSpans([{ text, styles: [] }], {
      width: options.width,
      first: [span("  "), span(key, "bold"), span("  ")],
      rest: [span("     ")],
    }).map((line) => paintSpans(line, options))
  );
}

// Servers get no reason with a no.
function takesWord({ question }: ApprovalRequest): boolean {
  return question === undefined;
}

/** The keys that answer it, in one line. */
export function answerKeys(request: ApprovalRequest): string {
  return request.prefix === undefined ? "y s n q" : "y s p n q";
}

/** What a key decides; `n` needs a word first, anything else decides nothing. */
export function decideByKey(
  key: string,
  request: ApprovalRequest,
): Decision | "word" | undefined {
  switch (key) {
    case "y":
      return { type: "approve" };
    case "s":
      return { type: "approve_for_session" };
    case "p":
      return request.prefix === undefined
        ? undefined
        : { type: "approve_prefix", prefix: request.prefix };
    // The safe default.
    case "n":
    case "enter":
    case "escape":
      return takesWord(request) ? "word" : { type: "deny" };
    case "q":
    case "ctrl-c":
      return { type: "abort" };
    default:
      return undefined;
  }
}

/** A no with the reason the user typed. */
export function denyWith(word: string): Decision {
  const message = word.trim();
  return message === "" ? { type: "deny" } : { type: "deny", message };
}

/** A typed answer line: `y`, or `n because …`; undefined when it is none. */
export function parseAnswerLine(
  line: string,
  request: ApprovalRequest,
): Decision | undefined {
  const text = line.trim();
  const no = /^(?:n|no)(?:\s+([^]*))?$/i.exec(text);
  if (no !== null) return denyWith(no[1] ?? "");
  const word = { yes: "y", session: "s", prefix: "p", stop: "q", quit: "q" };
  const lower = text.toLowerCase();
  const key = Object.entries(word).find(([name]) => name === lower)?.[1] ??
    lower;
  if (!/^[yspq]$/.test(key)) return undefined;
  const decision = decideByKey(key, request);
  return decision === "word" ? undefined : decision;
}

/** The answer as it stays in the scrollback. */
export function renderDecision(
  decision: Decision,
  options: RenderOptions,
): string {
  switch (decision.type) {
    case "approve":
      return paint("  yes, once", options, "green");
    case "approve_for_session":
      return paint("  yes, for this session", options, "green");
    case "approve_prefix":
      return paint(
        `  yes, always: ${prefixText(decision.prefix)}`,
        options,
        "green",
      );
    case "deny": {
      const why = decision.message === undefined
        ? ""
        : `: ${visibleLine(decision.message)}`;
      return paint(`  no${why}`, options, "red");
    }
    case "abort":
      return paint("  no, stopped", options, "red");
    default:
      return unreachable(decision);
  }
}

/** The text with every hidden character spelled out. */
export function showHidden(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(
    HIDDEN,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

function titleOf(request: ApprovalRequest, cwd: string | undefined): string {
  if (request.question !== undefined) {
    return `${request.question} ${visibleLine(request.title)}`.trimEnd();
  }
  switch (request.kind) {
    case "command":
      return "Run this command?";
    case "escalation":
      return "Run this command without the sandbox?";
    case "patch": {
      const files = request.title.split(", ").map((path) =>
        cwd === undefined ? path : relativeTo(path, cwd)
      );
      return `Make this change? ${visibleLine(files.join(", "))}`;
    }
    case "mcp":
      return `Call this tool? ${visibleLine(request.title)}`;
    default:
      return unreachable(request.kind);
  }
}

function renderDetail(
  request: ApprovalRequest,
  options: RenderOptions,
): readonly string[] {
  const text = showHidden(request.detail).trimEnd();
  if (request.kind === "patch") return renderDiff(text, options, DETAIL_LINES);
  const lines = text.split("\n");
  const shown = lines.slice(0, DETAIL_LINES).map((line) => `  ${line}`);
  const hidden = lines.length - shown.length;
  return hidden === 0 ? shown : [...shown, `  (${hidden} more lines)`];
}

function prefixText(prefix: readonly string[]): string {
  return visibleLine(
    prefix.map((word) => /^[\w./:=@%+-]+$/.test(word) ? word : `'${word}'`)
      .join(" "),
  );
}
