/** The question before something risky: what is shown, and what each answer means. Pure. */
import {
  acceptOffer,
  type ApprovalRequest,
  type Decision,
  offeredRules,
  type PatchTarget,
  type RuleOffer,
} from "../../protocol/policy.ts";
import { unreachable } from "../../util/assert.ts";
import { relativeTo } from "../../util/path.ts";
import {
  showHidden,
  showLine,
  visibleLine,
} from "../../util/text/visible_text.ts";
import { renderDiff } from "./diff.ts";
import { paint, paintSpans, type RenderOptions, span } from "./style.ts";
import { wrapSpans, wrapText, wrapWords } from "./wrap.ts";

/** Lines of a diff that are shown with the question; nothing else of it is cut. */
const DIFF_LINES = 400;
/** Rows that the answers take, and the first lines repeated above them. */
const ANSWER_ROWS = 10;
const FIRST_LINES = 3;
const USUAL_ROWS = 24;

/** One key for each rule that is offered. */
const RULE_KEYS = ["p", "w", "o"] as const;
type RuleKey = typeof RULE_KEYS[number];
type AnswerKey = "y" | "s" | RuleKey | "n" | "q";

interface QuestionOptions extends RenderOptions {
  readonly cwd?: string;
  /** The command that stands right above the question, whole. */
  readonly above?: string | undefined;
}

/** What Enter and Escape take, marked among the answers. */
const SAFE: AnswerKey = "n";

/** The question itself: printed once, stays in the scrollback. */
export function renderQuestion(
  request: ApprovalRequest,
  options: QuestionOptions,
): readonly string[] {
  const isElsewhere = request.cwd !== options.cwd;
  const row = (name: string, value: string): readonly string[] =>
    value.trim() === ""
      ? []
      : wrapText(`${name}: ${showLine(value)}`, options.width - 2)
        .map((line) => `  ${line}`);
  const lines = [
    ...wrapWords(titleOf(request), options.width)
      .map((line) => paint(line, options, "bold", "yellow")),
    ...(request.targets ?? []).flatMap((target) =>
      renderTarget(target, options)
    ),
    ...renderDetail(request, options),
    ...row("Why", request.reason),
    ...row("Sandbox", request.forbids),
    ...(isElsewhere ? row("In", request.cwd) : []),
  ];
  return [...lines, ...repeatFirst(lines, options)];
}

// What has left the window before anyone could read it.
function repeatFirst(
  lines: readonly string[],
  options: RenderOptions,
): readonly string[] {
  const above = lines.length + ANSWER_ROWS - (options.rows ?? USUAL_ROWS);
  if (above <= 0) return [];
  return [
    `  (${above} lines are above this window; the question begins:)`,
    ...lines.slice(0, FIRST_LINES + 1),
  ];
}

function renderTarget(
  { path, named, isOutside }: PatchTarget,
  options: RenderOptions & { readonly cwd?: string },
): readonly string[] {
  const shown = isOutside || options.cwd === undefined
    ? path
    : relativeTo(path, options.cwd);
  const text = `${isOutside ? "Outside the sandbox: " : "File: "}${
    showLine(shown)
  }${named === undefined ? "" : ` (named ${showLine(named)})`}`;
  return wrapText(text, options.width - 2).map((line) =>
    isOutside ? paint(`  ${line}`, options, "yellow") : `  ${line}`
  );
}

/** The possible answers, one line each. */
export function renderAnswers(
  request: ApprovalRequest,
  options: RenderOptions,
): readonly string[] {
  const scope = request.sessionScope === ""
    ? "and do not ask again in this session"
    : `and remember: ${showLine(request.sessionScope)}`;
  const rows: readonly (readonly [AnswerKey, string])[] = [
    ["y", "yes, this once"],
    ["s", `yes, ${scope}`],
    ...offersOf(request).map(([key, offer]) =>
      [key, offerText(offer, request)] as const
    ),
    ["n", takesWord(request) ? "no, and tell the model why (optional)" : "no"],
    ["q", "no, and stop the turn"],
  ];
  // Nothing of what would be remembered is cut.
  return rows.flatMap(([key, text]) =>
    wrapSpans([{ text, styles: key === SAFE ? ["bold"] : [] }], {
      width: options.width,
      first: [
        span(key === SAFE ? "› " : "  ", "bold"),
        span(key, "bold"),
        span("  "),
      ],
      rest: [span("     ")],
    }).map((line) => paintSpans(line, options))
  );
}

function offersOf(
  request: ApprovalRequest,
): readonly (readonly [RuleKey, RuleOffer])[] {
  return offeredRules(request).slice(0, RULE_KEYS.length)
    .map((offer, at) => [RULE_KEYS[at] ?? "p", offer] as const);
}

function offerText(
  { prefixes, sandbox }: RuleOffer,
  { forbids }: ApprovalRequest,
): string {
  const how = sandbox === undefined
    ? forbids === "" ? "" : ", without the sandbox,"
    : `, ${sandboxText(sandbox)},`;
  const names = prefixes.map(prefixText).join(" and with: ");
  return `yes, and always${how} for commands that begin with: ${names}`;
}

function sandboxText(opened: readonly string[]): string {
  const parts = opened.map((one) =>
    one === "network" ? "with network" : `writing to ${showLine(one)}`
  );
  return ["in the sandbox", ...parts].join(" ");
}

/** Whether a no may come with a word to the model. */
function takesWord({ question }: ApprovalRequest): boolean {
  return question === undefined;
}

/** The keys that answer it, in one line. */
export function answerKeys(request: ApprovalRequest): string {
  return ["y", "s", ...offersOf(request).map(([key]) => key), "n", "q"]
    .join(" ");
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
    case "w":
    case "o":
      return offersOf(request).filter(([name]) => name === key)
        .map(([, offer]) => acceptOffer(offer))[0];
    case SAFE:
      return takesWord(request) ? "word" : { type: "deny" };
    case "enter":
    case "escape":
      return { type: "deny" };
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
  if (!/^[yspwoq]$/.test(key)) return undefined;
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
    case "approve_prefix": {
      const { prefix, also = [], sandbox } = decision;
      const names = [prefix, ...also].map(prefixText).join(", ");
      const how = sandbox === undefined ? "" : ` (${sandboxText(sandbox)})`;
      return paint(`  yes, always: ${names}${how}`, options, "green");
    }
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

function titleOf(request: ApprovalRequest): string {
  if (request.question !== undefined) {
    return `${request.question} ${showLine(request.title)}`.trimEnd();
  }
  switch (request.kind) {
    case "command":
      return "Run this command?";
    case "escalation":
      return "Run this command without the sandbox?";
    case "patch":
      return request.targets === undefined
        ? `Make this change? ${showLine(request.title)}`
        : "Make this change?";
    case "mcp":
      return `Call this tool? ${showLine(request.title)}`;
    default:
      return unreachable(request.kind);
  }
}

function renderDetail(
  request: ApprovalRequest,
  options: QuestionOptions,
): readonly string[] {
  if (request.kind === "patch") {
    const diff = showHidden(request.detail.replaceAll("\r\n", "\n"));
    return renderDiff(diff, options, DIFF_LINES);
  }
  const text = showHidden(request.detail).trimEnd();
  if (text === options.above) return [];
  return wrapText(text, options.width - 2).map((line) => `  ${line}`);
}

function prefixText(prefix: readonly string[]): string {
  return showLine(
    prefix.map((word) => /^[\w./:=@%+-]+$/.test(word) ? word : `'${word}'`)
      .join(" "),
  );
}
