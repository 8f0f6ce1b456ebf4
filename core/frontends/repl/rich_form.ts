/** The form that stands above the input line: keys in, live lines out. No I/O. */
import { displayWidth } from "../../util/text/width.ts";
import type { FormRequest } from "../../protocol/form.ts";
import { type FormStep, FormTalk } from "../form/form.ts";
import type { Key } from "../editor/key.ts";
import { type EditText, editText, EMPTY_TEXT } from "../editor/text.ts";
import { paint, type RenderOptions } from "../render/style.ts";
import { cutText } from "../render/wrap.ts";

const HINT = "Enter: next · Ctrl-D: decline · Esc: cancel";

export class FormBox {
  readonly #talk: FormTalk;
  #text: EditText = EMPTY_TEXT;
  #problem = "";
  #hasBegun = false;

  constructor(form: FormRequest) {
    this.#talk = new FormTalk(form);
  }

  /** The user has answered a part of it. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The next yes sends it. */
  get isAtEnd(): boolean {
    return this.#talk.isAtEnd;
  }

  /** What is printed before the present step is answered. */
  renderHead(options: RenderOptions): readonly string[] {
    return [
      ...(this.#hasBegun ? [] : this.#talk.renderOpening(options)),
      ...this.#talk.renderStep(options),
    ];
  }

  /** Undefined while the line is being written. */
  onKey(key: Key): FormStep | undefined {
    if (key.type === "press") {
      switch (key.name) {
        case "enter":
          return this.#take();
        case "escape":
        case "ctrl-c":
          return { type: "answered", answer: { action: "cancel" } };
        case "ctrl-d":
          return { type: "answered", answer: { action: "decline" } };
      }
    }
    this.#text = editText(this.#text, key) ?? this.#text;
    return undefined;
  }

  render(options: RenderOptions): readonly string[] {
    const { line } = this.#line(options);
    const fit = (text: string): string => cutText(text, options.width);
    return [
      ...(this.#problem === ""
        ? []
        : [paint(fit(this.#problem), options, "red")]),
      paint(fit(HINT), options, "dim"),
      fit(line),
    ];
  }

  /** Column of the cursor in the last of these lines. */
  cursor(options: RenderOptions): number {
    return this.#line(options).column;
  }

  #take(): FormStep {
    const step = this.#talk.take(this.#text.text);
    this.#problem = step.type === "again" ? step.problem : "";
    this.#hasBegun = true;
    // What is wrong stays, to be mended.
    if (step.type === "next") this.#text = EMPTY_TEXT;
    return step;
  }

  // A line that is too long for the window shows what is around the cursor.
  #line(
    options: RenderOptions,
  ): { readonly line: string; readonly column: number } {
    const { text, cursor } = this.#text;
    const flat = (part: string): string => part.replaceAll("\n", " ");
    const markMax = Math.max(8, Math.floor(options.width / 2));
    const mark = cutText(this.#talk.prompt, markMax);
    const before = [...flat(text.slice(0, cursor))];
    while (
      before.length > 0 &&
      displayWidth(mark + before.join("")) >= options.width
    ) before.shift();
    const start = mark + before.join("");
    return {
      line: start + flat(text.slice(cursor)),
      column: displayWidth(start),
    };
  }
}
