/** One activity as lines for a person at a terminal. Pure. */
import { formatSpan } from "./format.ts";
import type { Activity, FileChange } from "../../protocol/event.ts";
import { unreachable } from "../../util/assert.ts";
import { relativeTo } from "../../util/path.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import { countDiff, renderDiff, renderPlan } from "./diff.ts";
import { type Look, paint } from "./style.ts";
import { wrapText } from "./wrap.ts";

export interface ActivityLook extends Look {
  /** Paths inside are shown relative to it. */
  readonly cwd: string;
  /** Lines of output kept of a command, of diff kept of a patch; 0 leaves diffs out. */
  readonly outputLines: number;
  readonly diffLines: number;
}

type ActivityOf<T extends Activity["type"]> = Extract<Activity, { type: T }>;

/** What is said when an activity begins; nothing for most. */
export function renderStart(
  activity: Activity,
  look: ActivityLook,
): readonly string[] {
  switch (activity.type) {
    case "command":
      return [paint(`$ ${oneLine(activity.command, look)}`, look, "bold")];
    case "mcp_call":
      return [
        paint(
          `> ${visibleLine(`${activity.server}/${activity.tool}`)}`,
          look,
          "bold",
        ),
      ];
    default:
      return [];
  }
}

/** What is said when it is over. `isNamed`: other things happened since its start. */
export function renderEnd(
  activity: Exclude<Activity, { type: "message" }>,
  look: ActivityLook,
  isNamed: boolean,
): readonly string[] {
  switch (activity.type) {
    case "command":
      return renderCommandEnd(activity, look, isNamed);
    case "file_change":
      return renderChanges(activity, look);
    case "reasoning":
      return renderReasoning(activity.text, look);
    case "plan":
      return renderPlan(activity.steps, look);
    case "web_search": {
      const what = activity.query === ""
        ? "Searched the web"
        : `Searched the web: ${visibleLine(activity.query)}`;
      return [paint(what, look, "dim")];
    }
    case "mcp_call": {
      const name = `${activity.server}/${activity.tool}`;
      return renderCall(name, activity.status, activity.error?.message, look);
    }
    case "tool_call":
      return renderCall(
        activity.name,
        activity.status,
        activity.message,
        look,
      );
    default:
      return unreachable(activity);
  }
}

/** All of a command's output or a patch, unfolded. */
export function renderWhole(
  activity: Activity,
  look: ActivityLook,
): readonly string[] {
  const whole = { ...look, outputLines: Infinity, diffLines: Infinity };
  if (activity.type === "message") {
    return visibleText(activity.text).split("\n");
  }
  return [
    ...renderStart(activity, look),
    ...renderEnd(activity, whole, false),
  ];
}

function renderCommandEnd(
  activity: ActivityOf<"command">,
  look: ActivityLook,
  isNamed: boolean,
): readonly string[] {
  const name = isNamed ? ` · ${oneLine(activity.command, look)}` : "";
  const why = activity.message === undefined
    ? ""
    : `: ${visibleLine(activity.message)}`;
  if (activity.status === "declined") {
    return [paint(`  not run${why}${name}`, look, "yellow")];
  }
  const isGood = activity.exitCode === 0;
  const code = activity.exitCode === null
    ? "no exit code"
    : `exit ${activity.exitCode}`;
  const took = activity.durationMs === undefined
    ? ""
    : ` · ${formatSpan(activity.durationMs)}`;
  return [
    ...foldOutput(activity.output, look),
    paint(`  ${code}${took}${why}${name}`, look, isGood ? "green" : "red"),
  ];
}

// The end of an output says most about how it went.
function foldOutput(output: string, look: ActivityLook): readonly string[] {
  const text = visibleText(output).trimEnd();
  if (text === "") return [];
  const lines = text.split("\n");
  const hidden = Math.max(0, lines.length - look.outputLines);
  const shown = lines.slice(hidden).map((line) =>
    paint(`  ${line}`, look, "dim")
  );
  if (hidden === 0) return shown;
  const count = hidden === 1 ? "1 line" : `${hidden} lines`;
  return [paint(`  (${count} above, /last shows all)`, look, "dim"), ...shown];
}

function renderChanges(
  activity: ActivityOf<"file_change">,
  look: ActivityLook,
): readonly string[] {
  if (activity.status === "completed") {
    return activity.changes.flatMap((change) => renderChange(change, look));
  }
  const files = activity.changes.map(({ path }) => relativeTo(path, look.cwd));
  const why = activity.message === undefined
    ? ""
    : `: ${visibleLine(activity.message)}`;
  return [
    paint(
      `Not changed: ${visibleLine(files.join(", "))}${why}`,
      look,
      "yellow",
    ),
  ];
}

function renderChange(
  change: FileChange,
  look: ActivityLook,
): readonly string[] {
  const verbs = { add: "Added", update: "Edited", delete: "Deleted" } as const;
  const diff = change.diff ?? "";
  const { added, removed } = countDiff(diff);
  const moved = change.movedTo === undefined
    ? ""
    : ` -> ${relativeTo(change.movedTo, look.cwd)}`;
  const title = visibleLine(
    `${verbs[change.kind]} ${relativeTo(change.path, look.cwd)}${moved}`,
    400,
  );
  const counts = diff === "" ? "" : ` (+${added} -${removed})`;
  const body = diff.split("\n").filter((line) =>
    !/^(diff |index |--- |\+\+\+ )/.test(line)
  ).join("\n");
  return [
    paint(`${title}${counts}`, look, "bold"),
    ...(look.diffLines === 0 ? [] : renderDiff(body, look, look.diffLines)),
  ];
}

function renderReasoning(text: string, look: Look): readonly string[] {
  const clean = visibleText(text).replaceAll("**", "").trim();
  if (clean === "") return [];
  return wrapText(clean.replace(/\n{2,}/g, "\n"), look.width).map((line) =>
    paint(line, look, "dim")
  );
}

function renderCall(
  name: string,
  status: Activity extends infer A ? A extends { status: infer S } ? S : never
    : never,
  message: string | undefined,
  look: Look,
): readonly string[] {
  const isGood = status === "completed";
  const why = message === undefined || message === ""
    ? ""
    : `: ${visibleLine(message)}`;
  const verb = isGood ? "done" : status === "declined" ? "not run" : "failed";
  return [
    paint(
      `  ${verb}${why} · ${visibleLine(name)}`,
      look,
      isGood ? "dim" : "yellow",
    ),
  ];
}

function oneLine(command: string, look: Look): string {
  const lines = visibleText(command).trim().split("\n");
  const more = lines.length === 1 ? "" : ` … (+${lines.length - 1} lines)`;
  const room = Math.max(20, look.width - 2 - more.length);
  return visibleLine(lines[0] ?? "", room) + more;
}
