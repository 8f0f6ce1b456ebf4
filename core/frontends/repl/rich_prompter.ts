/** The person at the keys, for those who ask from outside of the thread. */
import type {
  FormAnswer,
  FormRequest,
  UserPrompter,
} from "../../protocol/form.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import { renderDecision } from "../render/approval.ts";
import { renderFormAnswer } from "../form/form.ts";
import { FormBox } from "./rich_form.ts";
import type { OpenQuestion, Questions } from "./rich_questions.ts";
import type { RichView } from "./rich_view.ts";
import type { RenderOptions } from "../render/style.ts";

interface RichPrompterOptions {
  /** Shared with the thread: only one is asked at a time. */
  readonly questions: Questions;
  readonly view: Pick<RichView, "say" | "showPainted">;
  readonly nowMs: () => number;
  readonly renderOptions: () => RenderOptions;
  /** Another question, or part of one, is to be asked. */
  readonly onAsk: () => void;
  /** The person wants the turn to end. */
  readonly onStop: () => void;
}

/** Puts its questions into the queue of the conversation, and takes them out again. */
export class RichPrompter implements UserPrompter {
  readonly #options: RichPrompterOptions;
  #count = 0;

  constructor(options: RichPrompterOptions) {
    this.#options = options;
  }

  async fill(form: FormRequest, signal: AbortSignal): Promise<FormAnswer> {
    const box = new FormBox(form);
    const answer = await this.#put<FormAnswer>(signal, (settle) => ({
      form: box,
      onStep: this.#options.onAsk,
      onAnswer: (given, isStop) => {
        settle(given);
        if (isStop) this.#options.onStop();
      },
    }));
    const shown = answer ?? { action: "cancel" };
    this.#print(renderFormAnswer(shown, this.#options.renderOptions()));
    return shown;
  }

  async allow(
    request: ApprovalRequest,
    signal: AbortSignal,
  ): Promise<Decision> {
    const decision = await this.#put<Decision>(signal, (settle) => ({
      request,
      onDecide: settle,
    }));
    const shown = decision ?? { type: "deny" };
    this.#print(renderDecision(shown, this.#options.renderOptions()));
    if (shown.type === "abort") this.#options.onStop();
    return shown;
  }

  tell(message: string): void {
    this.#options.view.say([message]);
  }

  #print(line: string): void {
    this.#options.view.showPainted([line]);
  }

  // Undefined when nobody wants the answer any more.
  async #put<T>(
    signal: AbortSignal,
    build: (settle: (value: T) => void) => QuestionBody,
  ): Promise<T | undefined> {
    if (signal.aborted) return undefined;
    const { questions, nowMs, onAsk } = this.#options;
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const id = `own-${++this.#count}`;
    const onAbort = (): void => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    if (questions.add({ id, ...build(resolve) }, nowMs())) onAsk();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (questions.settle(id, nowMs())) onAsk();
    }
  }
}

type QuestionBody = OpenQuestion extends infer Q
  ? Q extends OpenQuestion ? Omit<Q, "id"> : never
  : never;
