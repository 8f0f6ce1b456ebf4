/** Approvals without a user: denied, or answered by a program in time. */
import { errorText } from "../../protocol/error.ts";
import type { EventOf } from "../../protocol/event.ts";
import {
  ApprovalAnswer,
  type ApprovalAnswer as Answer,
} from "../../contract/input.ts";
import type { Host } from "../../protocol/host.ts";
import {
  acceptOffer,
  type ApprovalRequest,
  type Decision,
  offeredRules,
} from "../../protocol/policy.ts";
import { unreachable } from "../../util/assert.ts";
import { toQuestion } from "../jsonl/lines.ts";
import { headBytes } from "../../util/text/text.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { parseJson } from "../../util/json/json.ts";

/** Who answers, and how long that may take. */
export interface ApprovalsOptions {
  readonly host: Host;
  /** A shell command that gets the question on stdin and prints the answer. */
  readonly command?: string | undefined;
  /** Remembers the command's files; resolves to what finds one that has changed. */
  readonly pinPrograms?:
    | ((
      program: { readonly command: string },
    ) => Promise<() => Promise<string | undefined>>)
    | undefined;
  /** Absent: no one can answer, so the answer is no. */
  readonly timeoutMs?: number | undefined;
  readonly decide: (approvalId: string, decision: Decision) => void;
  readonly warn: (message: string) => void;
}

type Question = EventOf<"approval.requested">;

/** Every question that reaches it is decided exactly once, whatever happens. */
export class HeadlessApprovals {
  readonly #options: ApprovalsOptions;
  readonly #pinned: Promise<() => Promise<string | undefined>> | undefined;
  readonly #open = new Map<
    string,
    { readonly request: ApprovalRequest; readonly stop: AbortController }
  >();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
    const { command, pinPrograms } = options;
    if (command !== undefined) this.#pinned = pinPrograms?.({ command });
    // Whoever asks gets the error.
    this.#pinned?.catch(() => {});
  }

  ask(question: Question): void {
    const { approvalId, request } = question;
    const { timeoutMs, command, host } = this.#options;
    const stop = new AbortController();
    this.#open.set(approvalId, { request, stop });
    if (timeoutMs === undefined) {
      return this.#settle(approvalId, deny("No one can approve this"));
    }
    host.sleep(timeoutMs, stop.signal).then(
      () =>
        this.#settle(
          approvalId,
          deny(`No answer came within ${Math.ceil(timeoutMs / 1_000)} s`),
        ),
      () => {},
    );
    if (command !== undefined) void this.#runCommand(question, stop.signal);
  }

  /** An answer from outside; a late or unknown one gets a warning and changes nothing. */
  answer(approvalId: string, answer: Answer): void {
    const open = this.#open.get(approvalId);
    if (open !== undefined) {
      return this.#settle(approvalId, toDecision(answer, open.request));
    }
    this.#options.warn(
      `Cannot take the answer to ${
        visibleLine(approvalId)
      }: no such question is open`,
    );
  }

  /** The thread has settled it, by us or because the turn ended. */
  forget(approvalId: string): void {
    this.#open.get(approvalId)?.stop.abort();
    this.#open.delete(approvalId);
  }

  /** The run is over: what still thinks about an answer is ended. */
  close(): void {
    for (const approvalId of [...this.#open.keys()]) this.forget(approvalId);
  }

  #settle(approvalId: string, decision: Decision): void {
    if (!this.#open.has(approvalId)) return;
    this.forget(approvalId);
    this.#options.decide(approvalId, decision);
  }

  async #runCommand(question: Question, signal: AbortSignal): Promise<void> {
    const { approvalId, request } = question;
    const { host, command } = this.#options;
    try {
      const changed = await (await this.#pinned)?.();
      if (changed !== undefined) {
        throw new Error(`${changed} has changed since the run began`);
      }
      const answer = await askCommand(host, {
        command: command ?? "",
        question,
        signal,
      });
      this.#settle(approvalId, toDecision(answer, request));
    } catch (error) {
      if (signal.aborted) return;
      const reason = `The approval command gave no answer: ${errorText(error)}`;
      this.#options.warn(reason);
      this.#settle(approvalId, deny(reason));
    }
  }
}

interface CommandQuestion {
  readonly command: string;
  readonly question: Question;
  readonly signal: AbortSignal;
}

async function askCommand(
  host: Host,
  { command, question, signal }: CommandQuestion,
): Promise<Answer> {
  const { request } = question;
  signal.throwIfAborted();
  const child = host.spawn({
    command: "/bin/sh",
    args: ["-c", command],
    cwd: host.cwd,
    env: host.envAll(),
    stdin: new TextEncoder().encode(`${
      JSON.stringify({
        type: "approval.requested",
        thread_id: question.threadId,
        approval_id: question.approvalId,
        ...toQuestion(request),
      })
    }\n`),
    stdout: "pipe",
    stderr: "inherit",
    detached: true,
  });
  const kill = (): void => child.kill("SIGKILL", { group: true });
  signal.addEventListener("abort", kill, { once: true });
  try {
    const text = await readBounded(child.stdout);
    const { code } = await child.status;
    if (code !== 0) throw new Error(`it ended with exit code ${code}`);
    return parseAnswer(text);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

async function readBounded(
  stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream ?? []) {
    // The rest is drained and dropped, so that the child never waits for us.
    if (text.length < LIMITS.approvalAnswerBytes) {
      text += decoder.decode(chunk, { stream: true });
    }
  }
  return headBytes(text, LIMITS.approvalAnswerBytes);
}

function parseAnswer(text: string): Answer {
  const value = parseJson(text);
  if (value === undefined) {
    throw new Error(`it printed ${JSON.stringify(visibleLine(text, 80))}`);
  }
  const parsed = ApprovalAnswer.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(
    'its "decision" must be one of approve, approve_for_session, approve_prefix, deny, abort',
  );
}

function toDecision(answer: Answer, request: ApprovalRequest): Decision {
  switch (answer.decision) {
    case "approve":
    case "approve_for_session":
    case "abort":
      return { type: answer.decision };
    case "approve_prefix": {
      const [offer] = offeredRules(request);
      const prefixes = answer.prefix === undefined
        ? offer?.prefixes
        : [answer.prefix];
      const sandbox = answer.sandbox === undefined
        ? offer?.sandbox
        : answer.sandbox ?? undefined;
      return prefixes === undefined
        ? deny("The answer named no prefix and none was offered")
        : acceptOffer({ prefixes, ...(sandbox !== undefined && { sandbox }) });
    }
    case "deny":
      return answer.message === undefined
        ? { type: "deny" }
        : deny(answer.message);
    default:
      return unreachable(answer.decision);
  }
}

function deny(message: string): Decision {
  return { type: "deny", message };
}
