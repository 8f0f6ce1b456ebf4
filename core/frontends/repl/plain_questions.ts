/** Questions answered in whole lines: one at a time, never by a line typed before. */
import { LIMITS } from "../../protocol/limits.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import { denyWith, parseAnswerLine } from "../render/approval.ts";
import type { FormTalk } from "../form/form.ts";
import type { PlainView } from "./plain_view.ts";
import type { ReplHost } from "../conversation/services.ts";
import {
  type OpenForm,
  type OpenQuestion,
  parseChoice,
  renderChoice,
} from "./prompter.ts";

interface PlainQuestionsOptions {
  readonly host: Pick<ReplHost, "sleep">;
  readonly view: Pick<PlainView, "ask" | "askNow" | "say" | "write">;
  readonly columns: () => number;
}

type LineQuestion = OpenQuestion<FormTalk>;

const LEAVE = "/decline: decline · /cancel: cancel";

export class PlainQuestions {
  readonly #options: PlainQuestionsOptions;
  #open: readonly LineQuestion[] = [];
  // The one that was shown long enough ago to be meant by an answer.
  #armed: LineQuestion | undefined;

  constructor(options: PlainQuestionsOptions) {
    this.#options = options;
  }

  add(question: LineQuestion): void {
    this.#open = [...this.#open, question];
    if (this.#open.length === 1) this.#ask();
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
    if ("form" in question) {
      this.#fill(question, line);
      return true;
    }
    if ("choice" in question) {
      const { choice, onChoose } = question;
      const text = line.trim();
      const answer = text === "" ? choice.safe : parseChoice(text, choice);
      if (answer !== undefined) onChoose(answer);
      return answer !== undefined;
    }
    const decision = line.trim() === ""
      ? denyWith("")
      : parseAnswerLine(line, question.request);
    if (decision !== undefined) question.onDecide(decision);
    return decision !== undefined;
  }

  #ask(): void {
    const question = this.#open[0];
    if (question === undefined) return;
    const { view } = this.#options;
    if ("form" in question) {
      const options = this.#renderOptions();
      view.say([
        ...question.form.renderOpening(options),
        LEAVE,
        ...question.form.renderStep(options),
      ]);
    } else if ("choice" in question) {
      view.say(renderChoice(question.choice, this.#renderOptions()));
    } else view.ask(question.request);
    this.#arm();
  }

  #fill({ form, onAnswer }: OpenForm<FormTalk>, line: string): void {
    const { view } = this.#options;
    const action = parseLeaving(line);
    if (action !== undefined) return onAnswer({ action }, false);
    const step = form.take(line);
    switch (step.type) {
      case "answered":
        return onAnswer(step.answer, false);
      case "again":
        view.say([step.problem]);
        return this.#mark(form);
      case "next":
        view.say(form.renderStep(this.#renderOptions()));
        return form.isAtEnd ? this.#arm() : this.#mark(form);
    }
  }

  #arm(): void {
    const question = this.#open[0];
    this.#armed = undefined;
    const { view } = this.#options;
    this.#options.host.sleep(LIMITS.answerArmMs).then(() => {
      if (question === undefined || this.#open[0] !== question) return;
      this.#armed = question;
      if ("form" in question) this.#mark(question.form);
      else if ("choice" in question) {
        view.write(`Answer 1 to ${question.choice.answers.length}: `);
      } else view.askNow(question.request);
    }, () => {});
  }

  #mark(form: FormTalk): void {
    this.#options.view.say([]);
    this.#options.view.write(visibleText(form.prompt));
  }

  #renderOptions(): { readonly hasColor: false; readonly width: number } {
    return { hasColor: false, width: this.#options.columns() };
  }
}

function parseLeaving(line: string): "decline" | "cancel" | undefined {
  const [, word] = /^\/(decline|cancel)\s*$/.exec(line.trim()) ?? [];
  return word === "decline" || word === "cancel" ? word : undefined;
}
