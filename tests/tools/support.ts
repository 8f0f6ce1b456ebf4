/** A Sandbox that spawns plainly, and a ToolContext that writes everything down. */
import { denoHost } from "../../core/host/host.ts";
import type {
  CommandRequest,
  CommandResult,
  Sandbox,
} from "../../core/protocol/command.ts";
import type {
  ApprovalPolicy,
  ApprovalRequest,
  Decision,
  SandboxPolicy,
} from "../../core/protocol/policy.ts";
import type { Usage } from "../../core/protocol/event.ts";
import type { CallView } from "../../core/protocol/item.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import type { ActivityBody, ToolContext } from "../../core/protocol/tool.ts";
import { createSandbox } from "../../sandbox/mod.ts";
import { countLines } from "../../core/util/text/text.ts";
import {
  TEST_MODEL,
  TEST_SETTINGS,
  workspaceWrite,
} from "../support/settings.ts";

export const host = denoHost();

export interface PlainSandbox extends Sandbox {
  /** Every request, in order. */
  readonly requests: CommandRequest[];
}

/**
 * Really runs commands, without any sandbox. `denies` says which runs are to be taken
 * for the work of a sandbox when they fail; only sandboxed ones can be.
 */
export function plainSandbox(
  options: { readonly denies?: (request: CommandRequest) => boolean } = {},
): PlainSandbox {
  const requests: CommandRequest[] = [];
  const real = createSandbox({ host, codexHome: "/nonexistent" });
  return {
    requests,
    readable: (policy, workspace) => real.readable(policy, workspace),
    sandboxStatus: (policy) =>
      Promise.resolve({
        mode: policy.mode,
        backend: "none",
        enforces: [],
        note: "",
      }),
    run: async (request) => {
      requests.push(request);
      const denied = request.sandboxed && (options.denies?.(request) ?? false);
      return {
        ...await runPlainly(request),
        denied,
        backend: request.sandboxed ? "plain" : "none",
      };
    },
  };
}

async function runPlainly(request: CommandRequest): Promise<CommandResult> {
  const started = host.monotonicMs();
  const [program = "", ...args] = request.argv;
  const stop = AbortSignal.any([
    request.signal,
    AbortSignal.timeout(request.timeoutMs),
  ]);
  const child = host.spawn({
    command: program,
    args,
    cwd: request.cwd,
    env: request.env,
    stdin: request.stdin ?? "null",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const kill = (): void => child.kill("SIGKILL", { group: true });
  stop.addEventListener("abort", kill);
  let text = "";
  const read = async (
    stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
  ): Promise<void> => {
    for await (
      const part of stream?.pipeThrough(new TextDecoderStream()) ?? []
    ) {
      text += part;
      request.onOutput?.(part);
    }
  };
  const [status] = await Promise.all([
    child.status,
    read(child.stdout),
    read(child.stderr),
  ]);
  stop.removeEventListener("abort", kill);
  const aborted = request.signal.aborted;
  const timedOut = stop.aborted && !aborted;
  return {
    exitCode: timedOut ? 124 : status.code,
    timedOut,
    aborted,
    durationMs: host.monotonicMs() - started,
    output: {
      head: text,
      tail: "",
      totalBytes: new TextEncoder().encode(text).length,
      totalLines: countLines(text),
    },
    backend: "none",
    denied: false,
    reaped: 0,
    notes: [],
  };
}

export function settings(
  more: {
    approval?: ApprovalPolicy;
    sandbox?: SandboxPolicy;
    cwd?: string;
    images?: boolean;
    tokens?: number;
  } = {},
): TurnSettings {
  return {
    ...TEST_SETTINGS,
    model: {
      ...TEST_MODEL,
      supportsImages: more.images ?? true,
      toolOutputTokens: more.tokens ?? 1_000,
    },
    cwd: more.cwd ?? "/",
    approval: more.approval ?? "on-request",
    sandbox: more.sandbox ?? workspaceWrite(),
  };
}

export interface RecordingContext extends ToolContext {
  readonly asked: ApprovalRequest[];
  readonly warnings: string[];
  readonly deltas: string[];
  /** Files that were about to change. */
  readonly keptPaths: string[];
  /** Programs that were about to start, and those that have ended. */
  readonly programs: string[];
  /** Usage of the requests that were sent. */
  readonly spent: (Usage | null)[];
  /** The last state of every activity, by id. */
  readonly activities: Map<string, ActivityBody & { readonly stage: string }>;
}

/** Answers the questions with `answers`, one after the other. */
export function recordingContext(
  given: TurnSettings,
  options: {
    answers?: readonly Decision[];
    signal?: AbortSignal;
    threadId?: string;
    /** Why no request may be sent. */
    refusal?: string;
  } = {},
): RecordingContext {
  const answers = [...options.answers ?? []];
  const asked: ApprovalRequest[] = [];
  const warnings: string[] = [];
  const deltas: string[] = [];
  const keptPaths: string[] = [];
  const programs: string[] = [];
  const spent: (Usage | null)[] = [];
  const activities: RecordingContext["activities"] = new Map();
  return {
    threadId: options.threadId ?? "thread-1",
    settings: given,
    provider: "mock",
    signal: options.signal ?? new AbortController().signal,
    recorded: Promise.resolve(),
    asked,
    warnings,
    deltas,
    keptPaths,
    programs,
    spent,
    activities,
    ask: (request) => {
      asked.push(request);
      const answer = answers.shift();
      return answer === undefined
        ? Promise.reject(new Error(`unexpected question: ${request.reason}`))
        : Promise.resolve(answer);
    },
    open: (body) => {
      const id = `item_${activities.size}`;
      activities.set(id, { ...body, stage: "open" });
      return id;
    },
    update: (id, body) =>
      void activities.set(id, { ...body, stage: "updated" }),
    complete: (id, body) =>
      void activities.set(id, { ...body, stage: "completed" }),
    delta: (_id, text) => void deltas.push(text),
    warn: (message) => void warnings.push(message),
    beforeChange: (paths) => {
      keptPaths.push(...paths);
      return Promise.resolve();
    },
    beforeProgram: ({ what }) => {
      programs.push(what);
      return Promise.resolve(() => void programs.push(`over: ${what}`));
    },
    reaped: () => {},
    spending: {
      refusal: () => options.refusal,
      count: (usage) => void spent.push(usage),
    },
  };
}

export function call(input: unknown, more: Partial<CallView> = {}): CallView {
  return {
    type: "call",
    form: "function",
    callId: "call-1",
    name: "shell",
    input: typeof input === "string" ? input : JSON.stringify(input),
    ...more,
  };
}
