/** The tool that reads a file as the person's editor has it, unsaved changes included. */
import type { Sandbox } from "../core/protocol/command.ts";
import { errorReason, ToolError } from "../core/protocol/error.ts";
import type { Files } from "../core/protocol/host.ts";
import { LIMITS } from "../core/protocol/limits.ts";
import { hidesFiles } from "../core/protocol/policy.ts";
import type {
  EditorFiles,
  Tool,
  ToolContext,
  ToolOutput,
} from "../core/protocol/tool.ts";
import { resolvePath } from "../core/util/path.ts";
import { cutBytes } from "../core/util/text/text.ts";
import description from "../prompts/tools/read_file.md" with { type: "text" };
import { defineTool } from "./define/define_tool.ts";
import { optional, positive, text } from "./define/parameters.ts";

interface ReadFileDeps {
  readonly editor: EditorFiles;
  readonly sandbox: Pick<Sandbox, "readable">;
}

export function createReadFileTool({ editor, sandbox }: ReadFileDeps): Tool {
  return defineTool({
    name: "read_file",
    description,
    parameters: {
      path: text("Absolute, or relative to the working folder", {
        empty: false,
      }),
      line: optional(positive("First line to read, counted from 1")),
      limit: optional(positive("How many lines to read")),
    },
    parallel: true,
    touches: ({ path }, cwd) => [resolvePath(cwd, path)],
    run: async ({ path, line = 1, limit = Infinity }, context) => {
      const { cwd, sandbox: policy } = context.settings;
      const named = resolvePath(cwd, path);
      const call = {
        type: "tool_call" as const,
        name: "read_file",
        arguments: JSON.stringify({ path: named }),
        message: "",
      };
      const files = sandbox.readable(policy, cwd);
      // By the time that the editor looks, another file may stand there.
      const shown = hidesFiles(policy) ? {} : editor;
      const whole = await readShown(named, context, { files, editor: shown });
      const output = render(whole, {
        path,
        from: Math.ceil(line) - 1,
        limit,
        context,
      });
      context.complete(
        context.open({ ...call, status: "in_progress" }),
        { ...call, status: "completed" },
      );
      return output;
    },
  });
}

async function readShown(
  path: string,
  { signal }: ToolContext,
  { files, editor }: { readonly files: Files; readonly editor: EditorFiles },
): Promise<string> {
  try {
    const real = await files.realPath(path);
    // Reading the first byte shows that the policy lets it be read at all.
    await files.readRange(real, 0, 1);
    const shown = await editor.readText?.(real, signal).catch(() => undefined);
    signal.throwIfAborted();
    const bytesMax = LIMITS.appServerFileBytes;
    return shown ?? await files.readText(real, { bytesMax });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ToolError(`Cannot read ${path}: ${errorReason(error)}`);
  }
}

function render(
  whole: string,
  { path, from, limit, context }: {
    readonly path: string;
    readonly from: number;
    readonly limit: number;
    readonly context: ToolContext;
  },
): ToolOutput {
  const lines = whole.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (from > 0 && from >= lines.length) {
    throw new ToolError(
      `Cannot read line ${
        from + 1
      } of ${path}: it has ${lines.length} lines, must be one of them`,
    );
  }
  const wanted = lines.slice(from, from + limit);
  const bytesMax = context.settings.model.toolOutputTokens * 4;
  const content = cutBytes(wanted.map((one) => `${one}\n`).join(""), bytesMax);
  const shown = content.split("\n").length - 1;
  const isAll = from === 0 && shown >= lines.length;
  const head = isAll
    ? ""
    : `Lines ${from + 1} to ${from + shown} of ${lines.length}:\n`;
  return { content: head + content, success: true };
}
