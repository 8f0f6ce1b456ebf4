/** What a command could change is kept for undo while it is made ready to start. */
import type { GateRequest } from "../../core/protocol/command.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import { onlyReads } from "../../core/policy/classify.ts";
import { shellScript } from "../../core/policy/shell/split.ts";

interface Kept {
  /** The command may start. */
  readonly ready: Promise<void>;
  /** To be called when it has ended. */
  readonly over: () => void;
}

/** Nothing is kept for what cannot write, and for commands known to only read. */
export function beforeProgram(
  { action, detail }: Pick<GateRequest, "action" | "detail">,
  context: Pick<ToolContext, "beforeProgram" | "recorded">,
  { policy, sandboxed }: {
    readonly policy: SandboxPolicy;
    readonly sandboxed: boolean;
  },
): Kept {
  const { recorded } = context;
  const isHarmless = action.type !== "command" ||
    (sandboxed && policy.mode === "read-only") ||
    onlyReads(action.argv, action.cwd);
  if (isHarmless) return { ready: recorded, over: () => {} };
  const what = shellScript(action.argv) ?? detail;
  const kept = context.beforeProgram({ policy, what });
  const ready = Promise.all([recorded, kept]).then(() => {});
  // They are waited for later, and until then not unhandled.
  ready.catch(() => {});
  return {
    ready,
    over: () => void kept.then((over) => over(), () => {}),
  };
}
