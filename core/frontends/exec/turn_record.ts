/** The events of a turn, gathered for its last line. */
import type {
  Activity,
  ActivityOf,
  Event,
  EventOf,
} from "../../protocol/event.ts";
import type { ExecResult } from "../../contract/event.ts";
import { answerOf } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { deniedText } from "../jsonl/items.ts";

/** Collects denials, changed files, commands and the newest message. */
export class TurnRecord {
  #denied: string[] = [];
  #commands: ExecResult["commands"] = [];
  #message: ActivityOf<"message"> | undefined;
  #check: EventOf<"check.completed"> | undefined;
  #files = new Map<string, ExecResult["files_changed"][number]>();

  /** What was not allowed, one line each; bounded, for it is part of a bounded line. */
  get denied(): readonly string[] {
    return this.#denied;
  }

  get commands(): ExecResult["commands"] {
    return this.#commands;
  }

  get files(): ExecResult["files_changed"] {
    return [...this.#files.values()];
  }

  /** The newest check of the person's command. */
  get check(): EventOf<"check.completed"> | undefined {
    return this.#check;
  }

  /** The message that answers, and was not taken back. */
  get lastMessage(): string {
    return this.#message?.text ?? "";
  }

  take(event: Event): void {
    const isWithdrawn = event.type === "activity.withdrawn" &&
      event.activityId === this.#message?.id;
    if (isWithdrawn) this.#message = undefined;
    if (event.type === "check.completed") this.#check = event;
    if (event.type === "activity.completed") this.#complete(event.activity);
  }

  #complete(activity: Activity): void {
    const denied = deniedText(activity);
    if (denied !== undefined && this.#denied.length < LIMITS.deniedListed) {
      this.#denied.push(visibleLine(denied));
    }
    if (activity.type === "message") {
      this.#message = answerOf(this.#message, activity);
    } else if (activity.type === "command") {
      this.#commands.push({
        command: activity.command,
        cwd: activity.cwd,
        exit_code: activity.exitCode,
        status: activity.status === "in_progress" ? "failed" : activity.status,
      });
    } else if (
      activity.type === "file_change" && activity.status === "completed"
    ) {
      this.#change(activity.changes);
    }
  }

  #change(
    changes: ActivityOf<"file_change">["changes"],
  ): void {
    for (const { path, kind, movedTo } of changes) {
      const before = this.#files.get(path)?.kind;
      this.#files.set(path, {
        path,
        // A file that is new in this turn stays new, however often it is edited.
        kind: before === "add" && kind === "update" ? "add" : kind,
        ...(movedTo !== undefined && { moved_to: movedTo }),
      });
    }
  }
}
