/** The answer of a code review: recognised, read, and shown as a list. Pure. */
import { Review, type ReviewFinding } from "../../contract/review.ts";
import { relativeTo } from "../../util/path.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import { renderMarkdown } from "./markdown.ts";
import { type Look, paint, span } from "./style.ts";
import { wrapSpans, wrapText } from "./wrap.ts";

/** Said with an answer to a review that is no list of findings. */
export const NO_LIST =
  "The review is no list of findings; it is shown as the model wrote it";

interface ReviewAnswer {
  readonly review: Review;
  /** What the model said around the list; empty as a rule. */
  readonly around: string;
}

interface ReviewLook extends Look {
  /** Paths inside are shown relative to it. */
  readonly cwd: string;
}

const KEYS =
  "findings|overall_correctness|overall_explanation|overall_confidence_score";
const FENCE = "(?:```(?:json)?\\s*)?";
const BEGINS = new RegExp(`^\\s*${FENCE}\\{\\s*"(?:${KEYS})"`);
// As far as the beginning of a text goes, it may become one.
const MAY_BEGIN = /^\s*(?:`{1,2}|`{3}[json]{0,4}\s*)?(?:\{\s*(?:"[a-z_]*)?)?$/;
const BLOCK = /^([^]*?)```(?:json)?[ \t]*\n([^]*?)\n?[ \t]*```([^]*)$/;

/** Whether a text that is being written is a list of findings; by its first characters. */
export function beginsReview(text: string): "yes" | "no" | "maybe" {
  const start = text.slice(0, 200);
  if (BEGINS.test(start)) return "yes";
  return MAY_BEGIN.test(start) ? "maybe" : "no";
}

/** The findings in an answer, bare or in a code block; undefined when it holds none. */
export function parseReview(text: string): ReviewAnswer | undefined {
  const bare = readReview(text);
  if (bare !== undefined) return { review: bare, around: "" };
  const [, before = "", block = "", after = ""] = BLOCK.exec(text) ?? [];
  const review = readReview(block);
  if (review === undefined) return undefined;
  const around = [before.trim(), after.trim()].filter((one) => one !== "");
  return { review, around: around.join("\n\n") };
}

/** The list as a person reads it: what is worst stands first, the verdict last. */
export function renderReview(
  { review, around }: ReviewAnswer,
  look: ReviewLook,
): readonly string[] {
  const findings = review.findings.toSorted((a, b) => rankOf(a) - rankOf(b));
  const head = findings.length === 0
    ? "No findings"
    : `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`;
  return [
    paint(head, look, "bold"),
    "",
    ...findings.flatMap((one, at) => [
      ...renderFinding(one, at + 1, look),
      "",
    ]),
    ...renderVerdict(review, look),
    ...(around === "" ? [] : ["", ...renderText(around, look)]),
  ];
}

function readReview(text: string): Review | undefined {
  try {
    return Review.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function rankOf({ priority }: ReviewFinding): number {
  return priority ?? Infinity;
}

function renderFinding(
  finding: ReviewFinding,
  number: number,
  look: ReviewLook,
): readonly string[] {
  const { priority, code_location: place } = finding;
  // Most models put the priority into the title as well.
  const title = visibleLine(finding.title, 400).replace(/^\[P\d\]\s*/i, "");
  const mark = `${number}. `;
  const badge = priority === null ? "" : `[P${priority}] `;
  const indent = " ".repeat(mark.length);
  const lines = wrapSpans([
    span(badge, "bold", priority !== null && priority < 2 ? "red" : "yellow"),
    span(title, "bold"),
  ], { width: look.width, first: [span(mark)], rest: [span(indent)] });
  const { start, end } = place.line_range;
  const range = start === end ? `${start}` : `${start}-${end}`;
  const path = relativeTo(place.absolute_file_path, look.cwd);
  // A place is copied as a whole: it is not broken.
  const where = `${visibleLine(path, 1_000)}:${range}`;
  return [
    ...lines.map((spans) =>
      spans.map((one) => paint(one.text, look, ...one.styles)).join("")
    ),
    `${indent}${paint(where, look, "cyan")}`,
    ...renderText(finding.body, {
      ...look,
      width: Math.max(10, look.width - indent.length),
    }).map((line) => line === "" ? "" : indent + line),
  ];
}

function renderVerdict(review: Review, look: Look): readonly string[] {
  const verdict = visibleLine(review.overall_correctness);
  const isGood = verdict === "patch is correct";
  const sure = Math.round(review.overall_confidence_score * 100);
  const line = `Verdict: ${verdict} (${sure}% sure)`;
  return [
    ...wrapText(line, look.width).map((one) =>
      paint(one, look, "bold", isGood ? "green" : "red")
    ),
    ...renderText(review.overall_explanation, look),
  ];
}

function renderText(text: string, look: Look): readonly string[] {
  const clean = visibleText(text).trim();
  if (clean === "") return [];
  return look.hasColor
    ? renderMarkdown(clean, look)
    : wrapText(clean, look.width);
}
