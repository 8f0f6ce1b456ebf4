/** How many tokens an item takes, estimated before a server has counted it. */
import type { WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { sniffImage } from "../../util/image.ts";
import type { Json } from "../../util/json/json.ts";
import { asObject } from "../../util/json/json.ts";
import { byteLength, tokensOfBytes } from "../../util/text/text.ts";

// A ciphertext is base64 with some 650 bytes that are not reasoning.
const CIPHER_OVERHEAD_BYTES = 650;
// Base64 of the first bytes of an image: enough for every header but odd JPEGs.
const SNIFF_CHARS = 64 * 1024;
const PATCH_PIXELS = 32;

/** Estimated tokens of one item; `json` is its text, when that is at hand. */
export function estimateItemTokens(item: WireItem, json?: string): number {
  const bytes = byteLength(json ?? JSON.stringify(item));
  const off = cipherCorrection(item) + imageCorrection(item["content"]) +
    imageCorrection(item["output"]);
  return tokensOfBytes(Math.max(0, bytes + off));
}

export function estimateItemsTokens(items: readonly WireItem[]): number {
  return items.reduce((sum, item) => sum + estimateItemTokens(item), 0);
}

// What must be added to (mostly: taken from) the length of the JSON text.
function cipherCorrection(item: WireItem): number {
  const cipher = item["encrypted_content"];
  if (typeof cipher !== "string") return 0;
  const real = Math.max(0, cipher.length * 3 / 4 - CIPHER_OVERHEAD_BYTES);
  return Math.floor(real) - cipher.length;
}

function imageCorrection(parts: Json | undefined): number {
  if (!Array.isArray(parts)) return 0;
  let sum = 0;
  for (const part of parts) {
    const url = asObject(part)?.["image_url"];
    if (typeof url !== "string" || !url.startsWith("data:")) continue;
    sum += imageBytes(url) - url.length;
  }
  return sum;
}

// By its size in pixels: the bytes of a picture say nothing of its tokens.
function imageBytes(url: string): number {
  const facts = sniffDataUrl(url);
  if (facts === undefined) return LIMITS.imageEstimateBytes;
  const patches = Math.ceil(facts.width / PATCH_PIXELS) *
    Math.ceil(facts.height / PATCH_PIXELS);
  return Math.min(patches, LIMITS.imagePatchTokens) * 4;
}

function sniffDataUrl(url: string): ReturnType<typeof sniffImage> {
  const start = url.indexOf(",") + 1;
  const head = url.slice(start, start + SNIFF_CHARS);
  try {
    const whole = head.length - head.length % 4;
    return sniffImage(Uint8Array.fromBase64(head.slice(0, whole)));
  } catch {
    return undefined; // not base64: an image of somebody else's making
  }
}
