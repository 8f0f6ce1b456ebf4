/** The one way a tool touches the world: decide, ask, sandbox, retry. */
import type {
  CommandResult,
  Gate,
  GateRequest,
  GateResult,
  Sandbox,
} from "../../core/protocol/command.ts";
import { errorText } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { SandboxPolicy, Verdict } from "../../core/protocol/policy.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import {
  buildCommandEnv,
  type EnvironmentPolicy,
} from "../../core/policy/command_env.ts";
import {
  asksAfterDenial,
  decide,
  type DecideInput,
} from "../../core/policy/decide.ts";
import { type Approval, approvalsFor } from "../../core/policy/approval_key.ts";
import { isBannedPrefix } from "../../core/policy/propose.ts";
import type { ApprovalMemory } from "./approval_memory.ts";
import {
  buildDenialQuestion,
  buildQuestion,
  refusalByPerson,
} from "./question.ts";
import type { RuleStore } from "./rule_store.ts";
import { unreachable } from "../../core/util/assert.ts";

interface GateOptions {
  readonly host: Pick<Host, "envAll" | "env" | "files" | "newId">;
  readonly sandbox: Sandbox;
  readonly rules: Pick<RuleStore, "current" | "save">;
  readonly memory: ApprovalMemory;
  readonly environment: {
    readonly policy: EnvironmentPolicy;
    /** Variables that no command gets; see buildCommandEnv(). */
    readonly secretNames: readonly string[];
  };
  /** Absolute folder for whole outputs; absent, they are not kept. */
  readonly spoolFolder?: string;
}

type AskVerdict = Extract<Verdict, { readonly type: "ask" }>;

/** What became of a question: go ahead, or a refusal to hand back. */
type Answer = { readonly type: "go"; readonly sandboxed: boolean } | GateResult;

/** The gate every risky tool goes through. Throws SandboxUnavailable, and the abort reason. */
export function createGate(options: GateOptions): Gate {
  return new PolicyGate(options);
}

class PolicyGate implements Gate {
  readonly #options: GateOptions;
  readonly #spoolFolders = new Map<string, Promise<string | undefined>>();
  /** A thread's questions are put one after the other: an answer may settle the next. */
  readonly #questions = new Map<string, Promise<unknown>>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  async run(request: GateRequest, context: ToolContext): Promise<GateResult> {
    const answer = await this.#admit(request, context);
    if (answer.type !== "go") return answer;
    const result = await this.#execute(request, context, answer.sandboxed);
    if (!this.#mayRetry(result, answer.sandboxed, context)) {
      return { type: "ran", result };
    }
    return await this.#retryOutside(request, context, result);
  }

  async #admit(request: GateRequest, context: ToolContext): Promise<Answer> {
    const verdict = decide(this.#input(request, context));
    if (verdict.type !== "ask") return toAnswer(verdict);
    return await this.#inTurn(context, () => this.#askFirst(request, context));
  }

  // Decided again, because the question before this one may have changed the rules.
  async #askFirst(request: GateRequest, context: ToolContext): Promise<Answer> {
    const input = this.#input(request, context);
    const verdict = decide(input);
    if (verdict.type !== "ask") return toAnswer(verdict);
    const { detail } = request;
    return await this.#ask({
      request,
      context,
      verdict,
      question: () => buildQuestion(input, { verdict, detail }),
    });
  }

  async #ask({ request, context, verdict, question }: {
    readonly request: GateRequest;
    readonly context: ToolContext;
    readonly verdict: AskVerdict;
    readonly question: () => ReturnType<typeof buildQuestion>;
  }): Promise<Answer> {
    const { sandboxed } = verdict;
    const go: Answer = { type: "go", sandboxed };
    const { memory } = this.#options;
    const approvals = approvalsFor(request.action, { sandboxed });
    const keys = approvals.map(({ key }) => key);
    if (memory.has(context.threadId, keys)) return go;
    const decision = await context.ask(question());
    switch (decision.type) {
      case "approve":
        return go;
      case "approve_for_session":
        memory.add(context.threadId, approvals);
        return go;
      case "approve_prefix":
        await this.#savePrefix(decision.prefix, { context, approvals });
        return go;
      case "deny":
      case "abort":
        return {
          type: "refused",
          by: "person",
          reason: refusalByPerson(request.action, decision),
        };
      default:
        return unreachable(decision);
    }
  }

  // A rule that cannot be written still counts for this session.
  async #savePrefix(
    prefix: readonly string[],
    { context, approvals }: {
      readonly context: ToolContext;
      readonly approvals: readonly Approval[];
    },
  ): Promise<void> {
    const text = prefix.join(" ");
    if (isBannedPrefix(prefix)) {
      context.warn(
        `The rule "${text}" would allow everything: approved once, not saved`,
      );
      return;
    }
    try {
      await this.#options.rules.save(prefix);
    } catch (error) {
      context.warn(
        `${errorText(error)}; "${text}" is approved until this session ends`,
      );
      this.#options.memory.add(context.threadId, approvals);
    }
  }

  async #execute(
    request: GateRequest,
    context: ToolContext,
    sandboxed: boolean,
  ): Promise<CommandResult> {
    const { settings, signal, threadId } = context;
    const { host, environment, sandbox } = this.#options;
    if (request.action.type === "patch") {
      await context.beforeChange(request.action.paths);
    }
    const spool = await this.#spool(context);
    const result = await sandbox.run({
      argv: request.argv,
      cwd: request.cwd,
      workspace: settings.cwd,
      env: buildCommandEnv({
        parent: host.envAll(),
        ...environment,
        threadId,
        networkAccess: hasNetwork(settings.sandbox, sandboxed),
      }),
      policy: settings.sandbox,
      sandboxed,
      timeoutMs: request.timeoutMs,
      signal,
      ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
      ...(request.onOutput === undefined ? {} : { onOutput: request.onOutput }),
      ...spool,
    });
    context.reaped(result.reaped);
    return result;
  }

  #mayRetry(
    result: CommandResult,
    sandboxed: boolean,
    context: ToolContext,
  ): boolean {
    return sandboxed && result.denied && !result.aborted && !result.timedOut &&
      asksAfterDenial(context.settings.approval);
  }

  // The first run's output is what the model gets when the person says no.
  async #retryOutside(
    request: GateRequest,
    context: ToolContext,
    denied: CommandResult,
  ): Promise<GateResult> {
    const input = this.#input(request, context);
    const verdict: AskVerdict = {
      type: "ask",
      reason: "Blocked by the sandbox; retry without it?",
      sandboxed: false,
    };
    const answer = await this.#inTurn(context, () =>
      this.#ask({
        request,
        context,
        verdict,
        question: () =>
          buildDenialQuestion(input, { denied, detail: request.detail }),
      }));
    if (answer.type !== "go") return { type: "ran", result: denied };
    const result = await this.#execute(request, context, false);
    return { type: "ran", result };
  }

  #input(request: GateRequest, { settings }: ToolContext): DecideInput {
    return {
      approval: settings.approval,
      sandbox: settings.sandbox,
      action: request.action,
      workspace: settings.cwd,
      rules: this.#options.rules.current(),
      tmpDir: this.#options.host.env("TMPDIR"),
    };
  }

  #inTurn<T>({ threadId }: ToolContext, task: () => Promise<T>): Promise<T> {
    const before = this.#questions.get(threadId) ?? Promise.resolve();
    const result = before.then(task);
    this.#questions.set(threadId, result.catch(() => {}));
    return result;
  }

  async #spool(
    { threadId, settings }: ToolContext,
  ): Promise<{ spoolPath?: string; spoolOverBytes?: number }> {
    const { host, spoolFolder } = this.#options;
    if (spoolFolder === undefined) return {};
    const path = `${spoolFolder}/${threadId}`;
    const ready = this.#spoolFolders.get(path) ?? makeFolder(host, path);
    this.#spoolFolders.set(path, ready);
    const folder = await ready;
    if (folder === undefined) return {};
    return {
      spoolPath: `${folder}/${host.newId()}.txt`,
      spoolOverBytes: settings.model.toolOutputTokens * 4,
    };
  }
}

// Without a place for whole outputs (a read-only home) commands run all the same.
async function makeFolder(
  host: Pick<Host, "files">,
  path: string,
): Promise<string | undefined> {
  try {
    await host.files.mkdir(path, { mode: 0o700 });
    return path;
  } catch {
    return undefined;
  }
}

function toAnswer(verdict: Exclude<Verdict, AskVerdict>): Answer {
  return verdict.type === "run"
    ? { type: "go", sandboxed: verdict.sandboxed }
    : { type: "refused", reason: verdict.reason, by: "policy" };
}

function hasNetwork(policy: SandboxPolicy, sandboxed: boolean): boolean {
  if (policy.mode === "danger-full-access") return true;
  if (policy.mode === "external-sandbox") return policy.networkAccess;
  return !sandboxed || policy.networkAccess;
}
