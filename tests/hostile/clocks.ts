/** Clocks that jump, stand still or run backwards: only stamps may show it. */
import assert from "node:assert/strict";
import type { Host } from "../../core/protocol/host.ts";
import { call, fail, say } from "../support/mock_model.ts";
import { hostOf, runInside } from "./in_process.ts";
import { openStage, type Situation } from "./situation.ts";

const YEAR_MS = 365 * 24 * 3_600_000;

/** What the clock on the wall says at the nth look. */
const CLOCKS: Readonly<Record<string, (look: number) => number>> = {
  "stands still": () => Date.UTC(2026, 0, 1),
  "stands at 1970": () => 0,
  "stands before 1970": () => -YEAR_MS,
  "stands at the end of dates": () => 8.64e15,
  "runs backwards": (look) => Date.UTC(2026, 0, 1) - look * 60_000,
  "jumps a year ahead at each look": (look) =>
    Date.UTC(2026, 0, 1) + look * YEAR_MS,
  "jumps to and fro": (look) =>
    Date.UTC(2026, 0, 1) + (look % 2 === 0 ? YEAR_MS : -YEAR_MS),
};

/** Every clock, with retries, a limit and commands to be timed. */
export function oddClocks(): Situation[] {
  return Object.entries(CLOCKS).map(([name, clock]) => ({
    kind: "clocks",
    name: `one that ${name}`,
    isQuick: true,
    run: () => tryClock(clock),
  }));
}

async function tryClock(clock: (look: number) => number): Promise<void> {
  await using stage = await openStage({ script: () => say("done") });
  stage.model.add(
    fail(429, "slow down", { "retry-after": "0" }),
    fail(503, "busy"),
    call("shell", { command: ["sleep", "30"], timeout_ms: 100 }),
    call("shell", { command: ["true"] }),
  );
  let look = 0;
  const real = hostOf(stage.home);
  const host: Host = { ...real, now: () => new Date(clock(look++)) };
  const { code, said } = await runInside(host);
  assert.equal(code, 0, said);
  assert.equal(stage.model.requests.length, 5, said);
}
