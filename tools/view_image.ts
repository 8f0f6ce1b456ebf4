/** The image tool: adds an image file to the conversation. */
import { errorCode, ToolError } from "../core/protocol/error.ts";
import type { Host } from "../core/protocol/host.ts";
import { LIMITS } from "../core/protocol/limits.ts";
import type { SandboxPolicy } from "../core/protocol/policy.ts";
import type { Tool, ToolContext, ToolOutput } from "../core/protocol/tool.ts";
import { matchesPath } from "../core/util/glob.ts";
import { imageDataUrl, sniffImage } from "../core/util/image.ts";
import { basename, resolvePath } from "../core/util/path.ts";
import description from "../prompts/tools/view_image.md" with { type: "text" };
import { defineTool } from "./define/define_tool.ts";
import { text } from "./define/parameters.ts";

/** The tool named `view_image`. */
export function createViewImageTool(
  options: { readonly host: Pick<Host, "files"> },
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
    run: async ({ path }, context) =>
      await loadImage(path, context, options.host),
  });
}

async function loadImage(
  path: string,
  context: ToolContext,
  host: Pick<Host, "files">,
): Promise<ToolOutput> {
  const { settings } = context;
  const full = await allowedPath(
    resolvePath(settings.cwd, path),
    context,
    host,
  );
  const stat = await host.files.stat(full);
  if (stat?.isFile !== true) {
    throw new ToolError(`Cannot view ${full}: not a regular file`);
  }
  if (stat.size > LIMITS.imageBytes) {
    throw new ToolError(
      `Cannot view ${full}: it has ${stat.size} bytes, must be at most ${LIMITS.imageBytes}; make a smaller copy first`,
    );
  }
  const bytes = await readImage(full, host);
  const facts = sniffImage(bytes);
  if (facts === undefined) {
    throw new ToolError(
      `Cannot view ${full}: not an image, must be PNG, JPEG, GIF or WebP`,
    );
  }
  const size = `${facts.width}x${facts.height} ${facts.type}`;
  if (!settings.model.supportsImages) {
    return {
      content: `${
        basename(full)
      } is an image (${size}, ${bytes.length} bytes), but the model ${settings.model.slug} takes no images.`,
      success: false,
    };
  }
  const image_url = imageDataUrl(facts.type, bytes);
  return { content: [{ type: "input_image", image_url }], success: true };
}

// Where the path really leads. This reads outside the OS sandbox, so what the sandbox
// hides is hidden here: under the name that was asked for and under the real one.
async function allowedPath(
  path: string,
  { settings }: ToolContext,
  host: Pick<Host, "files">,
): Promise<string> {
  assertReadable(path, settings.sandbox);
  const real = await realPath(path, host);
  assertReadable(real, settings.sandbox);
  return real;
}

function assertReadable(path: string, sandbox: SandboxPolicy): void {
  const hidden = "denyRead" in sandbox ? sandbox.denyRead : [];
  if (hidden.some((glob) => matchesPath(glob, path))) {
    throw new ToolError(`Cannot view ${path}: the sandbox policy hides it`);
  }
}

async function realPath(
  path: string,
  host: Pick<Host, "files">,
): Promise<string> {
  try {
    return await host.files.realPath(path);
  } catch (error) {
    throw new ToolError(`Cannot view ${path}: ${stateOf(error)}`);
  }
}

async function readImage(
  path: string,
  host: Pick<Host, "files">,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // One byte more than allowed shows a file that grew after it was measured.
    const bytes = await host.files.readRange(path, 0, LIMITS.imageBytes + 1);
    if (bytes.length <= LIMITS.imageBytes) return bytes;
  } catch (error) {
    throw new ToolError(`Cannot view ${path}: ${stateOf(error)}`);
  }
  throw new ToolError(`Cannot view ${path}: it is growing`);
}

function stateOf(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    default:
      return errorCode(error) ?? "it cannot be read";
  }
}
