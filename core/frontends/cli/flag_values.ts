/** The value of a flag from its text. Pure; throws UserError that names flag and forms. */
import type { LimitRaise } from "../../contract/command_line.ts";
import { usageError, type UserError } from "../../protocol/error.ts";
import { unreachable } from "../../util/assert.ts";
import { parseDuration } from "../../util/duration.ts";
import type { FlagSpec } from "../../contract/flags.ts";

export type FlagValue =
  | boolean
  | string
  | number
  | readonly string[]
  | readonly LimitRaise[];

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
        fail(spec, text, "a duration, e.g. 90, 90s, 10m or 1h30m");
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

// `50k`, `2M`; undefined when it is not a count above 0.
function parseCount(text: string): number | undefined {
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
  return usageError(
    `Cannot use ${spec.long} ${JSON.stringify(text)}: must be ${wanted}`,
  );
}
