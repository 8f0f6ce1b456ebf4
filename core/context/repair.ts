/** Items without what a server refuses; a text stands where something was. No I/O. */
import type { Refused } from "../protocol/error.ts";
import type { WireItem } from "../protocol/item.ts";
import { LIMITS } from "../protocol/limits.ts";
import { asObject, type Json } from "../util/json/json.ts";
import { headBytes } from "../util/text/text.ts";

interface Repaired {
  readonly items: readonly WireItem[];
  /** How many items are others now, or gone. */
  readonly changed: number;
}

/** Pictures in an item. */
export function picturesIn(item: WireItem): number {
  return PICTURE_KEYS.reduce((sum, key) => {
    const parts = item[key];
    return sum + (Array.isArray(parts) ? parts.filter(isPicture).length : 0);
  }, 0);
}

/** The history without the older half of its pictures. */
export function withoutOlderPictures(items: readonly WireItem[]): Repaired {
  return withoutPictures(items, (at, count) => at < Math.floor(count / 2));
}

/**
 * The history without what was refused; untouched items are the same objects. Of pictures
 * too many or too large, the newest stays, unless it is the only one left.
 */
export function withoutRefused(
  items: readonly WireItem[],
  what: Exclude<Refused, "system">,
): Repaired {
  switch (what) {
    case "old_pictures":
      return withoutPictures(
        items,
        (at, count) => at < count - 1 || count === 1,
      );
    case "last_picture":
      return withoutPictures(items, (at, count) => at === count - 1);
    case "pictures":
      return withoutPictures(items, () => true);
    case "arguments":
      return change(items, withJsonArguments);
    case "ciphertext":
      return change(items, withoutCiphertext);
    case "ids":
      return change(items, (item) => withoutId(withoutCiphertext(item)));
  }
}

type Change = (item: WireItem) => WireItem | undefined;

function change(items: readonly WireItem[], of: Change): Repaired {
  let changed = 0;
  const kept = items.flatMap((item) => {
    const other = of(item);
    if (other !== item) changed++;
    return other ?? [];
  });
  return { items: kept, changed };
}

const LEFT_OUT = {
  type: "input_text",
  text: "[A picture was here; the server did not take it, so it is left out.]",
} as const;

function withoutPictures(
  items: readonly WireItem[],
  goes: (at: number, count: number) => boolean,
): Repaired {
  const count = items.reduce((sum, item) => sum + picturesIn(item), 0);
  let at = 0;
  return change(items, (item) => {
    if (picturesIn(item) === 0) return item;
    const without = (value: Json): Json => {
      if (!isPicture(value)) return value;
      const place = at++;
      return goes(place, count) ? LEFT_OUT : value;
    };
    const other = { ...item };
    let isOther = false;
    for (const key of PICTURE_KEYS) {
      const parts = item[key];
      if (!Array.isArray(parts)) continue;
      const kept = parts.map(without);
      isOther ||= kept.some((part, index) => part !== parts[index]);
      other[key] = kept;
    }
    return isOther ? other : item;
  });
}

const PICTURE_KEYS = ["content", "output"] as const;

function isPicture(part: Json): boolean {
  return asObject(part)?.["type"] === "input_image";
}

function withJsonArguments(item: WireItem): WireItem {
  const { arguments: text } = item;
  if (item.type !== "function_call" || typeof text !== "string") return item;
  try {
    if (asObject(JSON.parse(text)) !== undefined) return item;
  } catch {
    // Replaced below.
  }
  const not_json = headBytes(text, LIMITS.handoverCommandBytes);
  return { ...item, arguments: JSON.stringify({ not_json }) };
}

// Reasoning without its ciphertext is refused as well, and what it led to is there.
function withoutCiphertext(item: WireItem): WireItem | undefined {
  if (item.type === "reasoning") return undefined;
  return typeof item["encrypted_content"] === "string" ? undefined : item;
}

function withoutId(item: WireItem | undefined): WireItem | undefined {
  if (item === undefined || item["id"] === undefined) return item;
  const { id, ...rest } = item;
  return item["call_id"] === undefined && item.type.endsWith("_call")
    ? { ...rest, call_id: id } as WireItem
    : rest as WireItem;
}
