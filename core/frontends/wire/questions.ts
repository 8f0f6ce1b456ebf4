/** Questions as programs know them: each is about something that they have been shown. */
import type { Activity, Event } from "../../protocol/event.ts";
import type { ApprovalRequest } from "../../protocol/policy.ts";
import { showLine } from "../../util/text/visible_text.ts";

/** The activities that are going on, in the order in which they began. */
export class OpenActivities {
  readonly #open = new Map<string, Activity>();

  take(event: Event): void {
    switch (event.type) {
      case "activity.started":
      case "activity.updated":
        this.#open.set(event.activity.id, event.activity);
        return;
      case "activity.completed":
        this.#open.delete(event.activity.id);
        return;
      case "activity.withdrawn":
        this.#open.delete(event.activityId);
        return;
      default:
        return;
    }
  }

  /** What kind it is; undefined when it does not go on. */
  typeOf(activityId: string): Activity["type"] | undefined {
    return this.#open.get(activityId)?.type;
  }

  /** What the question is about; undefined when nothing of it was shown. */
  about(request: ApprovalRequest): Activity | undefined {
    return [...this.#open.values()].find((one) => isAbout(one, request));
  }
}

/**
 * Why it is asked, and what the sandbox would forbid. What is changed and is not where it
 * seems comes with it: the real places of files.
 */
export function questionText(request: ApprovalRequest): string {
  const places = (request.targets ?? [])
    .filter(({ isOutside, named }) => isOutside || named !== undefined)
    .map(({ path, named }) =>
      named === undefined
        ? `Outside the sandbox: ${showLine(path)}`
        : `${showLine(named)} is ${showLine(path)}`
    );
  return [showLine(request.reason), ...places, request.forbids]
    .filter((line) => line !== "").join("\n");
}

function isAbout(activity: Activity, request: ApprovalRequest): boolean {
  switch (activity.type) {
    case "command":
      return activity.command === request.detail;
    case "file_change": {
      const paths = new Set(request.targets?.map(namedPath));
      return activity.changes.some(({ path }) => paths.has(path));
    }
    case "mcp_call":
      return request.kind === "mcp" &&
        request.title.includes(activity.tool);
    default:
      return false;
  }
}

function namedPath(
  { path, named }: NonNullable<ApprovalRequest["targets"]>[number],
): string {
  return named ?? path;
}
