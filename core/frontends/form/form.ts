/** A form filled in line by line: one field after the other, then all of it to confirm. No I/O. */
import type {
  FormAnswer,
  FormField,
  FormRequest,
  FormValue,
} from "../../protocol/form.ts";
import { LIMITS } from "../../protocol/limits.ts";
import {
  showHidden,
  visibleLine,
  visibleText,
} from "../../util/text/visible_text.ts";
import {
  describeKind,
  fallbackOf,
  parseFormValue,
  showFormValue,
} from "./form_value.ts";
import { paint, type RenderOptions } from "../render/style.ts";
import { wrapText } from "../render/wrap.ts";

/** What a line did. */
export type FormStep =
  /** The same is asked again; why. */
  | { readonly type: "again"; readonly problem: string }
  | { readonly type: "next" }
  | { readonly type: "answered"; readonly answer: FormAnswer };

const VALUE_CHARS = 200;

/** Takes lines until there is an answer. Text of the server cannot steer the terminal. */
export class FormTalk {
  readonly #form: FormRequest;
  readonly #values = new Map<string, FormValue>();
  #at = 0;

  constructor(form: FormRequest) {
    this.#form = form;
  }

  /** Nothing is left to be filled in: a yes sends it. */
  get isAtEnd(): boolean {
    return this.#field === undefined;
  }

  /** What is asked and by whom: printed once, at the beginning. */
  renderOpening(options: RenderOptions): readonly string[] {
    const { from, message, url } = this.#form;
    return [
      paint(`${visibleLine(from)} asks you:`, options, "bold", "yellow"),
      ...folded(message, options),
      ...(url === undefined ? [] : [
        ...indented(`Page: ${showHidden(url)}`, options),
        ...indented(`It is at: ${hostOf(url)}`, options),
      ]),
    ];
  }

  /** What the next line is about: printed once for each step. */
  renderStep(options: RenderOptions): readonly string[] {
    const field = this.#field;
    if (field !== undefined) return this.#renderField(field, options);
    if (this.#form.url !== undefined) {
      const words =
        "Look at the address before you open it; the server learns only whether you agree";
      return indented(words, options);
    }
    if (this.#form.fields.length === 0) return [];
    return [
      paint("  It will get:", options, "bold"),
      ...this.#form.fields.flatMap((one) => this.#renderAnswer(one, options)),
    ];
  }

  /** Stands before what is typed. */
  get prompt(): string {
    const field = this.#field;
    if (field === undefined) {
      if (this.#form.url !== undefined) return "Agree? y n ";
      return this.#form.fields.length === 0
        ? "Answer yes? y n "
        : "Send this? y n, e to change it ";
    }
    const value = this.#earlier(field) ?? fallbackOf(field.kind);
    const shown = value === undefined
      ? ""
      : ` [${visibleLine(showFormValue(field.kind, value), VALUE_CHARS)}]`;
    return `${visibleLine(field.title, VALUE_CHARS)}${shown}: `;
  }

  take(line: string): FormStep {
    const field = this.#field;
    if (field === undefined) return this.#confirm(line.trim().toLowerCase());
    const read = parseFormValue(field, line, this.#earlier(field));
    if (read.type === "problem") return again(read.problem);
    if (read.type === "value") this.#values.set(field.name, read.value);
    this.#at++;
    return { type: "next" };
  }

  get #field(): FormField | undefined {
    return this.#form.fields[this.#at];
  }

  #earlier(field: FormField): FormValue | undefined {
    return this.#values.get(field.name);
  }

  // Only a whole word sends anything: Enter alone is pressed too easily.
  #confirm(word: string): FormStep {
    const hasFields = this.#form.fields.length > 0;
    switch (word) {
      case "y":
      case "yes":
        return { type: "answered", answer: this.#accept() };
      case "n":
      case "no":
        return { type: "answered", answer: { action: "decline" } };
      case "e":
      case "edit":
        if (!hasFields) break;
        this.#at = 0;
        return { type: "next" };
    }
    return again(
      hasFields ? "Type y, n or e, then Enter" : "Type y or n, then Enter",
    );
  }

  #accept(): FormAnswer {
    return this.#form.url === undefined
      ? { action: "accept", content: Object.fromEntries(this.#values) }
      : { action: "accept" };
  }

  #renderField(field: FormField, options: RenderOptions): readonly string[] {
    const { title, description, isRequired, kind } = field;
    const count = this.#form.fields.length;
    const place = count === 1 ? "" : `${this.#at + 1}/${count} `;
    const isNeeded = isRequired || fallbackOf(kind) !== undefined;
    const need = isNeeded ? "" : " (may stay empty)";
    const words = describeKind(kind);
    const choices = kind.type === "choice" || kind.type === "choices"
      ? kind.choices
      : [];
    const shown = choices.slice(0, LIMITS.mcpFormChoicesShown);
    const hidden = choices.length - shown.length;
    return [
      paint(`  ${place}${visibleLine(title)}${need}`, options, "bold"),
      ...(description === "" ? [] : folded(description, options)),
      ...(words === "" ? [] : folded(words, options)),
      ...shown.flatMap((one, at) =>
        indented(`${at + 1}  ${visibleLine(one.title)}`, options)
      ),
      ...(hidden === 0 ? [] : indented(`… ${hidden} more`, options)),
    ];
  }

  #renderAnswer(field: FormField, options: RenderOptions): readonly string[] {
    const value = this.#earlier(field);
    const text = value === undefined
      ? "left empty"
      : visibleLine(showFormValue(field.kind, value), 2_000);
    return indented(`${visibleLine(field.title)}: ${text}`, options);
  }
}

/** The answer as it stays on the screen. */
export function renderFormAnswer(
  answer: FormAnswer,
  options: RenderOptions,
): string {
  switch (answer.action) {
    case "accept":
      return paint("  yes", options, "green");
    case "decline":
      return paint("  no", options, "red");
    case "cancel":
      return paint("  no answer", options, "red");
  }
}

function again(problem: string): FormStep {
  return { type: "again", problem };
}

// The browser goes where this says, however long the address is and whatever it looks like:
// letters of other scripts are spelled out, names before an @ are left away.
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "no address at all";
}

// What is too long would push away who asks.
function folded(text: string, options: RenderOptions): readonly string[] {
  const lines = indented(visibleText(text), options);
  const hidden = lines.length - LIMITS.mcpFormLinesShown;
  return hidden <= 0 ? lines : [
    ...lines.slice(0, LIMITS.mcpFormLinesShown),
    ...indented(`… ${hidden} more lines`, options),
  ];
}

function indented(text: string, options: RenderOptions): readonly string[] {
  return wrapText(text.trimEnd(), Math.max(10, options.width - 4)).map((line) =>
    `    ${line}`
  );
}
