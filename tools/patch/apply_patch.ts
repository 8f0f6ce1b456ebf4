/** The apply_patch tool: tries the patch by reading, then lets it be written in the sandbox. */
import type {
  Gate,
  GateRequest,
  GateResult,
  Sandbox,
} from "../../core/protocol/command.ts";
import { errorText, ToolError } from "../../core/protocol/error.ts";
import type { FileChange } from "../../core/protocol/event.ts";
import type { Files, Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { hidesFiles } from "../../core/protocol/policy.ts";
import type {
  ActivityBody,
  EditorFiles,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import description from "../../prompts/tools/apply_patch.md" with {
  type: "text",
};
import { defineTool, parseInput } from "../define/define_tool.ts";
import { text } from "../define/parameters.ts";
import { buildCommandOutput } from "../shell/output.ts";
import { EditorBuffers } from "./editor_buffers.ts";
import { type PatchFromShell, patchPaths } from "./from_shell.ts";
import { freeformPatchSpec } from "./spec.ts";
import { type PatchPlan, readPatchPlan } from "./plan.ts";
import { renderSummary } from "./command.ts";
import { renderPlanned, reverseEffects } from "./planned.ts";
import { findTargets, namedTargets } from "./targets.ts";
import { renderChanges } from "./diff.ts";

interface ApplyPatchDeps {
  readonly host: Pick<Host, "env" | "selfCommand">;
  readonly gate: Gate;
  readonly sandbox: Pick<Sandbox, "readable">;
  /** The person's, where files may have changes that are not on the disk. */
  readonly editor?: EditorFiles | undefined;
  /** Commands of the model that run on. */
  readonly running?: () => number;
}

type ChangeActivity = Extract<ActivityBody, { readonly type: "file_change" }>;

/** What the activity and the model are told at the end. */
interface Ended {
  readonly status: "completed" | "failed" | "declined";
  readonly content: string;
  readonly message?: string;
}

const UNREAD =
  "Cannot apply the patch: it removes large files and also writes outside the writable folders, must be two patches";
const PREFER_TOOL =
  "Note: the patch was taken out of the shell command; call the apply_patch tool directly instead.";

/** The tool named `apply_patch`, offered as free text or as a function of one string. */
export function createApplyPatchTool(
  deps: ApplyPatchDeps & { readonly form: "freeform" | "function" },
): Tool {
  return defineTool({
    name: "apply_patch",
    description,
    parameters: {
      input: text('The whole patch, from "*** Begin Patch" to "*** End Patch"'),
    },
    ...(deps.form === "freeform" ? { spec: freeformPatchSpec() } : {}),
    argumentsOf: (call) =>
      call.form === "custom" ? { input: call.input } : parseInput(call),
    // Two patches at once could want the same file.
    parallel: false,
    awaitsRecord: true,
    touches: ({ input }, workdir) => patchPaths({ patch: input, workdir }),
    run: async ({ input }, context) => {
      const workdir = context.settings.cwd;
      return await applyPatch({ patch: input, workdir }, context, deps);
    },
  });
}

/** Does for a patch that was typed as a shell command what the tool does. */
export async function applyPatchFromShell(
  typed: PatchFromShell,
  context: ToolContext,
  deps: ApplyPatchDeps,
): Promise<ToolOutput> {
  const output = await applyPatch(typed, context, deps);
  return { ...output, content: `${PREFER_TOOL}\n${output.content}` };
}

async function applyPatch(
  { patch, workdir }: PatchFromShell,
  context: ToolContext,
  deps: ApplyPatchDeps,
): Promise<ToolOutput & { readonly content: string }> {
  const { cwd, sandbox } = context.settings;
  const files = deps.sandbox.readable(sandbox, cwd);
  const buffers = buffersOf(deps, context);
  const started = await readChanges(files, patch, {
    cwd: workdir,
    readUnsaved: buffers && ((target, disk) => buffers.read(target, disk)),
  });
  const activity: ChangeActivity = {
    type: "file_change",
    changes: started.changes,
    status: "in_progress",
  };
  const id = context.open(activity);
  try {
    const ended = started.plan === undefined
      ? unapplied(started.problem)
      : await runPatch({ patch, workdir, plan: started.plan }, context, {
        ...deps,
        files,
        buffers,
        changes: started.changes,
      });
    const { status, message } = ended;
    context.complete(id, {
      ...activity,
      status,
      ...(message === undefined ? {} : { message }),
    });
    return { content: ended.content, success: status === "completed" };
  } catch (error) {
    const message = context.signal.aborted ? "Interrupted" : errorText(error);
    context.complete(id, { ...activity, status: "failed", message });
    throw error;
  }
}

// By the time that the editor looks, another file may stand there.
function buffersOf(
  { editor, running }: ApplyPatchDeps,
  { settings, signal }: ToolContext,
): EditorBuffers | undefined {
  if (editor === undefined || hidesFiles(settings.sandbox)) return undefined;
  const isQuiet = (): boolean => (running?.() ?? 0) === 0;
  return new EditorBuffers({ editor, isQuiet, signal });
}

type Read =
  | { readonly plan: PatchPlan; readonly changes: readonly FileChange[] }
  | {
    readonly plan?: undefined;
    readonly changes: readonly [];
    readonly problem: string;
  };

// What does not apply is known, and told, before anybody is asked and anything runs.
async function readChanges(
  files: Files,
  patch: string,
  place: Parameters<typeof readPatchPlan>[2],
): Promise<Read> {
  try {
    const stat = await files.stat(place.cwd);
    if (stat?.isDirectory !== true) {
      throw new ToolError(`the folder ${place.cwd} does not exist`);
    }
    const plan = await readPatchPlan(files, patch, place);
    return { plan, changes: renderChanges(plan.steps) };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { changes: [], problem: error.message };
  }
}

function unapplied(problem: string): Ended {
  return {
    status: "failed",
    message: problem,
    content: `apply_patch verification failed: ${problem}`,
  };
}

async function runPatch(
  { patch, workdir, plan }: PatchFromShell & { readonly plan: PatchPlan },
  context: ToolContext,
  { host, gate, files, changes, buffers }: ApplyPatchDeps & {
    readonly files: Files;
    readonly buffers: EditorBuffers | undefined;
    readonly changes: readonly FileChange[];
  },
): Promise<Ended> {
  const { sandbox, cwd: workspace } = context.settings;
  const places = { workspace, tmpDir: host.env("TMPDIR") };
  const targets = await findTargets(files, plan, sandbox, places);
  const planned = (
    effects: Parameters<typeof renderPlanned>[0],
  ): Required<Pick<GateRequest, "argv" | "stdin">> => ({
    argv: host.selfCommand(["apply-patch", "--planned"]),
    stdin: renderPlanned(effects, renderSummary(plan.steps)),
  });
  // What the editor shows is not on the disk: a child could not try the patch on it.
  const whole = buffers?.hasUnsaved ? planned(plan.effects) : {
    argv: host.selfCommand(["apply-patch"]),
    stdin: new TextEncoder().encode(patch),
  };
  const result = await gate.run({
    action: {
      type: "patch",
      paths: targets.map(({ path }) => path),
      named: namedTargets(targets),
      cwd: workdir,
    },
    patchPart: (paths, direction) => {
      const effects = targets.filter(({ path }) => paths.includes(path))
        .map(({ effect }) => effect);
      const wanted = direction === "apply" ? effects : reverseEffects(effects);
      if (wanted === undefined) throw new ToolError(UNREAD);
      return planned(wanted);
    },
    ...whole,
    cwd: workdir,
    timeoutMs: LIMITS.commandTimeoutMs,
    detail: changes.map((change) => change.diff ?? "").join(""),
  }, context);
  const ended = describe(result, context);
  if (ended.status !== "completed" || buffers === undefined) return ended;
  const notes = await buffers.show(plan.effects, files);
  notes.forEach(context.warn);
  const content = [ended.content.trimEnd(), ...notes].join("\n");
  return notes.length === 0 ? ended : { ...ended, content };
}

function describe(result: GateResult, context: ToolContext): Ended {
  if (result.type === "refused") {
    return {
      status: "declined",
      message: result.reason,
      content: `patch rejected: ${result.reason}`,
    };
  }
  const ran = result.result;
  const content = buildCommandOutput(ran, {
    tokensMax: context.settings.model.toolOutputTokens,
    timeoutMs: LIMITS.commandTimeoutMs,
  });
  if (ran.exitCode === 0 && !ran.timedOut && !ran.aborted) {
    return { status: "completed", content };
  }
  const message = `${ran.output.head}${ran.output.tail}`.trim();
  return { status: "failed", message, content };
}
