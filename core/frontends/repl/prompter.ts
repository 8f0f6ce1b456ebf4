/** Puts the questions of MCP servers into the queue of the conversation. No I/O. */
import type {
  FormAnswer,
  FormRequest,
  UserPrompter,
} from "../../protocol/form.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import { renderFormAnswer } from "../form/form.ts";
import { renderDecision } from "../render/approval.ts";
import type { RenderOptions } from "../render/style.ts";

export interface OpenApproval {
  readonly id: string;
  readonly request: ApprovalRequest;
  readonly onDecide: (decision: Decision) => void;
}

/** `F` is what asks for the fields: by keys or by lines. */
export interface OpenForm<F> {
  readonly id: string;
  readonly form: F;
  /** `isStop`: the turn is to end as well. */
  readonly onAnswer: (answer: FormAnswer, isStop: boolean) => void;
}

export type OpenQuestion<F> = OpenApproval | OpenForm<F>;

interface PrompterOptions<F> {
  readonly openForm: (form: FormRequest) => F;
  /** The queue that the thread's questions are in as well. */
  readonly add: (question: OpenQuestion<F>) => void;
  readonly settle: (id: string) => void;
  /** Shows a painted line. */
  readonly print: (line: string) => void;
  readonly say: (message: string) => void;
  readonly renderOptions: () => RenderOptions;
  /** The user wants the turn to end. */
  readonly onStop: () => void;
}

export class QueuePrompter<F> implements UserPrompter {
  readonly #options: PrompterOptions<F>;
  #count = 0;

  constructor(options: PrompterOptions<F>) {
    this.#options = options;
  }

  async fill(form: FormRequest, signal: AbortSignal): Promise<FormAnswer> {
    const { openForm, onStop, print, renderOptions } = this.#options;
    const answer = await this.#put<FormAnswer>(signal, (id, settle) => ({
      id,
      form: openForm(form),
      onAnswer: (given, isStop) => {
        settle(given);
        if (isStop) onStop();
      },
    })) ?? { action: "cancel" };
    print(renderFormAnswer(answer, renderOptions()));
    return answer;
  }

  async allow(
    request: ApprovalRequest,
    signal: AbortSignal,
  ): Promise<Decision> {
    const { onStop, print, renderOptions } = this.#options;
    const decision = await this.#put<Decision>(
      signal,
      (id, onDecide) => ({ id, request, onDecide }),
    ) ?? { type: "deny" };
    print(renderDecision(decision, renderOptions()));
    if (decision.type === "abort") onStop();
    return decision;
  }

  tell(message: string): void {
    this.#options.say(message);
  }

  // Undefined when the answer is no longer wanted.
  async #put<T>(
    signal: AbortSignal,
    build: (id: string, settle: (value: T) => void) => OpenQuestion<F>,
  ): Promise<T | undefined> {
    if (signal.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const id = `own-${++this.#count}`;
    const onAbort = (): void => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#options.add(build(id, resolve));
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#options.settle(id);
    }
  }
}
