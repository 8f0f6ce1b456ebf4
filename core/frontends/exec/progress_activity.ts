/** One activity as lines for a person. Pure. */
import type { Activity, PlanStep } from "../../protocol/event.ts";
import { unreachable } from "../../util/assert.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Makes a line of a text, newline included, coloured where colours are wanted. */
export type Paint = (text: string, style?: Style) => string;

interface ActivityOptions {
  readonly paint: Paint;
  /** Whole outputs, diffs and reasoning. */
  readonly isVerbose: boolean;
}

type ActivityOf<T extends Activity["type"]> = Extract<Activity, { type: T }>;

/** Lines of a command's output shown unless verbose. */
const OUTPUT_LINES = 12;

/** Made once for all that is printed. */
export function createPaint(hasColor: boolean): Paint {
  const codes: Readonly<Record<Style, string>> = {
    bold: "1",
    dim: "2",
    red: "31",
    green: "32",
    yellow: "33",
    cyan: "36",
  };
  return (text, style) =>
    hasColor && style !== undefined
      ? `\x1b[${codes[style]}m${text}\x1b[0m\n`
      : `${text}\n`;
}

/** What is said when an activity begins. */
export function renderStarted(activity: Activity, paint: Paint): string {
  if (activity.type === "command") {
    return paint(`$ ${visibleText(activity.command)}`, "bold");
  }
  if (activity.type !== "mcp_call") return "";
  return paint(visibleLine(`> ${activity.server}/${activity.tool}`), "bold");
}

/** What is said when an activity is over; messages are not said here. */
export function renderEnded(
  activity: Exclude<Activity, { type: "message" }>,
  options: ActivityOptions,
): string {
  const { paint } = options;
  switch (activity.type) {
    case "reasoning":
      return renderReasoning(activity.text, options);
    case "command":
      return renderCommand(activity, options);
    case "file_change":
      return renderFileChange(activity, options);
    case "mcp_call":
      return renderStatus(
        `${activity.server}/${activity.tool} ${activity.status}`,
        activity.error?.message ?? "",
        paint,
      );
    case "web_search":
      return paint(`Searched: ${visibleLine(activity.query)}`, "dim");
    case "plan":
      return activity.steps.map((step) => paint(renderStep(step))).join("");
    case "tool_call":
      return renderStatus(
        `${activity.name} ${activity.status}`,
        activity.message,
        paint,
      );
    default:
      return unreachable(activity);
  }
}

/** A span of time for people. */
export function formatDuration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function renderReasoning(text: string, options: ActivityOptions): string {
  const shown = options.isVerbose
    ? visibleText(text).trimEnd()
    : visibleLine(text.trim().split("\n")[0] ?? "");
  return shown === "" ? "" : options.paint(shown, "dim");
}

function renderCommand(
  activity: ActivityOf<"command">,
  options: ActivityOptions,
): string {
  const { paint } = options;
  const why = reasonOf(activity);
  if (activity.status === "declined") {
    return paint(`Not run: ${visibleLine(activity.command)}${why}`, "yellow");
  }
  const code = activity.exitCode === null
    ? "no exit code"
    : `exit ${activity.exitCode}`;
  const took = activity.durationMs === undefined
    ? ""
    : ` in ${formatDuration(activity.durationMs)}`;
  const color = activity.exitCode === 0 ? "green" : "red";
  return renderOutput(activity.output, options) +
    paint(`  ${code}${took}${why}`, color);
}

function renderOutput(output: string, options: ActivityOptions): string {
  const text = visibleText(output).trimEnd();
  if (text === "") return "";
  const lines = text.split("\n");
  const hidden = options.isVerbose
    ? 0
    : Math.max(0, lines.length - OUTPUT_LINES);
  const note = hidden === 0
    ? ""
    : options.paint(`  (${hidden} lines above not shown)`, "dim");
  return note +
    lines.slice(hidden).map((line) => options.paint(`  ${line}`)).join("");
}

function renderFileChange(
  activity: ActivityOf<"file_change">,
  options: ActivityOptions,
): string {
  const { paint } = options;
  const isDone = activity.status === "completed";
  const lines = activity.changes.map(({ path, kind, movedTo, diff }) => {
    const moved = movedTo === undefined ? "" : ` -> ${movedTo}`;
    const line = visibleLine(
      `${isDone ? "" : "Not done: "}${kind} ${path}${moved}`,
    );
    return paint(line, isDone ? "cyan" : "yellow") +
      (options.isVerbose ? renderDiff(diff ?? "", paint) : "");
  });
  const why = isDone ? "" : reasonOf(activity);
  return lines.join("") + (why === "" ? "" : paint(` ${why}`, "yellow"));
}

function renderDiff(diff: string, paint: Paint): string {
  if (diff === "") return "";
  return visibleText(diff).trimEnd().split("\n").map((line) => {
    if (line.startsWith("+")) return paint(line, "green");
    return paint(line, line.startsWith("-") ? "red" : "dim");
  }).join("");
}

function renderStep(step: PlanStep): string {
  const marks = { completed: "x", in_progress: ">", pending: " " } as const;
  return `[${marks[step.status]}] ${visibleLine(step.text)}`;
}

function renderStatus(what: string, message: string, paint: Paint): string {
  const why = message === "" ? "" : `: ${visibleLine(message)}`;
  const isGood = what.endsWith(" completed");
  return paint(`  ${visibleLine(what)}${why}`, isGood ? "dim" : "yellow");
}

function reasonOf(activity: { readonly message?: string }): string {
  return activity.message === undefined
    ? ""
    : ` (${visibleLine(activity.message)})`;
}
