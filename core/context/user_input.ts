/** The user's message as wire items: images first, labelled, then the text. */
import { errorText, usageError, UserError } from "../protocol/error.ts";
import type { Files } from "../protocol/host.ts";
import { type InputPart, message, type WireItem } from "../protocol/item.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { UserPart } from "../protocol/op.ts";
import type { ModelInfo, TurnSettings } from "../protocol/settings.ts";
import { imageDataUrl, viewImage } from "../util/image.ts";
import { resolvePath } from "../util/path.ts";
import { byteLength, tokensOfBytes } from "../util/text/text.ts";
import { oneLine } from "./format/text.ts";

export interface UserItems {
  /** One message, or none when there is nothing to send. */
  readonly items: readonly WireItem[];
  readonly warnings: readonly string[];
  /** What could not be sent; the message says so in its place. The caller decides. */
  readonly problems: readonly UserError[];
}

/** Builds the user's message; relative paths are relative to the settings' cwd. */
export async function loadUserItems(
  host: { readonly files: Files },
  parts: readonly UserPart[],
  settings: Pick<TurnSettings, "cwd" | "model">,
): Promise<UserItems> {
  const content: InputPart[] = [];
  const warnings: string[] = [];
  const problems: UserError[] = [];
  const images = parts.filter((part) => part.type !== "text");
  for (const [index, image] of images.entries()) {
    const isFile = image.type === "image";
    const path = isFile ? oneLine(image.path) : "without a file";
    const label = { number: index + 1, path, isFile };
    if (!settings.model.supportsImages) {
      const slug = oneLine(settings.model.slug);
      content.push(
        textPart(leftOutText(label, `${slug} does not accept images`)),
      );
      continue;
    }
    const loaded = index < LIMITS.imagesPerMessage
      ? isFile
        ? await loadImage(host, resolvePath(settings.cwd, image.path))
        : checkedUrl(image.url)
      : imageError(
        label.path,
        `a message may have at most ${LIMITS.imagesPerMessage} images`,
      );
    if (loaded === undefined) {
      warnings.push(`Image ${label.path} is left out: ${NO_IMAGE}`);
      content.push(textPart(leftOutText(label, NO_IMAGE)));
      continue;
    }
    if (loaded instanceof UserError) problems.push(loaded);
    content.push(...imageParts(label, loaded));
  }
  if (images.length > 0 && !settings.model.supportsImages) {
    warnings.push(
      `Model ${settings.model.slug} does not accept images: it gets their paths instead`,
    );
  }
  const texts = parts.flatMap((part) =>
    part.type === "text" && part.text !== "" ? [part.text] : []
  );
  problems.push(...lengthProblem(texts, settings.model));
  content.push(...texts.map(textPart));
  const items = content.length === 0 ? [] : [message("user", content)];
  return { items, warnings, problems };
}

const NO_IMAGE = "its content must be a whole PNG, JPEG, GIF or WebP";

// The data URL of an image, undefined for what is none; told by its bytes, never by its name.
async function loadImage(
  host: { readonly files: Files },
  path: string,
): Promise<string | undefined | UserError> {
  try {
    const stat = await host.files.stat(path);
    if (stat === undefined) return imageError(path, "there is no such file");
    if (!stat.isFile) return imageError(path, "it is not a regular file");
    if (stat.size > LIMITS.imageBytes) {
      return imageError(
        path,
        `it has ${megabytes(stat.size)}, must have at most ${
          megabytes(LIMITS.imageBytes)
        }`,
      );
    }
    const bytes = await host.files.readBytes(path);
    const facts = viewImage(bytes);
    return facts && imageDataUrl(facts.type, bytes);
  } catch (error) {
    return imageError(path, errorText(error));
  }
}

const DATA_URL = /^data:image\/[a-z+.-]+;base64,/i;

// As a file would be: told by its bytes, and no larger than one.
function checkedUrl(url: string): string | undefined | UserError {
  const start = DATA_URL.exec(url)?.[0].length;
  if (start === undefined) return undefined;
  if ((url.length - start) * 0.75 > LIMITS.imageBytes) {
    return imageError(
      "without a file",
      `it must have at most ${megabytes(LIMITS.imageBytes)}`,
    );
  }
  try {
    const bytes = Uint8Array.fromBase64(url.slice(start));
    const facts = viewImage(bytes);
    return facts && imageDataUrl(facts.type, bytes);
  } catch {
    return undefined;
  }
}

interface ImageLabel {
  readonly number: number;
  readonly path: string;
  readonly isFile: boolean;
}

function imageParts(
  label: ImageLabel,
  loaded: string | UserError,
): readonly InputPart[] {
  if (loaded instanceof UserError) {
    return [
      textPart(`[Image #${label.number} could not be sent. ${loaded.message}]`),
    ];
  }
  return [
    textPart(
      `<image name=[Image #${label.number}]${
        label.isFile ? ` path="${label.path}"` : ""
      }>`,
    ),
    { type: "input_image", image_url: loaded, detail: "auto" },
    textPart("</image>"),
  ];
}

function leftOutText({ number, path }: ImageLabel, why: string): string {
  return `[Image #${number}, ${path}, is left out: ${why}]`;
}

function textPart(text: string): InputPart {
  return { type: "input_text", text };
}

// A message that fills the window leaves no room to work on it, nor to compact it.
function lengthProblem(
  texts: readonly string[],
  { contextWindow }: Pick<ModelInfo, "contextWindow">,
): readonly UserError[] {
  const bytes = texts.reduce((sum, text) => sum + byteLength(text), 0);
  const tokens = tokensOfBytes(bytes);
  const tokensMax = Math.floor(contextWindow * LIMITS.promptShare);
  const problem = bytes > LIMITS.promptBytes
    ? `it has ${megabytes(bytes)}, must have at most ${
      megabytes(LIMITS.promptBytes)
    }`
    : tokens > tokensMax
    ? `it has about ${tokens} tokens, must have at most ${tokensMax} in a window of ${contextWindow}`
    : undefined;
  if (problem === undefined) return [];
  return [
    usageError(
      `Cannot send message: ${problem}; put the text into a file and name the file instead`,
    ),
  ];
}

function imageError(path: string, state: string): UserError {
  return usageError(`Cannot send image ${path}: ${state}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}
