/** The answer of a code review: recognised, parsed, rendered as a list. Pure. */
import { Review, type ReviewFinding } from "../../contract/review.ts";
import { relativeTo } from "../../util/path.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import { renderMarkdown } from "./markdown.ts";
import { paint, paintSpans, type RenderOptions, span } from "./style.ts";
import { wrapSpans, wrapText } from "./wrap.ts";
import { parseJson } from "../../util/json/json.ts";

/** Shown with an answer to a review that is not a list of findings. */
export const NO_LIST =
  "The review is not a list of findings; shown as the model wrote it";

interface ReviewAnswer {
  readonly review: Review;
  /** What the model wrote around the list; usually empty. */
  readonly around: string;
}

interface ReviewRenderOptions extends RenderOptions {
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
  const bare = Review.safeParse(parseJson(text)).data;
  if (bare !== undefined) return { review: bare, around: "" };
  const [, before = "", block = "", after = ""] = BLOCK.exec(text) ?? [];
  const review = Review.safeParse(parseJson(block)).data;
  if (review === undefined) return undefined;
  const around = [before.trim(), after.trim()].filter((one) => one !== "");
  return { review, around: around.join("\n\n") };
}

/** The findings as lines, the worst first, then the verdict. */
export function renderReview(
  { review, around }: ReviewAnswer,
  options: ReviewRenderOptions,
): readonly string[] {
  const findings = review.findings.toSorted((a, b) => rankOf(a) - rankOf(b));
  const head = findings.length === 0
    ? "No findings"
    : `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`;
  return [
    paint(head, options, "bold"),
    "",
    ...findings.flatMap((one, at) => [
      ...renderFinding(one, at + 1, options),
      "",
    ]),
    ...renderVerdict(review, options),
    ...(around === "" ? [] : ["", ...renderText(around, options)]),
  ];
}

function rankOf({ priority }: ReviewFinding): number {
  return priority ?? Infinity;
}

function renderFinding(
  finding: ReviewFinding,
  number: number,
  options: ReviewRenderOptions,
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
  ], { width: options.width, first: [span(mark)], rest: [span(indent)] });
  const { start, end } = place.line_range;
  const range = start === end ? `${start}` : `${start}-${end}`;
  const path = relativeTo(place.absolute_file_path, options.cwd);
  // A place is copied as a whole: it is not broken.
  const where = `${visibleLine(path, 1_000)}:${range}`;
  return [
    ...lines.map((spans) => paintSpans(spans, options)),
    `${indent}${paint(where, options, "cyan")}`,
    ...renderText(finding.body, {
      ...options,
      width: Math.max(10, options.width - indent.length),
    }).map((line) => line === "" ? "" : indent + line),
  ];
}

function renderVerdict(
  review: Review,
  options: RenderOptions,
): readonly string[] {
  const verdict = visibleLine(review.overall_correctness);
  const isGood = verdict === "patch is correct";
  const sure = Math.round(review.overall_confidence_score * 100);
  const line = `Verdict: ${verdict} (${sure}% sure)`;
  return [
    ...wrapText(line, options.width).map((one) =>
      paint(one, options, "bold", isGood ? "green" : "red")
    ),
    ...renderText(review.overall_explanation, options),
  ];
}

function renderText(text: string, options: RenderOptions): readonly string[] {
  const clean = visibleText(text).trim();
  if (clean === "") return [];
  return options.hasColor
    ? renderMarkdown(clean, options)
    : wrapText(clean, options.width);
}
