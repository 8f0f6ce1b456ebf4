/** Large opaque strings of a JSON text, taken out of it and put back byte for byte. */
import { LIMITS } from "../../protocol/limits.ts";
import { sha256Hex } from "../../util/sha256.ts";

/** A string that was taken out, and the place of its stand-in. */
export interface BlobRef {
  /** Where its stand-in begins in the text without blobs, in UTF-16 units, and how long that is. */
  readonly at: number;
  readonly length: number;
  /** Of the string itself. It is ASCII. */
  readonly bytes: number;
  readonly sha256: string;
}

/** A JSON text without its large opaque strings; still JSON. */
export interface BlobText {
  readonly text: string;
  /** In order of their places. */
  readonly blobs: readonly BlobRef[];
}

/** What became of a string that was taken out: its text, or why it cannot be had. */
export type BlobContent =
  | { readonly kind: "found"; readonly text: string }
  | { readonly kind: "lost"; readonly reason: string };

/** By their sha256. */
export type BlobContents = ReadonlyMap<string, BlobContent>;

/**
 * Stands for an image: a grey one of 32 by 32. A program that knows nothing of what was
 * taken out finds a valid image there, and a provider takes it.
 */
export const BLANK_IMAGE = "data:image/png;base64," +
  "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAFklEQVR42mNoIAAYRhWMKhhVMFIVAABCAAAfN5c2AAAAAABJRU5ErkJggg==";

const IMAGE = /^data:image\//;
// Base64 in both alphabets and data URLs. No blank, so that it is never prose; no
// backslash, so that it is the same in JSON and out of it.
const NOT_OPAQUE = /[^\w+/=:;,.-]/;
// What separates two strings of a JSON text begins with one of these.
const BETWEEN = /^[:,\]}]/;

/** Takes the large strings out. Most texts have none, and cost one look at their length. */
export function takeBlobs(text: string): {
  readonly blobText: BlobText;
  /** What was taken out, by sha256. */
  readonly contents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
} {
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  const blobs: BlobRef[] = [];
  let blobText = "";
  let done = 0;
  for (const { from, to } of largeStrings(text)) {
    const string = text.slice(from, to);
    const bytes = new TextEncoder().encode(string);
    const sha256 = sha256Hex(bytes);
    const standIn = IMAGE.test(string) ? BLANK_IMAGE : `rondo-blob:${sha256}`;
    blobText += text.slice(done, from);
    const { length } = standIn;
    blobs.push({ at: blobText.length, length, bytes: bytes.length, sha256 });
    blobText += standIn;
    contents.set(sha256, bytes);
    done = to;
  }
  return { blobText: { text: blobText + text.slice(done), blobs }, contents };
}

/** The part between two places that cut no stand-in. */
export function sliceBlobText(
  { text, blobs }: BlobText,
  start: number,
  end: number,
): BlobText {
  return {
    text: text.slice(start, end),
    blobs: blobs.filter(({ at }) => at >= start && at < end)
      .map((ref) => ({ ...ref, at: ref.at - start })),
  };
}

/** The text as it was, as far as what was taken out is found. */
export function wholeText(
  { text, blobs }: BlobText,
  contents: BlobContents,
): string {
  let whole = "";
  let done = 0;
  for (const { at, length, sha256 } of blobs) {
    const content = contents.get(sha256);
    if (content?.kind !== "found") continue;
    whole += text.slice(done, at) + content.text;
    done = at + length;
  }
  return whole + text.slice(done);
}

/**
 * What cannot be had of a text. An image leaves its blank stand-in; `isUsable` is false
 * where anything else is lost.
 */
export function findLost(blobText: BlobText, contents: BlobContents): {
  readonly lost: readonly (BlobRef & { readonly reason: string })[];
  readonly isUsable: boolean;
} {
  const lost = blobText.blobs.flatMap((ref) => {
    const content = contents.get(ref.sha256);
    return content?.kind === "lost" ? [{ ...ref, reason: content.reason }] : [];
  });
  const isUsable = lost.every(({ at, length }) =>
    blobText.text.slice(at, at + length) === BLANK_IMAGE
  );
  return { lost, isUsable };
}

/** The references as JSON, as a line of a log carries them. */
export function renderBlobs(blobs: readonly BlobRef[]): string {
  const members = blobs.map(({ at, length, bytes, sha256 }) =>
    `{"at":${at},"length":${length},"bytes":${bytes},"sha256":"${sha256}"}`
  );
  return `[${members.join(",")}]`;
}

const REF =
  /^\{"at":(\d{1,15}),"length":(\d{1,15}),"bytes":(\d{1,15}),"sha256":"([0-9a-f]{64})"\}(?:,|$)/;

/** The references of a text of that length; undefined when they are not in our form. */
export function parseBlobs(
  json: string,
  textLength: number,
): readonly BlobRef[] | undefined {
  const blobs: BlobRef[] = [];
  let rest = json.slice(1, -1);
  let end = 0;
  while (rest !== "") {
    const found = REF.exec(rest);
    if (found === null) return undefined;
    const [matched, at, length, bytes, sha256 = ""] = found;
    const ref = {
      at: Number(at),
      length: Number(length),
      bytes: Number(bytes),
      sha256,
    };
    if (ref.at < end || ref.at + ref.length > textLength) return undefined;
    blobs.push(ref);
    end = ref.at + ref.length;
    rest = rest.slice(matched.length);
  }
  return blobs;
}

// From quote to quote: what lies between two of them without one is a string, its part
// behind an escaped quote, or what separates two strings.
function* largeStrings(
  text: string,
): Generator<{ readonly from: number; readonly to: number }> {
  if (text.length < LIMITS.blobBytes) return;
  let quote = text.indexOf('"');
  while (quote >= 0) {
    const from = quote + 1;
    const to = text.indexOf('"', from);
    if (to - from >= LIMITS.blobBytes) {
      const between = text.slice(from, to);
      if (!BETWEEN.test(between) && !NOT_OPAQUE.test(between)) {
        yield { from, to };
      }
    }
    quote = to;
  }
}
