/** What a client sends as a prompt, as the parts of a message. */
import type { ContentBlock, RequestError } from "@agentclientprotocol/sdk";
import type { UserPart } from "../../protocol/op.ts";
import { requestError } from "./errors.ts";

interface PromptPlace {
  /** The text of a file that stands in the editor alone; undefined where the disk has it. */
  readonly readUnsaved: (path: string) => Promise<string | undefined>;
}

const IMAGE = /^image\/(png|jpeg|gif|webp)$/;
const IMAGE_FILE = /\.(png|jpe?g|gif|webp)$/i;

/** Throws RequestError for what no model takes, and for no message at all. */
export async function readPrompt(
  blocks: readonly ContentBlock[],
  place: PromptPlace,
): Promise<readonly UserPart[]> {
  if (blocks.length === 0) {
    throw refused('"prompt" is empty, must hold at least one block');
  }
  const parts: UserPart[] = [];
  for (const block of blocks) parts.push(await readBlock(block, place));
  return parts;
}

async function readBlock(
  block: ContentBlock,
  place: PromptPlace,
): Promise<UserPart> {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "image":
      return image(block.mimeType, block.data);
    case "resource_link":
      return await readLink(block, place);
    case "resource": {
      const { resource } = block;
      const { uri, mimeType } = resource;
      if ("text" in resource) return resourceText(uri, resource.text);
      if (IMAGE.test(mimeType ?? "")) {
        return image(mimeType ?? "", resource.blob);
      }
      const about = `(${mimeType ?? "binary"}, not shown)`;
      return { type: "text", text: `${pathOf(uri) ?? uri} ${about}` };
    }
    default:
      throw refused(`a model takes no ${block.type} here`);
  }
}

function image(type: string, data: string): UserPart {
  if (!IMAGE.test(type)) {
    throw refused(`the image is ${type}, must be PNG, JPEG, GIF or WebP`);
  }
  try {
    Uint8Array.fromBase64(data);
  } catch {
    throw refused("the image is not base64, must be");
  }
  return { type: "image_data", url: `data:${type};base64,${data}` };
}

// A file is a name for the model, which has its tools; what is not saved it cannot find there.
async function readLink(
  { uri, name }: { readonly uri: string; readonly name: string },
  { readUnsaved }: PromptPlace,
): Promise<UserPart> {
  const path = pathOf(uri);
  if (path === undefined) return { type: "text", text: `[${name}](${uri})` };
  if (IMAGE_FILE.test(path)) return { type: "image", path };
  const text = await readUnsaved(path);
  return text === undefined
    ? { type: "text", text: path }
    : resourceText(uri, text);
}

function resourceText(uri: string, text: string): UserPart {
  const name = pathOf(uri) ?? uri;
  const end = text.endsWith("\n") ? "" : "\n";
  return { type: "text", text: `<file path="${name}">\n${text}${end}</file>` };
}

function pathOf(uri: string): string | undefined {
  const [, path] = /^file:\/\/[^/]*(\/[^?#]*)/i.exec(uri) ?? [];
  if (path === undefined) return uri.startsWith("/") ? uri : undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function refused(why: string): RequestError {
  return requestError("invalidParams", `Cannot take the prompt: ${why}`);
}
