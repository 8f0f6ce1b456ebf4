/** One activity as lines. Pure. */
import { formatDuration } from "./format.ts";
import type { Activity, ActivityOf, FileChange } from "../../protocol/event.ts";
import { unreachable } from "../../util/assert.ts";
import { relativeTo } from "../../util/path.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import { countDiff, renderDiff, renderPlan } from "./diff.ts";
import { paint, type RenderOptions } from "./style.ts";
import { wrapText } from "./wrap.ts";

export interface ActivityRenderOptions extends RenderOptions {
  /** Paths inside are shown relative to it. */
  readonly cwd: string;
  /** Lines shown of a command's output and of a patch's diff; 0 leaves diffs out. */
  readonly outputLines: number;
  readonly diffLines: number;
  /** How to see the rest: `/last shows all`. */
  readonly moreHint: string;
}

/** The lines at the start of an activity; none for most. */
export function renderStart(
  activity: Activity,
  options: ActivityRenderOptions,
): readonly string[] {
  switch (activity.type) {
    case "command":
      return [paint(`$ ${commandText(activity, options)}`, options, "bold")];
    case "mcp_call":
      return [paint(`> ${visibleLine(callName(activity))}`, options, "bold")];
    default:
      return [];
  }
}

/** The lines at its end, naming the activity where other lines came since its start. */
export function renderEnd(
  activity: Exclude<Activity, { type: "message" }>,
  options: ActivityRenderOptions,
  isNamed: boolean,
): readonly string[] {
  switch (activity.type) {
    case "command":
      return renderCommandEnd(activity, options, isNamed);
    case "file_change":
      return renderChanges(activity, options);
    case "reasoning":
      return renderReasoning(activity.text, options);
    case "plan":
      return renderPlan(activity.steps, options);
    case "web_search": {
      const what = activity.query === ""
        ? "Searched the web"
        : `Searched the web: ${visibleLine(activity.query)}`;
      return [paint(what, options, "dim")];
    }
    case "server_item":
      return [
        paint(
          `The server sent ${visibleLine(activity.item.type)}`,
          options,
          "dim",
        ),
      ];
    case "mcp_call":
      return renderCall(
        { ...activity, name: callName(activity) },
        activity.error?.message,
        options,
      );
    case "tool_call":
      return renderCall(activity, activity.message, options);
    default:
      return unreachable(activity);
  }
}

/** All of a command's output or a patch, unfolded. */
export function renderWhole(
  activity: Activity,
  options: ActivityRenderOptions,
): readonly string[] {
  const whole = { ...options, outputLines: Infinity, diffLines: Infinity };
  if (activity.type === "message") {
    return visibleText(activity.text).split("\n");
  }
  return [
    ...renderStart(activity, options),
    ...renderEnd(activity, whole, false),
  ];
}

function renderCommandEnd(
  activity: ActivityOf<"command">,
  options: ActivityRenderOptions,
  isNamed: boolean,
): readonly string[] {
  const name = isNamed ? ` · ${oneLine(activity.command, options)}` : "";
  const why = reasonText(activity.message);
  if (activity.status === "declined") {
    return [paint(`  not run${why}${name}`, options, "yellow")];
  }
  const isGood = activity.exitCode === 0;
  const code = activity.exitCode === null
    ? "no exit code"
    : `exit ${activity.exitCode}`;
  const took = activity.durationMs === undefined
    ? ""
    : ` · ${formatDuration(activity.durationMs)}`;
  return [
    ...foldOutput(activity.output, options),
    paint(`  ${code}${took}${why}${name}`, options, isGood ? "green" : "red"),
  ];
}

// The end of an output says most about how it went.
function foldOutput(
  output: string,
  options: ActivityRenderOptions,
): readonly string[] {
  const text = visibleText(output).trimEnd();
  if (text === "") return [];
  const lines = text.split("\n");
  const hidden = Math.max(0, lines.length - options.outputLines);
  const shown = lines.slice(hidden).map((line) =>
    paint(`  ${line}`, options, "dim")
  );
  if (hidden === 0) return shown;
  const count = hidden === 1 ? "1 line" : `${hidden} lines`;
  return [
    paint(`  (${count} above; ${options.moreHint})`, options, "dim"),
    ...shown,
  ];
}

function renderChanges(
  activity: ActivityOf<"file_change">,
  options: ActivityRenderOptions,
): readonly string[] {
  if (activity.status === "completed") {
    return activity.changes.flatMap((change) => renderChange(change, options));
  }
  const files = activity.changes.map(({ path }) =>
    relativeTo(path, options.cwd)
  );
  const why = reasonText(activity.message);
  return [
    paint(
      `Not changed: ${visibleLine(files.join(", "))}${why}`,
      options,
      "yellow",
    ),
  ];
}

function renderChange(
  change: FileChange,
  options: ActivityRenderOptions,
): readonly string[] {
  const verbs = { add: "Added", update: "Edited", delete: "Deleted" } as const;
  const diff = change.diff ?? "";
  const { added, removed } = countDiff(diff);
  const moved = change.movedTo === undefined
    ? ""
    : ` -> ${relativeTo(change.movedTo, options.cwd)}`;
  const title = visibleLine(
    `${verbs[change.kind]} ${relativeTo(change.path, options.cwd)}${moved}`,
    400,
  );
  const counts = diff === "" ? "" : ` (+${added} -${removed})`;
  const body = diff.split("\n").filter((line) =>
    !/^(diff |index |--- |\+\+\+ )/.test(line)
  ).join("\n");
  return [
    paint(`${title}${counts}`, options, "bold"),
    ...(options.diffLines === 0
      ? []
      : renderDiff(body, options, options.diffLines)),
  ];
}

function renderReasoning(
  text: string,
  options: RenderOptions,
): readonly string[] {
  const clean = visibleText(text).replaceAll("**", "").trim();
  if (clean === "") return [];
  return wrapText(clean.replace(/\n{2,}/g, "\n"), options.width).map((line) =>
    paint(line, options, "dim")
  );
}

function renderCall(
  call: {
    readonly name: string;
    readonly status: ActivityOf<"tool_call">["status"];
  },
  message: string | undefined,
  options: RenderOptions,
): readonly string[] {
  const isGood = call.status === "completed";
  const verb = isGood
    ? "done"
    : call.status === "declined"
    ? "not run"
    : "failed";
  const line = `  ${verb}${reasonText(message)} · ${visibleLine(call.name)}`;
  return [paint(line, options, isGood ? "dim" : "yellow")];
}

function callName({ server, tool }: ActivityOf<"mcp_call">): string {
  return `${server}/${tool}`;
}

function reasonText(message: string | undefined): string {
  return message === undefined || message === ""
    ? ""
    : `: ${visibleLine(message)}`;
}

// Where nothing is folded, a script is shown whole.
function commandText(
  { command }: ActivityOf<"command">,
  options: ActivityRenderOptions,
): string {
  return options.outputLines === Infinity
    ? visibleText(command).trimEnd()
    : oneLine(command, options);
}

function oneLine(command: string, options: RenderOptions): string {
  const lines = visibleText(command).trim().split("\n");
  const count = lines.length - 1;
  const more = count === 0
    ? ""
    : ` … (+${count} ${count === 1 ? "line" : "lines"})`;
  const room = Math.max(20, options.width - 2 - more.length);
  return visibleLine(lines[0] ?? "", room) + more;
}
