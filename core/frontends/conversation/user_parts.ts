/** A message as parts: paths of images in it become images. */
import { LIMITS } from "../../protocol/limits.ts";
import type { UserPart } from "../../protocol/op.ts";
import { expandHome, resolvePath } from "../../util/path.ts";
import { usageError } from "../../protocol/error.ts";
import type { ReplHost, ReplServices } from "./services.ts";
import { parsePromptValues } from "./slash.ts";

const IMAGE_NAME = /\.(png|jpe?g|gif|webp)$/i;

// Words that may be paths of images, as terminals paste them: quoted, escaped, as URL.
function findImageWords(text: string): readonly string[] {
  const words = text.matchAll(
    /"([^"\n]+)"|'([^'\n]+)'|((?:\\[^\n]|[^\s\\"'])+)/g,
  );
  const found: string[] = [];
  for (const [, double, single, bare] of words) {
    const word = double ?? single ?? (bare ?? "").replace(/\\(.)/g, "$1");
    const path = unwrap(word);
    if (IMAGE_NAME.test(path) && !found.includes(path)) found.push(path);
  }
  return found;
}

/** The message with every image it names that exists. */
export async function readParts(
  text: string,
  host: Pick<ReplHost, "files" | "homeDir">,
  cwd: string,
): Promise<readonly UserPart[]> {
  const images: UserPart[] = [];
  for (const word of findImageWords(text)) {
    if (images.length === LIMITS.imagesPerMessage) break;
    const path = resolvePath(cwd, expandHome(word, host.homeDir() ?? "/"));
    const stat = await host.files.stat(path).catch(() => undefined);
    if (stat?.isFile) images.push({ type: "image", path });
  }
  return [...images, { type: "text", text }];
}

/** What a prompt of an MCP server says. Throws UserError. */
export async function promptText(
  services: Pick<ReplServices, "mcpPrompt" | "mcpPrompts">,
  { server, name, args }: {
    readonly server: string;
    readonly name: string;
    readonly args: string;
  },
): Promise<string> {
  const found = (await services.mcpPrompts()).find((one) =>
    one.server === server && one.name === name
  );
  if (found === undefined) {
    throw usageError(
      `Unknown prompt /${server}:${name}; /mcp prompts lists all`,
    );
  }
  const values = parsePromptValues(args, found.parameters);
  return await services.mcpPrompt(server, name, values);
}

function unwrap(word: string): string {
  const path = word.startsWith("@") ? word.slice(1) : word;
  if (!/^file:\/\//i.test(path)) return path;
  try {
    return decodeURIComponent(path.replace(/^file:\/\/[^/]*/i, ""));
  } catch {
    return path;
  }
}
