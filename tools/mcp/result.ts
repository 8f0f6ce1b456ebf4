/** The result of an MCP tool: text for the model, a view for people, the whole in a file. */
import { newSpoolPath } from "../gate/spool.ts";
import * as z from "zod/mini";
import type { InputPart } from "../../core/protocol/item.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { ModelInfo } from "../../core/protocol/settings.ts";
import { unreachable } from "../../core/util/assert.ts";
import { imageDataUrl, viewImage } from "../../core/util/image.ts";
import {
  asObject,
  type Json,
  type JsonObject,
} from "../../core/util/json/json.ts";
import { headBytes } from "../../core/util/text/text.ts";
import { cutNotice, cutText } from "../shell/output.ts";
import type { Host } from "../../core/protocol/host.ts";
import {
  type CallResult,
  type ContentBlock,
  ContentBlock as BlockSchema,
  ResourceContent,
} from "./client/wire.ts";

/** Text and pictures in the order in which the server gave them. */
type Piece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly url: string };

interface OutputOptions {
  readonly model: Pick<
    ModelInfo,
    "supportsImages" | "slug" | "toolOutputTokens"
  >;
  /** Writes the whole text where it can be read; undefined when that is not possible. */
  readonly spool: (text: string) => Promise<string | undefined>;
}

/** The pieces of a result: structured content stands for all text there is. */
export function piecesOfResult(result: CallResult): readonly Piece[] {
  const pieces = (result.content ?? []).flatMap(piecesOfBlock);
  const { structuredContent } = result;
  if (structuredContent == null) return pieces;
  const images = pieces.filter((piece) => piece.type === "image");
  return [{ type: "text", text: JSON.stringify(structuredContent) }, ...images];
}

/** The pieces of one block of content, of a result or a prompt. */
export function piecesOfBlock(value: unknown): readonly Piece[] {
  const parsed = z.safeParse(BlockSchema, value);
  // What is newer than us is still JSON, and the model may understand it.
  if (!parsed.success) return [{ type: "text", text: JSON.stringify(value) }];
  return [pieceOf(parsed.data)];
}

export function pieceOfResource(
  { uri, mimeType, text, blob }: z.infer<typeof ResourceContent>,
): Piece {
  const name = uri ?? "a resource";
  if (text != null) return { type: "text", text };
  if (blob != null) return pieceOfData(blob, `${name} (${mimeType ?? "data"})`);
  return { type: "text", text: `[${name} is empty]` };
}

/** What the model gets: one text when there are no pictures. */
export async function saveOutput(
  pieces: readonly Piece[],
  options: OutputOptions,
): Promise<string | readonly InputPart[]> {
  const parts = withoutImages(pieces, options.model);
  const texts = parts.filter((piece) => piece.type === "text");
  const text = await cutOutput(
    texts.map((piece) => piece.text).join("\n"),
    options,
  );
  const images = parts.filter((piece) => piece.type === "image");
  if (images.length === 0) return text;
  return [
    ...(text === "" ? [] : [{ type: "input_text", text } as const]),
    ...images.map(({ url }) =>
      ({ type: "input_image", image_url: url }) as const
    ),
  ];
}

/** The result as a person's program gets it: bounded, data left out when it is large. */
export function viewResult(result: CallResult): Json {
  const content = (result.content ?? []).slice(0, BLOCKS_SHOWN).map(viewBlock);
  const structured = (result.structuredContent ?? null) as Json;
  const size = structured === null ? 0 : JSON.stringify(structured).length;
  return {
    content,
    structuredContent: size <= LIMITS.eventOutputBytes ? structured : null,
  };
}

const BLOCKS_SHOWN = 100;

function pieceOf(block: ContentBlock): Piece {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "image":
    case "audio":
      return pieceOfData(
        block.data,
        `${block.type} (${block.mimeType ?? "no type"})`,
      );
    case "resource_link": {
      const { uri, name, title, description, mimeType } = block;
      const facts = [title ?? name, description, mimeType]
        .filter((one) => one != null && one !== "").join(", ");
      const more = facts === "" ? "" : ` (${facts})`;
      return { type: "text", text: `[resource ${uri}${more}]` };
    }
    case "resource":
      return pieceOfResource(block.resource);
    default:
      return unreachable(block);
  }
}

// By the bytes, not by what the server calls it: only pictures can be sent on.
function pieceOfData(base64: string, what: string): Piece {
  const bytes = decode(base64);
  if (bytes === undefined) {
    return { type: "text", text: `[${what}: its data is not base64]` };
  }
  const facts = viewImage(bytes);
  if (facts !== undefined && bytes.length <= LIMITS.imageBytes) {
    return { type: "image", url: imageDataUrl(facts.type, bytes) };
  }
  return {
    type: "text",
    text: `[${what}: ${bytes.length} bytes that cannot be shown]`,
  };
}

function withoutImages(
  pieces: readonly Piece[],
  model: OutputOptions["model"],
): readonly Piece[] {
  let images = 0;
  return pieces.map((piece) => {
    if (piece.type === "text") return piece;
    images++;
    if (!model.supportsImages) {
      const text = `[an image, which the model ${model.slug} does not take]`;
      return { type: "text", text };
    }
    if (images <= LIMITS.imagesPerMessage) return piece;
    return { type: "text", text: "[one image more than can be sent]" };
  });
}

async function cutOutput(
  text: string,
  { model, spool }: OutputOptions,
): Promise<string> {
  const cut = cutText(text, model.toolOutputTokens * 4);
  if (cut.omittedBytes === 0) return text;
  const spoolPath = await spool(text);
  const kept = spoolPath === undefined ? {} : { spoolPath };
  return `${cutNotice(cut, kept)}\n${cut.text}`;
}

function viewBlock(block: unknown): Json {
  const object = asObject(block);
  if (object === undefined) {
    const text = typeof block === "string" ? block : JSON.stringify(block);
    return headBytes(text ?? "", LIMITS.eventOutputBytes);
  }
  return viewObject(object);
}

function viewObject(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      if (typeof value === "string") return [key, viewText(key, value)];
      const inner = key === "resource" ? asObject(value) : undefined;
      return [key, inner === undefined ? value : viewObject(inner)];
    }),
  );
}

function viewText(key: string, text: string): string {
  if (text.length <= LIMITS.eventOutputBytes) return text;
  if (key === "data" || key === "blob") return "";
  return headBytes(text, LIMITS.eventOutputBytes);
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

/** Writes texts of a thread; undefined where that is not possible. */
export function openSpool(
  host: Pick<Host, "files" | "newId">,
  folder: string | undefined,
  threadId: string,
): (text: string) => Promise<string | undefined> {
  return async (text) => {
    const path = await newSpoolPath(host, folder, threadId);
    if (path === undefined) return undefined;
    const kept = headBytes(text, LIMITS.spoolBytes);
    // A read-only home is no reason to lose the answer.
    return await host.files.write(path, kept, { mode: 0o600 })
      .then(() => path, () => undefined);
  };
}
