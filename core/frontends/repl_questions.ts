/** Questions that wait for the person: one at a time, deaf to what was typed before. Pure. */
import { displayWidth } from "@std/cli";
import { LIMITS } from "../protocol/limits.ts";
import type { ApprovalRequest, Decision } from "../protocol/policy.ts";
import {
  answerKeys,
  decideByKey,
  denyWith,
  renderAnswers,
} from "./approval_prompt.ts";
import type { Key } from "./key.ts";
import { type EditText, editText, EMPTY_TEXT } from "./line_editor_text.ts";
import { type Look, paint } from "./render_style.ts";
import { cutSpans } from "./render_wrap.ts";

const WHY = "Why not? (Enter says no, Esc goes back) ";

export interface OpenQuestion {
  readonly id: string;
  readonly request: ApprovalRequest;
}

/** What a key did. */
export type QuestionStep =
  | {
    readonly type: "decided";
    readonly id: string;
    readonly decision: Decision;
  }
  /** The key was not meant for the question. */
  | { readonly type: "draft" }
  | { readonly type: "taken" };

/** The first one is asked; times come from outside. */
export class Questions {
  #open: readonly OpenQuestion[] = [];
  #quietSinceMs = 0;
  #word: EditText | undefined;

  get current(): OpenQuestion | undefined {
    return this.#open[0];
  }

  get count(): number {
    return this.#open.length;
  }

  /** True when it is now the one that is asked and has to be drawn. */
  add(question: OpenQuestion, nowMs: number): boolean {
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

  /** Whether a key would answer: some time has passed since the last one. */
  isArmed(nowMs: number): boolean {
    return nowMs - this.#quietSinceMs >= LIMITS.answerArmMs;
  }

  onKey(key: Key, nowMs: number): QuestionStep {
    const question = this.current;
    if (question === undefined) return { type: "draft" };
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
      return { type: "taken" };
    }
    return { type: "decided", id: question.id, decision };
  }

  /** Column of the cursor in the last line, while a word is typed there. */
  get cursor(): number | undefined {
    if (this.#word === undefined) return undefined;
    return displayWidth(WHY + this.#word.text.slice(0, this.#word.cursor));
  }

  /** The live lines below the question. */
  render(look: Look, nowMs: number): readonly string[] {
    const question = this.current;
    if (question === undefined) return [];
    const fit = (text: string): string =>
      cutSpans([{ text, styles: [] }], look.width).map((one) => one.text)
        .join("");
    if (this.#word !== undefined) {
      return [fit(WHY + this.#word.text.replaceAll("\n", " "))];
    }
    if (!this.isArmed(nowMs)) {
      return [
        paint(
          fit("(one moment: what is typed now goes to your draft)"),
          look,
          "dim",
        ),
      ];
    }
    const more = this.count === 1 ? "" : ` (1 of ${this.count})`;
    return [
      ...renderAnswers(question.request, look),
      paint(
        fit(`Answer ${answerKeys(question.request)}${more}:`),
        look,
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
    return { type: "draft" };
  }

  #onWordKey({ id }: OpenQuestion, key: Key): QuestionStep {
    const word = this.#word ?? EMPTY_TEXT;
    if (key.type === "press") {
      switch (key.name) {
        case "enter":
          return { type: "decided", id, decision: denyWith(word.text) };
        case "escape":
          this.#word = undefined;
          return { type: "taken" };
        case "ctrl-c":
          return { type: "decided", id, decision: { type: "abort" } };
      }
    }
    this.#word = editText(word, key) ?? word;
    return { type: "taken" };
  }
}
