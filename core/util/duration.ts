/** Durations as people write them: `90` seconds, `90s`, `10m`, `1h30m`, `30d`. Pure. */

/** What `parseDuration()` takes; 0 is none. */
export const DURATION =
  /^(?=.*[1-9])(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)$/;

export const DURATION_OR_FOREVER = new RegExp(`^forever$|${DURATION.source}`);

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** In whole milliseconds; a bare number is seconds. Undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit = "s"] of text.matchAll(/([\d.]+)([a-z]+)?/g)) {
    sum += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  return Number.isFinite(sum) ? Math.max(1, Math.round(sum)) : undefined;
}
