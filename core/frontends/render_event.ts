/** Events as lines that stay on the screen; messages and questions are shown elsewhere. */
import type { Activity, Event } from "../protocol/event.ts";
import type { Outcome } from "../protocol/event.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import { relativeTo } from "../util/path.ts";
import { visibleLine, visibleText } from "../util/visible_text.ts";
import {
  type ActivityLook,
  formatSpan,
  renderEnd,
  renderStart,
} from "./render_activity.ts";
import { type Look, paint } from "./render_style.ts";
import { approvalText } from "./slash_settings.ts";

/** Remembers what was said last, so that ends of parallel commands name themselves. */
export class EventView {
  #newestStart = "";

  render(event: Event, look: ActivityLook): readonly string[] {
    switch (event.type) {
      case "thread.started":
        return renderHeader(event, look);
      case "activity.started":
        return this.#started(event.activity, look);
      case "activity.completed":
        return this.#completed(event.activity, look);
      case "warning":
        return [
          paint(`Warning: ${visibleText(event.message)}`, look, "yellow"),
        ];
      case "stream.retry":
        return [
          paint(
            `The answer broke off (${visibleLine(event.reason)}); attempt ${
              event.attempt + 1
            } in ${formatSpan(event.delayMs)}`,
            look,
            "yellow",
          ),
        ];
      case "context.compacted":
        return [
          paint(
            `The history was shortened: ${event.tokensBefore} -> ${event.tokensAfter} tokens, ${event.itemsDropped} items dropped`,
            look,
            "dim",
          ),
        ];
      case "turn.completed":
        return renderOutcome(event.outcome, look);
      default:
        return [];
    }
  }

  #started(activity: Activity, look: ActivityLook): readonly string[] {
    const lines = renderStart(activity, look);
    if (lines.length > 0) this.#newestStart = activity.id;
    return lines;
  }

  #completed(activity: Activity, look: ActivityLook): readonly string[] {
    if (activity.type === "message") return [];
    const isNamed = this.#newestStart !== activity.id;
    const lines = renderEnd(activity, look, isNamed);
    // Whatever ends later has other lines between its start and its end.
    if (lines.length > 0) this.#newestStart = "";
    return lines;
  }
}

/** How a turn ended, when it is not simply done. */
export function renderOutcome(outcome: Outcome, look: Look): readonly string[] {
  if (outcome.type === "done") return [];
  if (outcome.type === "interrupted") {
    return [paint("Stopped", look, "yellow")];
  }
  const { error } = outcome;
  const id = error.requestId === undefined
    ? ""
    : ` (request ${visibleLine(error.requestId)})`;
  return [paint(`Error: ${visibleText(error.message)}${id}`, look, "red")];
}

function renderHeader(
  event: Extract<Event, { type: "thread.started" }>,
  look: ActivityLook,
): readonly string[] {
  const { settings, sandbox, instructionFiles } = event;
  const effort = settings.reasoningEffort === undefined
    ? ""
    : `, effort ${settings.reasoningEffort}`;
  const files = instructionFiles.map(({ path }) =>
    relativeTo(path, settings.cwd)
  );
  const rows = [
    `${settings.model.slug}${effort} (${event.provider}) in ${settings.cwd}`,
    `sandbox ${sandbox.mode} (${sandbox.backend}), approvals ${
      approvalText(settings.approval)
    }`,
    ...(sandbox.note === "" ? [] : [sandbox.note]),
    ...(files.length === 0 ? [] : [`instructions: ${files.join(", ")}`]),
  ];
  return [
    `${paint(`${PROGRAM} ${VERSION}`, look, "bold")}${
      paint(" · /help lists commands, Ctrl-D leaves", look, "dim")
    }`,
    ...rows.map((row) => paint(visibleLine(row, 400), look, "dim")),
    "",
  ];
}
