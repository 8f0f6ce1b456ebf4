/** Questions to a person who answers in whole lines: one at a time, never by a line typed before. */
import type {
  FormAnswer,
  FormRequest,
  UserPrompter,
} from "../../protocol/form.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import { parseAnswerLine, renderDecision } from "../render/approval.ts";
import { FormTalk, renderFormAnswer } from "../form/form.ts";
import type { PlainView } from "./plain_view.ts";
import type { ReplHost } from "../conversation/services.ts";

interface PlainQuestionsOptions {
  readonly host: Pick<ReplHost, "sleep">;
  readonly view: Pick<PlainView, "ask" | "askNow" | "say">;
  readonly columns: () => number;
  /** Writes what a line is typed behind. */
  readonly write: (text: string) => void;
  readonly onDecide: (id: string, decision: Decision) => void;
  /** The person wants the turn to end. */
  readonly onStop: () => void;
}

interface Open {
  readonly id: string;
  /** Printed when it is asked. */
  readonly show: () => void;
  /** Printed when a line would answer. */
  readonly mark: () => void;
  /** False when the line is no answer to it. */
  readonly take: (line: string) => boolean;
}

const LEAVE =
  "/decline says no to all of it, /cancel leaves it without an answer";

export class PlainQuestions implements UserPrompter {
  readonly #options: PlainQuestionsOptions;
  #open: readonly Open[] = [];
  // The one that has stood there long enough to be meant by an answer.
  #armed: Open | undefined;
  #count = 0;

  constructor(options: PlainQuestionsOptions) {
    this.#options = options;
  }

  /** A question of the thread. */
  add(id: string, request: ApprovalRequest): void {
    this.#push({
      id,
      ...this.#approval(
        request,
        (decision) => this.#options.onDecide(id, decision),
      ),
    });
  }

  /** It was answered or is void. */
  settle(id: string): void {
    const first = this.#open[0];
    this.#open = this.#open.filter((one) => one.id !== id);
    if (this.#open[0] !== first) this.#ask();
  }

  /** The turn is over, and all its questions with it. */
  clear(): void {
    this.#open = [];
  }

  /** True when the line was an answer. */
  answer(line: string): boolean {
    const question = this.#open[0];
    if (question === undefined || question !== this.#armed) return false;
    return question.take(line);
  }

  async fill(form: FormRequest, signal: AbortSignal): Promise<FormAnswer> {
    const talk = new FormTalk(form);
    const answer = await this.#put<FormAnswer>(
      signal,
      (settle) => this.#form(talk, settle),
    );
    const shown = answer ?? { action: "cancel" };
    const renderOptions = { hasColor: false, width: this.#options.columns() };
    this.#options.view.say([renderFormAnswer(shown, renderOptions)]);
    return shown;
  }

  async allow(
    request: ApprovalRequest,
    signal: AbortSignal,
  ): Promise<Decision> {
    const decision = await this.#put<Decision>(
      signal,
      (settle) => this.#approval(request, settle),
    );
    const shown = decision ?? { type: "deny" };
    const renderOptions = { hasColor: false };
    this.#options.view.say([
      renderDecision(shown, {
        ...renderOptions,
        width: this.#options.columns(),
      }),
    ]);
    if (shown.type === "abort") this.#options.onStop();
    return shown;
  }

  tell(message: string): void {
    this.#options.view.say([message]);
  }

  #approval(
    request: ApprovalRequest,
    onDecide: (decision: Decision) => void,
  ): Omit<Open, "id"> {
    const { view } = this.#options;
    return {
      show: () => view.ask(request),
      mark: () => view.askNow(request),
      take: (line) => {
        const decision = parseAnswerLine(line, request);
        if (decision !== undefined) onDecide(decision);
        return decision !== undefined;
      },
    };
  }

  #form(
    talk: FormTalk,
    settle: (answer: FormAnswer) => void,
  ): Omit<Open, "id"> {
    const { view, columns, write } = this.#options;
    const renderOptions = { hasColor: false, width: columns() };
    const mark = (): void => {
      view.say([]);
      write(visibleText(talk.prompt));
    };
    return {
      show: () =>
        view.say([
          ...talk.renderOpening(renderOptions),
          LEAVE,
          ...talk.renderStep(renderOptions),
        ]),
      mark,
      take: (line) => {
        const action = leaving(line);
        if (action !== undefined) {
          settle({ action });
          return true;
        }
        const step = talk.take(line);
        if (step.type === "answered") settle(step.answer);
        if (step.type === "again") view.say([step.problem]);
        if (step.type === "next") view.say(talk.renderStep(renderOptions));
        if (step.type === "next" && talk.isAtEnd) this.#arm();
        else if (step.type !== "answered") mark();
        return true;
      },
    };
  }

  #push(question: Open): void {
    this.#open = [...this.#open, question];
    if (this.#open.length === 1) this.#ask();
  }

  #ask(): void {
    const question = this.#open[0];
    if (question === undefined) return;
    question.show();
    this.#arm();
  }

  #arm(): void {
    const question = this.#open[0];
    this.#armed = undefined;
    this.#options.host.sleep(LIMITS.answerArmMs).then(() => {
      if (question === undefined || this.#open[0] !== question) return;
      this.#armed = question;
      question.mark();
    }, () => {});
  }

  // Undefined when nobody wants the answer any more.
  async #put<T>(
    signal: AbortSignal,
    build: (settle: (value: T) => void) => Omit<Open, "id">,
  ): Promise<T | undefined> {
    if (signal.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const id = `own-${++this.#count}`;
    const onAbort = (): void => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#push({ id, ...build(resolve) });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.settle(id);
    }
  }
}

function leaving(line: string): "decline" | "cancel" | undefined {
  const [, word] = /^\/(decline|cancel)\s*$/.exec(line.trim()) ?? [];
  return word === "decline" || word === "cancel" ? word : undefined;
}
