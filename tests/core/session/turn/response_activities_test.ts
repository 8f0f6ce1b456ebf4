/** What a person sees of an answer while it comes in. */
import assert from "node:assert/strict";
import type { EventBody } from "../../../../core/protocol/event.ts";
import { viewItem, type WireItem } from "../../../../core/protocol/item.ts";
import { Activities } from "../../../../core/session/state/activities.ts";
import { ResponseActivities } from "../../../../core/session/turn/response_activities.ts";

Deno.test("ResponseView shows a message from its first words to its committed text", () => {
  const { view, events } = newView();
  view.begin("m1", message("m1", ""));
  view.text("m1", "Hel");
  view.text("m1", "lo");
  commit(view, message("m1", "Hello"));
  assert.deepEqual(events, [
    {
      type: "activity.started",
      activity: { id: "item_0", type: "message", text: "" },
    },
    { type: "text.delta", activityId: "item_0", text: "Hel" },
    { type: "text.delta", activityId: "item_0", text: "lo" },
    {
      type: "activity.completed",
      activity: { id: "item_0", type: "message", text: "Hello" },
    },
  ]);
});

Deno.test("ResponseView keeps two items that stream at once apart", () => {
  const { view, events } = newView();
  view.begin("r1", { type: "reasoning", id: "r1" });
  view.begin("m1", message("m1", ""));
  view.reasoning("r1", "Thi");
  view.text("m1", "Say");
  view.reasoning("r1", "nk");
  assert.deepEqual(
    events.filter((event) => "text" in event).map((event) =>
      "activityId" in event ? `${event.activityId} ${event.type}` : ""
    ),
    [
      "item_0 reasoning.delta",
      "item_1 text.delta",
      "item_0 reasoning.delta",
    ],
  );
});

Deno.test("ResponseView takes words without a name for those of the newest item", () => {
  const { view, events } = newView();
  view.begin("m1", message("m1", ""));
  view.text("", "Hello");
  commit(view, message("m1", "Hello"));
  const ids = events.map((event) =>
    "activity" in event
      ? event.activity.id
      : "activityId" in event
      ? event.activityId
      : ""
  );
  assert.deepEqual(new Set(ids), new Set(["item_0"]));
});

Deno.test("ResponseView parts sections of reasoning that has begun, and no other", () => {
  const { view, events } = newView();
  view.begin("r1", { type: "reasoning", id: "r1" });
  view.section("r1");
  assert.equal(events.length, 0);
  view.reasoning("r1", "One");
  view.section("r1");
  view.reasoning("r1", "Two");
  const text = events.flatMap((event) =>
    event.type === "reasoning.delta" ? [event.text] : []
  );
  assert.equal(text.join(""), "One\nTwo");
});

Deno.test("ResponseView shows items that never streamed, and nothing of empty ones", () => {
  const { view, events } = newView();
  commit(view, message("m1", "Whole."));
  commit(view, message("m2", ""));
  commit(view, { type: "reasoning", id: "r1", summary: [] });
  commit(view, {
    type: "reasoning",
    id: "r2",
    summary: [{ type: "summary_text", text: "a" }, {
      type: "summary_text",
      text: "b",
    }],
  });
  commit(view, {
    type: "web_search_call",
    id: "ws_1",
    action: { type: "search", query: "q" },
  });
  commit(view, { type: "hologram", id: "h" });
  const shown = events.flatMap((event) =>
    event.type === "activity.completed" ? [event.activity.type] : []
  );
  assert.deepEqual(shown, [
    "message",
    "reasoning",
    "web_search",
    "server_item",
  ]);
});

Deno.test("withdraw() takes back what was shown and not committed, once", () => {
  const { view, events } = newView();
  view.begin("m1", message("m1", ""));
  view.text("m1", "Stays.");
  commit(view, message("m1", "Stays."));
  view.begin("m2", message("m2", ""));
  view.text("m2", "Goes.");
  events.length = 0;
  view.withdraw();
  view.withdraw();
  assert.deepEqual(events, [
    { type: "activity.withdrawn", activityId: "item_1" },
  ]);
});

function newView(): { view: ResponseActivities; events: EventBody[] } {
  const events: EventBody[] = [];
  const emit = (event: EventBody): void => void events.push(event);
  return { view: new ResponseActivities(new Activities(emit), emit), events };
}

function message(id: string, text: string): WireItem {
  return {
    type: "message",
    id,
    role: "assistant",
    content: [{ type: "output_text", text }],
  };
}

function commit(view: ResponseActivities, item: WireItem): void {
  view.commit(item, viewItem(item));
}
