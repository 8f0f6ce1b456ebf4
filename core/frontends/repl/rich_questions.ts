/** Questions answered by keys: one at a time, never by keys typed before. No I/O. */
import { displayWidth } from "../../util/text/width.ts";
import { LIMITS } from "../../protocol/limits.ts";
import {
  answerKeys,
  decideByKey,
  denyWith,
  renderAnswers,
  renderQuestion,
} from "../render/approval.ts";
import type { Key } from "../editor/key.ts";
import { type EditText, editText, EMPTY_TEXT } from "../editor/text.ts";
import { paint, type RenderOptions } from "../render/style.ts";
import { cutText } from "../render/wrap.ts";
import {
  type OpenApproval,
  type OpenChoice,
  type OpenForm,
  type OpenQuestion,
  parseChoice,
  renderChoice,
} from "./prompter.ts";
import type { FormBox } from "./rich_form.ts";

const WHY = "Reason (optional; Enter declines, Esc goes back): ";

export type KeyQuestion = OpenQuestion<FormBox>;

/**
 * What became of a key: `next` finished a part of the question, `draft` was not meant for
 * the question, `held` came too soon for it and is lost.
 */
type QuestionStep = "taken" | "next" | "draft" | "held";

/** The first one is asked; times come from outside. */
export class Questions {
  #open: readonly KeyQuestion[] = [];
  #quietSinceMs = 0;
  #word: EditText | undefined;

  get current(): KeyQuestion | undefined {
    return this.#open[0];
  }

  get count(): number {
    return this.#open.length;
  }

  /** What is asked has numbered answers. */
  get isChoice(): boolean {
    return this.current !== undefined && "choice" in this.current;
  }

  /** What is asked is the next part of a question, not another one. */
  get isBegun(): boolean {
    const question = this.current;
    return question !== undefined && "form" in question &&
      question.form.hasBegun;
  }

  /** True when it is now the one that is asked and has to be drawn. */
  add(question: KeyQuestion, nowMs: number): boolean {
    this.#open = [...this.#open, question];
    return this.#open.length === 1 && this.#begin(nowMs);
  }

  /** It was answered or is void; true when another one has to be drawn. */
  settle(id: string, nowMs: number): boolean {
    const before = this.current;
    this.#open = this.#open.filter((one) => one.id !== id);
    const isNew = this.current !== undefined && this.current !== before;
    return isNew && this.#begin(nowMs);
  }

  /** The turn is over, and all its questions with it. */
  clear(): void {
    this.#open = [];
    this.#word = undefined;
  }

  /** Keys have gone elsewhere for a while: what is asked begins anew. */
  rearm(nowMs: number): void {
    this.#quietSinceMs = nowMs;
  }

  /** Whether a key would answer: some time has passed since the last one. */
  isArmed(nowMs: number): boolean {
    return nowMs - this.#quietSinceMs >= LIMITS.answerArmMs;
  }

  onKey(key: Key, nowMs: number): QuestionStep {
    const question = this.current;
    if (question === undefined) return "draft";
    if ("form" in question) return this.#onFormKey(question, key, nowMs);
    if ("choice" in question) return this.#onChoiceKey(question, key, nowMs);
    if (this.#word !== undefined) return this.#onWordKey(question, key);
    const isStop = key.type === "press" && key.name === "ctrl-c";
    const isOne = key.type === "press" ||
      (key.type === "text" && key.text.length === 1);
    if (!isStop && (!isOne || !this.isArmed(nowMs))) {
      return this.#decline(nowMs);
    }
    const name = key.type === "press" ? key.name : key.text.toLowerCase();
    const decision = decideByKey(name, question.request);
    if (decision === undefined) return this.#decline(nowMs);
    if (decision === "word") {
      this.#word = EMPTY_TEXT;
      return "taken";
    }
    question.onDecide(decision);
    return "taken";
  }

  /** Column of the cursor in the last line, while something is typed there. */
  cursor(options: RenderOptions, nowMs: number): number | undefined {
    const question = this.current;
    if (question !== undefined && "form" in question) {
      return this.isArmed(nowMs) ? question.form.cursor(options) : undefined;
    }
    if (this.#word === undefined) return undefined;
    return displayWidth(WHY + this.#word.text.slice(0, this.#word.cursor));
  }

  /**
   * The question itself, or the next part of it: printed once, right below the command
   * `above`, where there is one.
   */
  renderHead(
    options: RenderOptions,
    above?: string,
  ): readonly string[] {
    const question = this.current;
    if (question === undefined) return [];
    if ("choice" in question) return renderChoice(question.choice, options);
    return "form" in question
      ? question.form.renderHead(options)
      : renderQuestion(question.request, { ...options, above });
  }

  /** The live lines below the question. */
  render(options: RenderOptions, nowMs: number): readonly string[] {
    const question = this.current;
    if (question === undefined) return [];
    const fit = (text: string): string => cutText(text, options.width);
    if (this.#word !== undefined) {
      return [fit(WHY + this.#word.text.replaceAll("\n", " "))];
    }
    if (!this.isArmed(nowMs)) {
      const words = this.isBegun
        ? "(one moment)"
        : "(answering in a moment; typing goes to your draft)";
      return [paint(fit(words), options, "dim")];
    }
    if ("form" in question) return question.form.render(options);
    if ("choice" in question) {
      const { answers, safe } = question.choice;
      const words = `Answer 1 to ${answers.length} (Enter: ${safe + 1}):`;
      return [paint(fit(words), options, "bold")];
    }
    const more = this.count === 1 ? "" : ` (1 of ${this.count})`;
    return [
      ...renderAnswers(question.request, options),
      paint(
        fit(`Answer ${answerKeys(question.request)} (Enter: n)${more}:`),
        options,
        "bold",
      ),
    ];
  }

  #begin(nowMs: number): boolean {
    this.#quietSinceMs = nowMs;
    this.#word = undefined;
    return true;
  }

  #decline(nowMs: number): QuestionStep {
    this.#quietSinceMs = nowMs;
    return "draft";
  }

  // What is typed into a form is meant for it, once the user has begun with it; the yes
  // that sends it has to wait again.
  #onFormKey(
    { form, onAnswer }: OpenForm<FormBox>,
    key: Key,
    nowMs: number,
  ): QuestionStep {
    const isStop = key.type === "press" && key.name === "ctrl-c";
    if (!isStop && !this.isArmed(nowMs)) {
      this.#quietSinceMs = nowMs;
      return form.hasBegun ? "held" : "draft";
    }
    const step = form.onKey(key);
    if (step?.type === "answered") onAnswer(step.answer, isStop);
    if (step?.type !== "next") return "taken";
    if (form.isAtEnd) this.#quietSinceMs = nowMs;
    return "next";
  }

  // Only a number chooses; Enter and Escape take what changes nothing.
  #onChoiceKey(
    { choice, onChoose }: OpenChoice,
    key: Key,
    nowMs: number,
  ): QuestionStep {
    const isLeaving = key.type === "press" &&
      ["enter", "escape", "ctrl-c"].includes(key.name);
    const answer = key.type === "text"
      ? parseChoice(key.text, choice)
      : isLeaving
      ? choice.safe
      : undefined;
    if (answer === undefined || !this.isArmed(nowMs)) {
      return this.#decline(nowMs);
    }
    onChoose(answer);
    return "taken";
  }

  #onWordKey(question: OpenApproval, key: Key): QuestionStep {
    const word = this.#word ?? EMPTY_TEXT;
    if (key.type === "press") {
      switch (key.name) {
        case "enter":
          question.onDecide(denyWith(word.text));
          return "taken";
        case "escape":
          this.#word = undefined;
          return "taken";
        case "ctrl-c":
          question.onDecide({ type: "abort" });
          return "taken";
      }
    }
    this.#word = editText(word, key) ?? word;
    return "taken";
  }
}
