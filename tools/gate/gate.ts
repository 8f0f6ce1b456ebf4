/** The one way a tool touches the world: decide, ask, sandbox, retry. */
import type {
  CommandResult,
  GateRequest,
  GateResult,
  HeldCommand,
  LiveGate,
  Refused,
  Sandbox,
} from "../../core/protocol/command.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { Decision, Verdict } from "../../core/protocol/policy.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import {
  asksAfterDenial,
  decide,
  type DecideInput,
  isSandboxed,
  mayEscalate,
  pathsOutside,
} from "../../core/policy/decide.ts";
import { approvalsFor } from "../../core/policy/approval_key.ts";
import { openSandbox } from "../../core/policy/grant.ts";
import {
  buildDenialQuestion,
  buildQuestion,
  refusalByPerson,
  scopeOf,
} from "./question.ts";
import { runHeld } from "./held_run.ts";
import { runApprovedPatch } from "./patch_run.ts";
import { beforeProgram } from "./before_program.ts";
import type { RuleStore } from "./rule_store.ts";
import { saveRules } from "./save_rules.ts";
import { type CommandEnvironment, toCommand } from "./to_command.ts";
import { newSpoolPath } from "./spool.ts";
import { unreachable } from "../../core/util/assert.ts";
import { Mutex } from "../../core/util/async.ts";

interface GateOptions {
  readonly host: Pick<Host, "envAll" | "env" | "files" | "newId">;
  readonly sandbox: Sandbox;
  readonly rules: Pick<RuleStore, "current" | "save">;
  readonly environment: CommandEnvironment;
  /** Absolute folder for whole outputs; absent, they are not kept. */
  readonly spoolFolder?: string;
}

type AskVerdict = Extract<Verdict, { readonly type: "ask" }>;

/** What a verdict needs to know of a request. */
type Admitted = Pick<GateRequest, "action" | "detail">;

/** One that somebody may hold. */
interface Request extends GateRequest {
  readonly held?: HeldCommand;
}

type HeldResult = Awaited<ReturnType<LiveGate["hold"]>>;

/** What became of a question: go ahead, or a refusal to hand back. */
type Answer = Go | Refused;

/** How an action that may run does so. */
interface Go {
  readonly type: "go";
  readonly sandboxed: boolean;
  /** What a rule opens in the sandbox. */
  readonly opens?: readonly string[];
}

/** The gate every risky tool goes through. Throws SandboxUnavailable, and the abort reason. */
export function createGate(options: GateOptions): LiveGate {
  return new PolicyGate(options);
}

class PolicyGate implements LiveGate {
  readonly #options: GateOptions;
  /** A thread's questions are put one after the other: an answer may settle the next. */
  readonly #questions = new Map<string, Mutex>();
  /** What was approved until its session ends: the thread, and the key of the approval. */
  readonly #approved = new Set<string>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  async run(request: GateRequest, context: ToolContext): Promise<GateResult> {
    const result = await this.#run(request, context);
    if (result.type === "running") throw new Error("Broken: nobody holds it");
    return result;
  }

  async hold(
    request: GateRequest,
    held: HeldCommand,
    context: ToolContext,
  ): Promise<HeldResult> {
    return await this.#run({ ...request, held }, context);
  }

  async #run(request: Request, context: ToolContext): Promise<HeldResult> {
    const answer = await this.admit(request, context);
    if (answer.type !== "go") return answer;
    const result = await this.#execute(request, context, answer);
    if (
      result === undefined || !answer.sandboxed ||
      !mayRetry(result, request, context)
    ) return toResult(result);
    return await this.#retryOutside(request, context, result);
  }

  async admit(request: Admitted, context: ToolContext): Promise<Answer> {
    const verdict = decide(this.#input(request, context));
    if (verdict.type !== "ask") return toAnswer(verdict);
    return await this.#inTurn(context, () => this.#askFirst(request, context));
  }

  // Decided again, because the question before this one may have changed the rules.
  async #askFirst(request: Admitted, context: ToolContext): Promise<Answer> {
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
    readonly request: Admitted;
    readonly context: ToolContext;
    readonly verdict: AskVerdict;
    readonly question: () => ReturnType<typeof buildQuestion>;
  }): Promise<Answer> {
    const { sandboxed } = verdict;
    const go: Go = { type: "go", sandboxed };
    const input = this.#input(request, context);
    const approvals = approvalsFor(request.action, scopeOf(input, sandboxed));
    const keys = approvals.map(({ key }) => `${context.threadId} ${key}`);
    const remember = (): void => keys.forEach((key) => this.#approved.add(key));
    if (keys.length > 0 && keys.every((key) => this.#approved.has(key))) {
      return go;
    }
    const decision = await context.ask(question());
    switch (decision.type) {
      case "approve":
        return go;
      case "approve_for_session":
        remember();
        return go;
      case "approve_prefix":
        await saveRules(decision, {
          rules: this.#options.rules,
          warn: context.warn,
          remember,
        });
        return this.#goBy(decision, request, { context, verdict });
      case "deny":
      case "abort":
        return {
          type: "refused",
          reason: refusalByPerson(request.action, decision),
        };
      default:
        return unreachable(decision);
    }
  }

  // As the rule says, which the person has just chosen. Where it does not settle the
  // question (a program may answer with any words), its openings count for this once.
  #goBy(
    { sandbox }: Extract<Decision, { readonly type: "approve_prefix" }>,
    request: Admitted,
    { context, verdict }: {
      readonly context: ToolContext;
      readonly verdict: AskVerdict;
    },
  ): Go {
    const after = decide(this.#input(request, context));
    const sandboxed = isSandboxed(context.settings.sandbox) &&
      (verdict.sandboxed || sandbox !== undefined);
    if (after.type === "run" && (sandbox !== undefined || !after.sandboxed)) {
      return { ...after, type: "go" };
    }
    return {
      type: "go",
      sandboxed,
      ...(sandboxed && sandbox !== undefined && { opens: sandbox }),
    };
  }

  async #execute(
    request: Request,
    context: ToolContext,
    { sandboxed, opens = [] }: Go,
  ): Promise<CommandResult | undefined> {
    const policy = openSandbox(context.settings.sandbox, opens);
    const { host, sandbox, spoolFolder } = this.#options;
    if (request.action.type === "patch") {
      await context.beforeChange(request.action.paths);
    }
    const kept = beforeProgram(request, context, { policy, sandboxed });
    const spoolPath = await newSpoolPath(host, spoolFolder, context.threadId);
    const how = { ...this.#options, policy, spoolPath };
    const place = { ...context, recorded: kept.ready };
    const run = async (
      parts: Pick<GateRequest, "argv" | "stdin">,
      sandboxed: boolean,
    ): Promise<CommandResult> => {
      const part = { ...request, ...parts };
      const result = await sandbox.run(
        toCommand(part, place, { ...how, sandboxed }),
      ).finally(kept.over);
      context.reaped(result.reaped);
      return result;
    };
    if (request.held !== undefined) {
      const command = toCommand(request, place, { ...how, sandboxed });
      return await runHeld(request.held, command, {
        run: (one) => sandbox.run(one).finally(kept.over),
      });
    }
    if (sandboxed) return await run(request, true);
    const { action } = request;
    const outside = action.type === "patch"
      ? pathsOutside(this.#input(request, context), action)
      : [];
    return await runApprovedPatch(request, outside, run);
  }

  // The first run's output is what the model gets when the person says no.
  async #retryOutside(
    request: Request,
    context: ToolContext,
    denied: CommandResult,
  ): Promise<HeldResult> {
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
    return toResult(await this.#execute(request, context, answer));
  }

  #input(request: Admitted, { settings }: ToolContext): DecideInput {
    return {
      approval: settings.approval,
      sandbox: settings.sandbox,
      action: request.action,
      workspace: settings.cwd,
      rules: this.#options.rules.current(),
      tmpDir: this.#options.host.env("TMPDIR"),
      mode: settings.mode,
    };
  }

  #inTurn<T>({ threadId }: ToolContext, task: () => Promise<T>): Promise<T> {
    const turn = this.#questions.get(threadId) ?? new Mutex();
    this.#questions.set(threadId, turn);
    return turn.run(task);
  }
}

// Whoever asked to leave the sandbox, and was let run in it by a rule, may ask once more.
function mayRetry(
  result: CommandResult,
  { action }: GateRequest,
  { settings }: ToolContext,
): boolean {
  const escalated = action.type === "command" && action.escalated;
  return result.denied && !result.aborted && !result.timedOut &&
    (asksAfterDenial(settings.approval) ||
      (escalated && mayEscalate(settings.approval)));
}

function toResult(result: CommandResult | undefined): HeldResult {
  return result === undefined ? { type: "running" } : { type: "ran", result };
}

function toAnswer(verdict: Exclude<Verdict, AskVerdict>): Answer {
  return verdict.type === "run"
    ? { ...verdict, type: "go" }
    : { type: "refused", reason: verdict.reason };
}
