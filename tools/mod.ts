/** The built-in tools, in the order in which they are offered. */
import type { Gate, Sandbox } from "../core/protocol/command.ts";
import { ToolError } from "../core/protocol/error.ts";
import type { Host } from "../core/protocol/host.ts";
import type { EditorFiles, Tool } from "../core/protocol/tool.ts";
import type { JsonObject } from "../core/util/json/json.ts";
import {
  createExecCommandTool,
  type LiveToolOptions,
} from "./live/exec_command.ts";
import { createWriteStdinTool } from "./live/write_stdin.ts";
import {
  applyPatchFromShell,
  createApplyPatchTool,
} from "./patch/apply_patch.ts";
import { parseShellPatch, patchPaths } from "./patch/from_shell.ts";
import { createReadFileTool } from "./read_file.ts";
import { createShellTool, type PatchTyping } from "./shell/shell.ts";
import { createUpdatePlanTool } from "./update_plan.ts";
import { createViewImageTool } from "./view_image.ts";
import { type WebSearchMode, webSearchSpec } from "./web_search.ts";

interface BuiltinOptions {
  readonly host: Host;
  readonly gate: Gate;
  /** Path of the shell that command lines are written for. */
  readonly shell: string;
  readonly sandbox: Pick<Sandbox, "readable">;
  readonly applyPatch: "freeform" | "function";
  readonly webSearch: WebSearchMode;
  readonly webSearchOptions?: JsonObject;
  /** Commands that live on after their call; absent, none can. */
  readonly live?: Pick<LiveToolOptions, "gate" | "sessions" | "allowsLogin">;
  /** Those are offered, and the tool whose commands do not live on is not. */
  readonly offersLive?: boolean;
  /** The person's; what is not saved there is read and changed with it. */
  readonly editor?: EditorFiles | undefined;
}

/** The tools of one generation. Their order is part of the prompt and never changes. */
export function builtinTools(options: BuiltinOptions): readonly Tool[] {
  const { host, gate, sandbox, shell, offersLive = false, editor } = options;
  const running = (): number => options.live?.sessions.list().length ?? 0;
  const deps = { host, gate, sandbox, editor, running };
  const typing: PatchTyping = {
    interceptPatch: parseShellPatch,
    patchPaths,
    applyPatch: (patch, context) => applyPatchFromShell(patch, context, deps),
  };
  return [
    createShellTool({ host, gate, shell, ...typing, isOffered: !offersLive }),
    createUpdatePlanTool(),
    createApplyPatchTool({ ...deps, form: options.applyPatch }),
    createViewImageTool({ sandbox }),
    ...webSearchTool(options),
    ...liveTools(options, typing),
    ...(editor?.readText === undefined
      ? []
      : [createReadFileTool({ editor, sandbox })]),
  ];
}

function liveTools(
  { host, live, shell, offersLive = false }: BuiltinOptions,
  typing: PatchTyping,
): readonly Tool[] {
  if (live === undefined) return [];
  const options = { ...live, ...typing, host, shell };
  return [createExecCommandTool(options), createWriteStdinTool(options)]
    .map((tool) => ({ ...tool, isOffered: offersLive }));
}

function webSearchTool(options: BuiltinOptions): readonly Tool[] {
  const spec = webSearchSpec(options.webSearch, options.webSearchOptions);
  if (spec === undefined) return [];
  return [{
    name: "web_search",
    spec,
    parallel: true,
    touches: () => [],
    run: () => {
      throw new ToolError(
        "Cannot search the web from here: the tool runs on the server, must be called as web_search",
      );
    },
  }];
}
