/** Puts the questions of MCP servers into the queue of the conversation. No I/O. */
import type {
  FormAnswer,
  FormRequest,
  UserPrompter,
} from "../../protocol/form.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import { renderFormAnswer } from "../form/form.ts";
import { renderDecision } from "../render/approval.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import type { Choice } from "../conversation/view.ts";
import { paint, type RenderOptions } from "../render/style.ts";
import { cutText, wrapWords } from "../render/wrap.ts";

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

export interface OpenChoice {
  readonly id: string;
  readonly choice: Choice;
  readonly onChoose: (answer: number) => void;
}

export type OpenQuestion<F> = OpenApproval | OpenForm<F> | OpenChoice;

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

  /** The safe answer when it is no longer wanted. */
  async choose(choice: Choice, signal: AbortSignal): Promise<number> {
    const { print, renderOptions } = this.#options;
    const answer = await this.#put<number>(
      signal,
      (id, onChoose) => ({ id, choice, onChoose }),
    );
    if (answer === undefined) return choice.safe;
    const text = visibleLine(choice.answers[answer] ?? "");
    print(
      paint(
        cutText(`  ${text}`, renderOptions().width),
        renderOptions(),
        "dim",
      ),
    );
    return answer;
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

/** The question and its answers, each with the number that gives it. */
export function renderChoice(
  { title, answers }: Choice,
  options: RenderOptions,
): readonly string[] {
  return [
    paint(title, options, "bold", "yellow"),
    ...answers.flatMap((answer, at) =>
      wrapWords(`${at + 1}  ${visibleLine(answer)}`, options.width - 2)
        .map((line) => `  ${line}`)
    ),
  ];
}

/** Which answer a number stands for; nothing else is one. */
export function parseChoice(
  text: string,
  { answers }: Choice,
): number | undefined {
  const number = /^[1-9]$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= answers.length ? number - 1 : undefined;
}
