/** A response as the user sees it: live text first, the committed item last. */
import type { EventBody } from "../../protocol/event.ts";
import type { ItemView, WireItem } from "../../protocol/item.ts";
import type { ActivityBody } from "../../protocol/tool.ts";
import type { Activities } from "../state/activities.ts";
import type { ShownReasoning } from "../state/deps.ts";

type Kind = "message" | "reasoning";
interface Shown {
  readonly activityId: string;
  readonly kind: Kind;
}

/** Opens an activity with the first text of an item and completes it with the item. */
export class ResponseActivities {
  readonly #activities: Activities;
  readonly #emit: (event: EventBody) => void;
  readonly #shown = new Map<string, Shown>();
  readonly #reasoning: ShownReasoning;
  #latestItemId = "";

  constructor(
    activities: Activities,
    emit: (event: EventBody) => void,
    reasoning: ShownReasoning = "summary",
  ) {
    this.#activities = activities;
    this.#emit = emit;
    this.#reasoning = reasoning;
  }

  begin(itemId: string, item: WireItem): void {
    if (item.type === "message" || item.type === "reasoning") {
      this.#latestItemId = itemId;
    }
  }

  text(itemId: string, text: string): void {
    const { activityId } = this.#show(itemId, "message");
    this.#emit({ type: "text.delta", activityId, text });
  }

  reasoning(itemId: string, text: string, isRaw = false): void {
    if (this.#reasoning === "none") return;
    if (isRaw && this.#reasoning !== "raw") return;
    const { activityId } = this.#show(itemId, "reasoning");
    this.#emit({ type: "reasoning.delta", activityId, text });
  }

  section(itemId: string): void {
    const shown = this.#shown.get(this.#keyOf(itemId));
    if (shown?.kind === "reasoning") this.reasoning(itemId, "\n");
  }

  /** The item is part of the conversation now. */
  commit(item: WireItem, view: ItemView): void {
    if (view.type === "message" && view.text !== "") {
      const { text, phase } = view;
      const more = phase === undefined ? {} : { phase };
      this.#complete(item, { type: "message", text, ...more });
    }
    if (view.type === "reasoning" && this.#reasoning !== "none") {
      const raw = this.#reasoning === "raw" ? view.raw : [];
      const text = [...view.summary, ...raw].join("\n");
      if (text !== "") this.#complete(item, { type: "reasoning", text });
    }
    if (view.type === "web_search") {
      const { query, action } = view;
      this.#activities.show({ type: "web_search", query, action });
    }
    if (view.type === "unknown") {
      this.#activities.show({ type: "server_item", item });
    }
  }

  /** The stream broke: what was shown and not committed is void. */
  withdraw(): void {
    for (const { activityId } of this.#shown.values()) {
      this.#activities.withdraw(activityId);
    }
    this.#shown.clear();
  }

  #complete(
    item: WireItem,
    body: ActivityBody & { readonly type: Kind },
  ): void {
    const itemId = typeof item["id"] === "string" ? item["id"] : "";
    const key = this.#keyOf(itemId);
    const shown = this.#shown.get(key);
    if (shown?.kind !== body.type) return this.#activities.show(body);
    this.#shown.delete(key);
    this.#activities.complete(shown.activityId, body);
  }

  #show(itemId: string, kind: Kind): Shown {
    const key = this.#keyOf(itemId);
    const known = this.#shown.get(key);
    if (known !== undefined) return known;
    const shown = {
      activityId: this.#activities.open({ type: kind, text: "" }),
      kind,
    };
    this.#shown.set(key, shown);
    return shown;
  }

  // Servers that do not name items stream them one after the other.
  #keyOf(itemId: string): string {
    return itemId === "" ? this.#latestItemId : itemId;
  }
}
