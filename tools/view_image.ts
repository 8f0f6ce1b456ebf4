/** The image tool: adds an image file to the conversation. */
import type { Sandbox } from "../core/protocol/command.ts";
import { errorCode, ToolError } from "../core/protocol/error.ts";
import type { Files } from "../core/protocol/host.ts";
import { LIMITS } from "../core/protocol/limits.ts";
import type { Tool, ToolContext, ToolOutput } from "../core/protocol/tool.ts";
import { imageDataUrl, viewImage } from "../core/util/image.ts";
import { basename, resolvePath } from "../core/util/path.ts";
import description from "../prompts/tools/view_image.md" with { type: "text" };
import { defineTool } from "./define/define_tool.ts";
import { text } from "./define/parameters.ts";

export function createViewImageTool(
  options: { readonly sandbox: Pick<Sandbox, "readable"> },
): Tool {
  return defineTool({
    name: "view_image",
    description,
    parameters: {
      path: text("Absolute, or relative to the working folder", {
        empty: false,
      }),
    },
    parallel: true,
    touches: ({ path }, cwd) => [resolvePath(cwd, path)],
    run: async ({ path }, context) => {
      const { cwd, sandbox } = context.settings;
      // This reads outside the OS sandbox: what the policy hides is hidden here as well.
      return await loadImage(
        path,
        context,
        options.sandbox.readable(sandbox, cwd),
      );
    },
  });
}

async function loadImage(
  path: string,
  context: ToolContext,
  files: Files,
): Promise<ToolOutput> {
  const { settings } = context;
  const full = await findRealPath(resolvePath(settings.cwd, path), files);
  const stat = await files.stat(full);
  if (stat?.isFile !== true) {
    throw cannotView(full, "not a regular file");
  }
  if (stat.size > LIMITS.imageBytes) {
    throw cannotView(
      full,
      `it has ${stat.size} bytes, must be at most ${LIMITS.imageBytes}; make a smaller copy first`,
    );
  }
  const bytes = await readImage(full, files);
  const facts = viewImage(bytes);
  if (facts === undefined) {
    throw cannotView(full, "not an image, must be PNG, JPEG, GIF or WebP");
  }
  const size = `${facts.width}x${facts.height} ${facts.type}`;
  if (!settings.model.supportsImages) {
    const content = `${basename(full)} is an image ` +
      `(${size}, ${bytes.length} bytes), but the model ${settings.model.slug} takes no images.`;
    return { content, success: false };
  }
  const image_url = imageDataUrl(facts.type, bytes);
  return { content: [{ type: "input_image", image_url }], success: true };
}

async function findRealPath(path: string, files: Files): Promise<string> {
  try {
    return await files.realPath(path);
  } catch (error) {
    throw cannotView(path, stateOf(error));
  }
}

async function readImage(
  path: string,
  files: Files,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // One byte more than allowed shows a file that grew after it was measured.
    const bytes = await files.readRange(path, 0, LIMITS.imageBytes + 1);
    if (bytes.length <= LIMITS.imageBytes) return bytes;
  } catch (error) {
    throw cannotView(path, stateOf(error));
  }
  throw cannotView(path, "it is growing");
}

function cannotView(path: string, state: string): ToolError {
  return new ToolError(`Cannot view ${path}: ${state}`);
}

function stateOf(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
    case "EPERM":
      return "permission denied, or hidden by the sandbox policy";
    default:
      return errorCode(error) ?? "it cannot be read";
  }
}
