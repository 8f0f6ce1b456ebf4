/** How large the window is, and in which words a server says that a prompt does not fit. */
import { LIMITS } from "../../protocol/limits.ts";
import type { RateLimit } from "../../protocol/provider.ts";
import type { Asked, Asker } from "./asker.ts";
import { type BodyOptions, hugeOutputBody, longBody } from "./bodies.ts";
import {
  briefly,
  type Finding,
  notSupported,
  supported,
  unknown,
} from "./findings.ts";
import type { ListedModels } from "./models.ts";

interface Overflow extends Pick<ListedModels, "windowTokens"> {
  readonly finding: Finding;
}

/**
 * First by an output that cannot be, which costs nothing where it is refused; then by a
 * prompt that is too long, where the window is small enough to be paid for.
 */
export async function judgeOverflow(
  asker: Asker,
  body: BodyOptions,
  listed: ListedModels,
): Promise<Overflow> {
  const huge = await asker.ask(hugeOutputBody(body));
  const known = judgeRefusal(huge);
  if (known !== undefined) {
    return { ...listed, ...known };
  }
  const { windowTokens } = listed;
  const name = "overflow_words";
  if (windowTokens === undefined) {
    return {
      finding: unknown(name, "the size of the window is not told"),
    };
  }
  if (windowTokens > LIMITS.probePromptTokens) {
    return {
      windowTokens,
      finding: unknown(
        name,
        `that would take a prompt of more than ${windowTokens} tokens`,
      ),
    };
  }
  const long = await asker.ask(longBody(body, windowTokens * 1.25));
  const said = judgeRefusal(long);
  if (said !== undefined) return { windowTokens, ...said };
  return {
    windowTokens,
    finding: long.ok
      ? notSupported(
        name,
        "a prompt that is too long is taken, and cut in silence",
      )
      : long.isRefusal
      ? notSupported(name, `not understood: ${briefly(long.error.message)}`)
      : unknown(name, briefly(long.error.message)),
  };
}

function judgeRefusal(asked: Asked): Overflow | undefined {
  if (asked.ok || asked.error.kind !== "context_window") return undefined;
  const { windowTokens, message } = asked.error;
  return {
    finding: supported("overflow_words", `understood: ${briefly(message)}`),
    ...(windowTokens !== undefined && { windowTokens }),
  };
}

/** Sizes and rates, as far as they are told. */
export function judgeLimits(
  { outputTokens }: ListedModels,
  { windowTokens, rateLimits }: {
    readonly windowTokens: number | undefined;
    readonly rateLimits: readonly RateLimit[];
  },
): Finding {
  const told = [
    ...windowTokens === undefined ? [] : [`window ${windowTokens} tokens`],
    ...outputTokens === undefined ? [] : [`output ${outputTokens} tokens`],
    ...rateLimits.map(({ name, left, usedShare }) =>
      left === undefined
        ? `${name} ${Math.round(usedShare * 100)} % used`
        : `${name} ${left.count} of ${left.of} left`
    ),
  ];
  return told.length === 0
    ? unknown("limits", "the server tells none")
    : supported("limits", told.join(", "));
}
