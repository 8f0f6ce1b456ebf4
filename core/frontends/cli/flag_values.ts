/** From a flag's text to its value. Pure; throws UserError that names flag and forms. */
import type { LimitRaise } from "../../contract/command_line.ts";
import { UserError } from "../../protocol/error.ts";
import { unreachable } from "../../util/assert.ts";
import type { FlagSpec } from "./flags.ts";

export type FlagValue =
  | boolean
  | string
  | number
  | readonly string[]
  | readonly LimitRaise[];

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const RAISABLE: readonly LimitRaise["limit"][] = [
  "requests",
  "tokens",
  "tool-calls",
  "cost",
];

/** The value of a flag after one more occurrence of it. */
export function parseFlagValue(
  spec: FlagSpec,
  text: string,
  before?: FlagValue,
): FlagValue {
  switch (spec.kind) {
    case "switch":
      return true;
    case "text":
      return text;
    case "choice":
      if (spec.choices.includes(text)) return text;
      throw wrong(spec, text, `one of ${spec.choices.join(", ")}`);
    case "list": {
      const values = spec.split ? splitList(text) : [text];
      return [...(before as readonly string[] ?? []), ...values];
    }
    case "count":
      return parseCount(text) ??
        fail(spec, text, "a whole number above 0, e.g. 20, 50k or 2M");
    case "duration":
      return parseDuration(text) ??
        fail(spec, text, "a time, e.g. 90, 90s, 10m or 1h30m");
    case "money":
      return parseMoney(text) ?? fail(spec, text, "an amount, e.g. 0.50");
    case "raise":
      return [
        ...(before as readonly LimitRaise[] ?? []),
        parseRaise(text) ??
          fail(
            spec,
            text,
            `LIMIT=N or LIMIT=+N with LIMIT one of ${RAISABLE.join(", ")}`,
          ),
      ];
    default:
      return unreachable(spec);
  }
}

/** A time in milliseconds; a bare number is seconds. Undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return positive(Number(text) * 1_000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) {
    sum += Number(number) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return positive(sum);
}

/** A count with `k` or `M`. Undefined when it is none. */
export function parseCount(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kKmM]?)$/.exec(text);
  if (match === null) return undefined;
  const factor = { "": 1, k: 1_000, m: 1_000_000 }[
    (match[2] ?? "").toLowerCase() as "" | "k" | "m"
  ];
  const count = Number(match[1]) * factor;
  return Number.isSafeInteger(count) ? positive(count) : undefined;
}

function parseMoney(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? positive(Number(text)) : undefined;
}

function parseRaise(text: string): LimitRaise | undefined {
  const match = /^([a-z-]+)=(\+?)(.+)$/.exec(text);
  const limit = RAISABLE.find((name) => name === match?.[1]);
  if (match === null || limit === undefined) return undefined;
  const number = match[3] ?? "";
  const amount = limit === "cost" ? parseMoney(number) : parseCount(number);
  if (amount === undefined) return undefined;
  return { limit, amount, relative: match[2] === "+" };
}

function splitList(text: string): string[] {
  return text.split(",").filter((part) => part !== "");
}

function positive(number: number): number | undefined {
  return number > 0 && Number.isFinite(number) ? number : undefined;
}

function fail(spec: FlagSpec, text: string, wanted: string): never {
  throw wrong(spec, text, wanted);
}

function wrong(spec: FlagSpec, text: string, wanted: string): UserError {
  return new UserError(
    "usage",
    `Cannot use ${spec.long} ${JSON.stringify(text)}: must be ${wanted}`,
  );
}
