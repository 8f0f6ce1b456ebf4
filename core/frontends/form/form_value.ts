/** The typed value of a field: parsed, or refused with a reason. Pure. */
import type {
  FormChoice,
  FormField,
  FormKind,
  FormValue,
  TextFormat,
} from "../../protocol/form.ts";
import { unreachable } from "../../util/assert.ts";

/** `left_out`: nothing was typed, and nothing is needed. */
type ReadValue =
  | { readonly type: "value"; readonly value: FormValue }
  | { readonly type: "left_out" }
  | { readonly type: "problem"; readonly problem: string };

type Kind<T extends FormKind["type"]> = Extract<FormKind, { type: T }>;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
// RFC 3339, date-time.
const MOMENT =
  /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const FORMAT_WORDS: Readonly<Record<TextFormat, string>> = {
  email: "an e-mail address",
  uri: "an address with its scheme, like https://example.com",
  date: "a day, like 2026-01-31",
  "date-time": "a moment, like 2026-01-31T12:00:00Z",
};

/** The value of a line; `earlier` stands for what was answered before. */
export function parseFormValue(
  { kind, isRequired }: FormField,
  line: string,
  earlier?: FormValue,
): ReadValue {
  const text = line.trim();
  if (text === "") {
    const value = earlier ?? fallbackOf(kind);
    if (value !== undefined) return checkValue(kind, value);
    return isRequired
      ? problem("A value is needed here")
      : { type: "left_out" };
  }
  switch (kind.type) {
    case "text":
      return checkValue(kind, text);
    case "number":
      return NUMBER.test(text)
        ? checkValue(kind, Number(text))
        : problem(`"${text}" is not a number`);
    case "yes_no":
      return parseYesNo(text);
    case "choice": {
      const found = findChoice(kind.choices, text);
      return found === undefined
        ? problem(`"${text}" is none of the choices`)
        : { type: "value", value: found.value };
    }
    case "choices":
      return parseChoices(kind, text);
    default:
      return unreachable(kind);
  }
}

/** What is asked of the value, in words; empty when nothing is. */
export function describeKind(kind: FormKind): string {
  switch (kind.type) {
    case "text":
      return [
        ...(kind.format === undefined ? [] : [FORMAT_WORDS[kind.format]]),
        ...rangeText([kind.lengthMin, kind.lengthMax], "characters"),
        ...(kind.pattern === undefined ? [] : [`of the form ${kind.pattern}`]),
      ].join(", ");
    case "number":
      return [
        kind.isInteger ? "a whole number" : "a number",
        ...rangeText([kind.min, kind.max], ""),
      ].join(", ");
    case "yes_no":
      return "yes or no";
    case "choice":
      return "one of these, by number or name";
    case "choices":
      return [
        "any of these, by number or name, commas between them",
        ...rangeText([kind.countMin, kind.countMax], "of them"),
      ].join(", ");
    default:
      return unreachable(kind);
  }
}

/** A value as people read it. */
export function showFormValue(kind: FormKind, value: FormValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) {
    return value.length === 0
      ? "none"
      : value.map((one) => titleOf(kind, one)).join(", ");
  }
  return kind.type === "choice" ? titleOf(kind, String(value)) : String(value);
}

/** What holds when nothing is typed. */
export function fallbackOf(kind: FormKind): FormValue | undefined {
  const { fallback } = kind;
  return typeof fallback === "object" ? [...fallback] : fallback;
}

function parseYesNo(text: string): ReadValue {
  if (/^(y|yes|true)$/i.test(text)) return { type: "value", value: true };
  if (/^(n|no|false)$/i.test(text)) return { type: "value", value: false };
  return problem(`"${text}" is neither yes nor no`);
}

function parseChoices(kind: Kind<"choices">, text: string): ReadValue {
  // A name may hold a comma itself.
  const whole = findChoice(kind.choices, text);
  if (whole !== undefined) return checkValue(kind, [whole.value]);
  if (/^none$/i.test(text)) return checkValue(kind, []);
  const values: string[] = [];
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue;
    const found = findChoice(kind.choices, part);
    if (found === undefined) return problem(`"${part}" is none of the choices`);
    if (!values.includes(found.value)) values.push(found.value);
  }
  return checkValue(kind, values);
}

// A default of the asker is held to the same bounds as what is typed.
function checkValue(kind: FormKind, value: FormValue): ReadValue {
  const wrong = problemOf(kind, value);
  return wrong === undefined ? { type: "value", value } : problem(wrong);
}

function problemOf(kind: FormKind, value: FormValue): string | undefined {
  switch (kind.type) {
    case "text":
      return textProblem(kind, String(value));
    case "number":
      return numberProblem(kind, Number(value));
    case "choices": {
      const { countMin: min, countMax: max } = kind;
      const count = Array.isArray(value) ? value.length : 0;
      return rangeProblem(count, [min, max], `${count} are chosen`);
    }
    case "choice":
    case "yes_no":
      return undefined;
    default:
      return unreachable(kind);
  }
}

function textProblem(kind: Kind<"text">, text: string): string | undefined {
  const { lengthMin: min, lengthMax: max, format } = kind;
  const length = [...text].length;
  const wrong = rangeProblem(length, [min, max], `Its length is ${length}`);
  if (wrong !== undefined || format === undefined) return wrong;
  return hasFormat(format, text)
    ? undefined
    : `"${text}" is not ${FORMAT_WORDS[format]}`;
}

function numberProblem(
  { isInteger, min, max }: Kind<"number">,
  value: number,
): string | undefined {
  if (!Number.isFinite(value)) return "The number is too large";
  if (isInteger && !Number.isSafeInteger(value)) {
    return `${value} is not a whole number, or too large to be sent exactly`;
  }
  return rangeProblem(value, [min, max], `It is ${value}`);
}

function rangeProblem(
  value: number,
  [min, max]: readonly [number | undefined, number | undefined],
  state: string,
): string | undefined {
  if (min !== undefined && value < min) {
    return `${state}, must be at least ${min}`;
  }
  if (max !== undefined && value > max) {
    return `${state}, must be at most ${max}`;
  }
  return undefined;
}

function rangeText(
  [min, max]: readonly [number | undefined, number | undefined],
  unit: string,
): readonly string[] {
  const end = unit === "" ? "" : ` ${unit}`;
  if (min !== undefined && max !== undefined) return [`${min} to ${max}${end}`];
  if (min !== undefined) return [`at least ${min}${end}`];
  return max === undefined ? [] : [`at most ${max}${end}`];
}

function hasFormat(format: TextFormat, text: string): boolean {
  switch (format) {
    case "email":
      return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$/.test(text);
    case "uri":
      return /^[a-z][a-z0-9+.-]*:\S+$/i.test(text) && URL.canParse(text);
    case "date":
      return isDay(text);
    case "date-time":
      return MOMENT.test(text) && isDay(text.slice(0, 10)) &&
        !Number.isNaN(Date.parse(text.replace(/[t ]/, "T")));
    default:
      return unreachable(format);
  }
}

// The 31st of February parses as a day in March.
function isDay(text: string): boolean {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(+year, Number(month) - 1, Number(day)));
  return date.toISOString().startsWith(text);
}

function findChoice(
  choices: readonly FormChoice[],
  text: string,
): FormChoice | undefined {
  // A value that is itself a number means itself, not its place.
  const exact = choices.find((one) => one.value === text);
  if (exact !== undefined) return exact;
  if (/^\d+$/.test(text)) return choices[Number(text) - 1];
  const lower = text.toLowerCase();
  const named = choices.filter(({ value, title }) =>
    value.toLowerCase() === lower || title.toLowerCase() === lower
  );
  return named.length === 1 ? named[0] : undefined;
}

function titleOf(kind: FormKind, value: string): string {
  const choices = kind.type === "choice" || kind.type === "choices"
    ? kind.choices
    : [];
  return choices.find((one) => one.value === value)?.title ?? value;
}

function problem(text: string): ReadValue {
  return { type: "problem", problem: text };
}
