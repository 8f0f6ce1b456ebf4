/** Events as lines; messages and questions are rendered elsewhere. */
import type {
  Activity,
  Event,
  EventOf,
  Outcome,
} from "../../protocol/event.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { relativeTo } from "../../util/path.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import {
  type ActivityRenderOptions,
  renderEnd,
  renderStart,
} from "./activity.ts";
import { renderPlan } from "./diff.ts";
import { approvalText, formatDuration } from "./format.ts";
import { paint, paintSpans, type RenderOptions, span } from "./style.ts";
import { wrapSpans, wrapWords } from "./wrap.ts";

const HELP = "/help lists commands, Ctrl-D leaves";

/** Remembers the latest start, so that ends of parallel commands name themselves. */
export class EventRenderer {
  #newestStart = "";
  #planShown = "";
  // The question about a patch has shown its diff.
  #isDiffShown = false;

  render(event: Event, options: ActivityRenderOptions): readonly string[] {
    switch (event.type) {
      case "thread.started":
        return renderHeader(event, options, { note: HELP });
      case "activity.started":
        return this.#started(event.activity, options);
      case "activity.updated":
        return [
          ...this.#plan(event.activity, options),
          ...renderLive(event.activity, options),
        ];
      case "commands.listed":
        return renderListed(event, options);
      case "activity.completed":
        return this.#completed(event.activity, options);
      case "approval.requested":
        this.#isDiffShown = event.request.kind === "patch";
        return [];
      case "warning":
        return renderWarning(event.message, options);
      case "stream.retry":
        return [paint(renderRetry(event), options, "yellow")];
      case "provider.switched":
        return paintWords(renderSwitch(event), options, "yellow");
      case "context.compacted":
        return [
          paint(
            `Context compacted: ${event.tokensBefore} -> ${event.tokensAfter} tokens, ${event.itemsDropped} items dropped`,
            options,
            "dim",
          ),
        ];
      case "check.completed":
        return renderCheck(event, options);
      case "turn.completed":
        return renderOutcome(event.outcome, options);
      default:
        return [];
    }
  }

  #started(
    activity: Activity,
    options: ActivityRenderOptions,
  ): readonly string[] {
    if (activity.type === "plan") return this.#plan(activity, options);
    const lines = renderStart(activity, options);
    if (lines.length > 0) this.#newestStart = activity.id;
    return lines;
  }

  #completed(
    activity: Activity,
    options: ActivityRenderOptions,
  ): readonly string[] {
    if (activity.type === "message") return [];
    if (activity.type === "plan") return this.#plan(activity, options);
    const isNamed = this.#newestStart !== activity.id;
    const lines = renderEnd(activity, this.#fold(activity, options), isNamed);
    // Whatever ends later has other lines between its start and its end.
    if (lines.length > 0) this.#newestStart = "";
    return lines;
  }

  // A plan is shown when it changes, and not again when the turn ends it.
  #plan(activity: Activity, options: ActivityRenderOptions): readonly string[] {
    if (activity.type !== "plan") return [];
    const lines = renderPlan(activity.steps, options);
    const text = lines.join("\n");
    if (text === this.#planShown) return [];
    this.#planShown = text;
    return lines;
  }

  #fold(
    activity: Activity,
    options: ActivityRenderOptions,
  ): ActivityRenderOptions {
    if (activity.type !== "file_change" || !this.#isDiffShown) return options;
    this.#isDiffShown = false;
    return { ...options, diffLines: 0 };
  }
}

/** How a turn ended; nothing when it is simply done. */
function renderOutcome(
  outcome: Outcome,
  options: RenderOptions,
): readonly string[] {
  if (outcome.type === "done") return [];
  if (outcome.type === "interrupted") {
    return [paint("Stopped", options, "yellow")];
  }
  const { error } = outcome;
  const id = error.requestId === undefined
    ? ""
    : ` (request ${visibleLine(error.requestId)})`;
  return paintWords(`Error: ${error.message}${id}`, options, "red");
}

/** A warning of the program, as one paragraph. */
export function renderWarning(
  message: string,
  options: RenderOptions,
): readonly string[] {
  return paintWords(`Warning: ${message}`, options, "yellow");
}

/** Lines of a failed check that are shown. */
const CHECK_LINES = 5;

function renderCheck(
  event: EventOf<"check.completed">,
  options: RenderOptions,
): readonly string[] {
  const { round, roundsMax, hasPassed, exitCode, durationMs } = event;
  const command = visibleLine(event.command);
  const where = `round ${round} of ${roundsMax}`;
  const time = formatDuration(durationMs);
  if (hasPassed) {
    return [
      paint(`Check passed (${where}, ${time}): ${command}`, options, "green"),
    ];
  }
  const code = exitCode === null ? "not run" : `exit ${exitCode}`;
  const lines = visibleText(event.tail).trimEnd().split("\n");
  return [
    paint(
      `Check failed (${where}, ${code}, ${time}): ${command}`,
      options,
      "yellow",
    ),
    ...lines.slice(-CHECK_LINES).map((line) =>
      paint(`  ${line}`, options, "dim")
    ),
  ];
}

/** From there on a person wants to know when it ends. */
const LONG_WAIT_MS = 10_000;

function renderRetry(event: EventOf<"stream.retry">): string {
  const { attempt, attemptsMax, delayMs, untilMs } = event;
  const wait = formatDuration(delayMs);
  const reason = visibleLine(event.reason);
  if (untilMs !== undefined && delayMs >= LONG_WAIT_MS) {
    const until = new Date(untilMs).toISOString().replace(/\.\d+/, "");
    return `Waiting ${wait}, until ${until}, as the server asks: ${reason}`;
  }
  return `Retrying (${attempt} of ${attemptsMax}) in ${wait}: ${reason}`;
}

function renderSwitch(event: EventOf<"provider.switched">): string {
  const { from, to, reason, lostTokens } = event;
  return `Going on with ${to.model} at ${to.provider}, ` +
    `about ${lostTokens} tokens without its cache; ${from.provider}: ${reason}`;
}

function paintWords(
  text: string,
  options: RenderOptions,
  style: "red" | "yellow",
): readonly string[] {
  return visibleText(text).split("\n")
    .flatMap((line) => wrapWords(line, options.width))
    .map((line) => paint(line, options, style));
}

const MODE_ROWS = {
  plan: "plan mode: nothing can be changed before the plan is accepted",
  review: "review: nothing can be changed",
};

/** What the thread works with; the note stands beside the name of the program. */
export function renderHeader(
  event: EventOf<"thread.started">,
  options: RenderOptions,
  { note, rows: more = [] }: {
    readonly note: string;
    readonly rows?: readonly string[];
  },
): readonly string[] {
  const { settings, sandbox, instructionFiles } = event;
  const effort = settings.reasoningEffort === undefined
    ? ""
    : `, effort ${settings.reasoningEffort}`;
  const files = instructionFiles.map(({ path }) =>
    relativeTo(path, settings.cwd)
  );
  const rows = [
    ...more,
    `${settings.model.slug}${effort} (${event.provider}) in ${settings.cwd}`,
    `sandbox ${sandbox.mode} (${sandbox.backend}), approvals ${
      approvalText(settings.approval)
    }`,
    ...(settings.mode === undefined ? [] : [MODE_ROWS[settings.mode]]),
    ...(sandbox.note === "" ? [] : [shortNote(sandbox.note)]),
    ...(files.length === 0 ? [] : [`instructions: ${files.join(", ")}`]),
  ];
  return [
    ...wrapSpans([
      span(`${PROGRAM} ${VERSION}`, "bold"),
      span(note === "" ? "" : ` · ${note}`, "dim"),
    ], options).map((spans) => paintSpans(spans, options)),
    ...rows.flatMap((row) => wrapWords(visibleLine(row, 400), options.width))
      .map((line) => paint(line, options, "dim")),
    "",
  ];
}

/** More is for `doctor`: a back end that does not work has a paragraph to say. */
const NOTE_CHARACTERS = 100;

function shortNote(note: string): string {
  if (note.length <= NOTE_CHARACTERS) return note;
  const [first = "", ...more] = note.split("; ");
  const hint = `; ${more.length} more: ${PROGRAM} doctor`;
  return visibleLine(first, NOTE_CHARACTERS) + (more.length > 0 ? hint : "");
}

/** Says that a command goes on; nothing for any other activity. */
function renderLive(
  activity: Activity,
  options: RenderOptions,
): readonly string[] {
  if (activity.type !== "command" || activity.session === undefined) return [];
  const name = visibleLine(activity.command, 60);
  return [
    paint(`  runs on as session ${activity.session} · ${name}`, options, "dim"),
  ];
}

/** All that run, one a line. */
function renderListed(
  { commands }: EventOf<"commands.listed">,
  options: RenderOptions,
): readonly string[] {
  if (commands.length === 0) return ["No commands are running"];
  return [
    ...commands.map(({ session, command, hasTerminal, runningMs }) => {
      const at = hasTerminal ? " at a terminal" : "";
      const since = formatDuration(Math.ceil(runningMs / 1000) * 1000);
      return `  ${session}  ${visibleLine(command, 60)} · ${since}${at}`;
    }),
    paint("  /stop N ends one, /attach N types into it", options, "dim"),
  ];
}
