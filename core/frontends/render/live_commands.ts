/** Commands that run on after their call, as lines. Pure. */
import type { Activity, EventOf } from "../../protocol/event.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { formatDuration } from "./format.ts";
import { paint, type RenderOptions } from "./style.ts";

/** Says that a command goes on; nothing for any other activity. */
export function renderLive(
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
export function renderListed(
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
