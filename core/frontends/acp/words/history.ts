/** Recorded turns as the updates that showed them. Pure. */
import type { SessionUpdate } from "@agentclientprotocol/sdk";
import type { Activity } from "../../../protocol/event.ts";
import type { RecordedTurn } from "../../../protocol/log.ts";
import { pastEntries } from "../../wire/history.ts";
import { viewCall } from "./tool_calls.ts";
import { chunk, planUpdate } from "./updates.ts";

/** What people saw of a turn, in order. */
export function pastUpdates(turn: RecordedTurn): readonly SessionUpdate[] {
  let messages = 0;
  return pastEntries(turn.items, turn.cwd).flatMap((entry) =>
    entry.type === "user"
      ? [{
        sessionUpdate: "user_message_chunk" as const,
        messageId: `${turn.id}_user_${messages++}`,
        content: { type: "text" as const, text: entry.text },
      }]
      : pastActivity(entry.activity, `${turn.id}_${entry.activity.id}`)
  );
}

function pastActivity(
  activity: Activity,
  id: string,
): readonly SessionUpdate[] {
  switch (activity.type) {
    case "message":
    case "reasoning":
      return [chunk(activity, id)];
    case "plan":
      return [planUpdate(activity)];
    default: {
      const view = viewCall(activity);
      return view === undefined
        ? []
        : [{ sessionUpdate: "tool_call", toolCallId: id, ...view }];
    }
  }
}
