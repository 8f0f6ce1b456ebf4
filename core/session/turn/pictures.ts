/** The door for pictures: they are made as small as the provider takes them, or a text stands for them. */
import { errorText } from "../../protocol/error.ts";
import type { InputPart, WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { imageDataUrl } from "../../util/image.ts";
import { asObject, type Json } from "../../util/json/json.ts";
import { shrinkPicture } from "../../util/picture.ts";
import type { ThreadDeps } from "../state/deps.ts";
import type { TurnContext } from "./context.ts";

interface DoorContext extends Pick<TurnContext, "emit"> {
  readonly deps: Pick<ThreadDeps, "host" | "endpoint">;
}

/** Items of ours with pictures that fit; items without pictures are the same objects. */
export async function fitItems(
  items: readonly WireItem[],
  context: DoorContext,
): Promise<readonly WireItem[]> {
  return await Promise.all(items.map(async (item) => {
    const { content } = item;
    if (!Array.isArray(content) || !content.some(isPicture)) return item;
    const parts = content as unknown as readonly InputPart[];
    return { ...item, content: await fitParts(parts, context) };
  }));
}

/** The same for the parts of an output or a message. */
export async function fitParts(
  parts: readonly InputPart[],
  context: DoorContext,
): Promise<readonly InputPart[]> {
  const fitting: InputPart[] = [];
  // One after the other: each is in memory as a whole.
  for (const part of parts) {
    fitting.push(
      part.type === "input_image" ? await fitPicture(part, context) : part,
    );
  }
  return fitting;
}

async function fitPicture(
  part: InputPart & { readonly type: "input_image" },
  { deps, emit }: DoorContext,
): Promise<InputPart> {
  const data = /^data:[^,]*;base64,/.exec(part.image_url)?.[0];
  if (data === undefined) return part;
  try {
    const bytes = Uint8Array.fromBase64(part.image_url.slice(data.length));
    const smaller = await shrinkPicture(bytes, {
      ...deps.endpoint.pictures,
      pixelsMax: LIMITS.imagePixels,
      decode: (given, type) => deps.host.decodeImage(given, type),
    });
    if (smaller === undefined) return part;
    return { ...part, image_url: imageDataUrl("image/jpeg", smaller) };
  } catch (error) {
    const message = `A picture is left out: ${errorText(error)}`;
    emit({ type: "warning", message });
    return {
      type: "input_text",
      text: `[${message}; a smaller copy can be shown]`,
    };
  }
}

function isPicture(part: Json): boolean {
  return asObject(part)?.["type"] === "input_image";
}
