/** A tool whose calls are spans, and whose questions to the person are spans below them. */
import type { CallView } from "../protocol/item.ts";
import type { ApprovalRequest, Decision } from "../protocol/policy.ts";
import type {
  ActivityBody,
  Tool,
  ToolContext,
  ToolOutput,
} from "../protocol/tool.ts";
import { renderArguments, renderResult } from "./content.ts";
import type { Attributes, Span } from "./sdk.ts";
import { failSpan, type TraceScope } from "./trace_scope.ts";

/** The same tool. */
export function traceTool(tool: Tool, trace: TraceScope): Tool {
  return {
    ...tool,
    run: async (call, context) => {
      const traced = new CallTrace(trace, call);
      try {
        const output = await tool.run(call, traced.context(context));
        traced.answered(output);
        return output;
      } catch (error) {
        traced.failed(error);
        throw error;
      } finally {
        traced.end();
      }
    },
  };
}

class CallTrace {
  readonly #trace: TraceScope;
  readonly #call: CallView;
  readonly #span: Span;
  readonly #startedMs: number;
  #error: string | undefined;
  /** What the call did last, as people see it. */
  #activity: ActivityBody | undefined;

  constructor(trace: TraceScope, call: CallView) {
    const { sdk, host, contentMax } = trace.deps;
    this.#trace = trace;
    this.#call = call;
    this.#startedMs = host.monotonicMs();
    this.#span = sdk.startSpan(`execute_tool ${call.name}`, {
      parent: trace.scope,
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.name,
        "gen_ai.tool.call.id": call.callId,
        "gen_ai.tool.type": "function",
        "gen_ai.conversation.id": trace.threadId,
        ...(contentMax !== undefined &&
          renderArguments(call.input, contentMax)),
      },
    });
  }

  context(context: ToolContext): ToolContext {
    const carrier = this.#trace.carrierOf(this.#span);
    return {
      ...context,
      ...(carrier !== undefined && { trace: carrier }),
      ask: (request) => this.#ask(request, context),
      open: (activity) => {
        this.#activity = activity;
        return context.open(activity);
      },
      update: (id, activity) => {
        this.#activity = activity;
        context.update(id, activity);
      },
      complete: (id, activity) => {
        this.#activity = activity;
        context.complete(id, activity);
      },
    };
  }

  answered({ success, content }: ToolOutput): void {
    const { contentMax } = this.#trace.deps;
    const activity = this.#activity;
    this.#span.setAttributes({
      ...describeActivity(activity),
      ...(contentMax !== undefined && renderResult(content, contentMax)),
    });
    if (!success) this.#fail(failureOf(activity));
  }

  failed(error: unknown): void {
    this.#span.setAttributes(describeActivity(this.#activity));
    this.#fail(error);
  }

  end(): void {
    this.#span.end();
    const { host, instruments, sdk } = this.#trace.deps;
    const seconds = (host.monotonicMs() - this.#startedMs) / 1_000;
    const error = this.#error === undefined
      ? {}
      : { "error.type": this.#error };
    const name = { "gen_ai.tool.name": this.#call.name };
    instruments.call(seconds, { ...name, ...error });
    sdk.emit({
      name: "rondo.tool.result",
      severity: this.#error === undefined ? "INFO" : "WARN",
      attributes: {
        "gen_ai.conversation.id": this.#trace.threadId,
        "gen_ai.tool.call.id": this.#call.callId,
        "rondo.duration": seconds,
        ...name,
        ...error,
      },
      span: this.#span,
    });
  }

  #fail(error: unknown): void {
    const attributes = failSpan(this.#span, error);
    this.#error = String(attributes["error.type"]);
    const operation = { "gen_ai.operation.name": "execute_tool" };
    this.#trace.deps.instruments.error({ ...operation, ...attributes });
  }

  async #ask(
    request: ApprovalRequest,
    context: ToolContext,
  ): Promise<Decision> {
    const { sdk, instruments } = this.#trace.deps;
    const kind = { "rondo.approval.kind": request.kind };
    const span = sdk.startSpan("approval", {
      parent: this.#span,
      attributes: kind,
    });
    try {
      const decision = await context.ask(request);
      const attributes = { "rondo.approval.decision": decision.type };
      span.setAttributes(attributes);
      instruments.approval({ ...kind, ...attributes });
      return decision;
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  }
}

// Names and numbers; what was run, and what came out, is content.
function describeActivity(activity: ActivityBody | undefined): Attributes {
  switch (activity?.type) {
    case "command":
      return {
        ...(activity.exitCode !== null && {
          "process.exit.code": activity.exitCode,
        }),
        ...(activity.sandbox !== undefined && {
          "rondo.sandbox.backend": activity.sandbox,
        }),
      };
    case "mcp_call":
      return {
        "mcp.method.name": "tools/call",
        "rondo.mcp.server": activity.server,
        "rondo.mcp.tool": activity.tool,
      };
    default:
      return {};
  }
}

function failureOf(activity: ActivityBody | undefined): string {
  if (activity !== undefined && "status" in activity) {
    if (activity.status === "declined") return "declined";
  }
  return activity?.type === "command" && activity.exitCode !== null
    ? "exit_code"
    : "tool_error";
}
