/** `deno run -A tests/hostile/growth.ts [WORD]`: what reads the words of others, over ever longer texts; names what takes more than a second for a megabyte, or more than 2.5 times as long for twice the text. Not in the gate: it measures time (of the processor, so that a busy machine counts little). */
import process from "node:process";
import { FRAGMENTS, READERS } from "./readers.ts";

const FULL = 1_000_000;
const START = FULL / 16;
/** Longer is not waited for. */
const SLOW_MS = 1_000;
/** Times that twice the text may take; less than this many ms are noise. */
const GROWTH_MAX = 2.5;
const NOISE_MS = 150;
/** Times that what looks odd is measured again. */
const TRIES = 5;

interface Growth {
  readonly characters: number;
  readonly ms: number;
  /** Against half of it. */
  readonly times: number;
}

if (import.meta.main) await main(Deno.args[0] ?? "");

async function main(word: string): Promise<void> {
  const bodies = [
    ...FRAGMENTS,
    ...FRAGMENTS.map((one) => `${one}a `),
  ];
  let tried = 0;
  let slow = 0;
  for (const [name, read] of Object.entries(READERS)) {
    if (!name.includes(word)) continue;
    let worst: Growth & { readonly unit?: string } = {
      characters: 0,
      ms: 0,
      times: 1,
    };
    for (const unit of bodies) {
      tried++;
      const { characters, ms, times } = await grow(read, unit);
      if (ms > worst.ms) worst = { characters, ms, times, unit };
      if (ms <= SLOW_MS && times <= GROWTH_MAX) continue;
      slow++;
      console.log(
        `${name}: ${
          JSON.stringify(unit)
        } takes ${ms} ms for ${characters} characters, ${
          times.toFixed(1)
        } times as long as for half`,
      );
    }
    console.log(
      `${name}: at most ${worst.ms} ms (${JSON.stringify(worst.unit)})`,
    );
  }
  console.log(`${tried} tried, ${slow} too slow`);
  if (slow > 0) Deno.exitCode = 1;
}

// Doubles the text until it is a megabyte or takes too long.
async function grow(
  read: (text: string) => unknown,
  unit: string,
): Promise<Growth> {
  let half = { text: "", ms: Infinity };
  for (let characters = START;; characters *= 2) {
    const text = unit.repeat(Math.ceil(characters / unit.length));
    let ms = await time(read, text);
    const isOdd = (): boolean => ms > NOISE_MS && ms > half.ms * GROWTH_MAX;
    // Both again, the best of each counts: a collection of garbage is no growth.
    for (let tries = 0; tries < TRIES && (isOdd() || ms > SLOW_MS); tries++) {
      ms = Math.min(ms, await time(read, text));
      if (half.text === "") continue;
      half.ms = Math.min(half.ms, Math.max(1, await time(read, half.text)));
    }
    if (characters >= FULL || ms > SLOW_MS || isOdd()) {
      return { characters, ms, times: isOdd() ? ms / half.ms : 1 };
    }
    half = { text, ms: Math.max(ms, 1) };
  }
}

async function time(
  read: (text: string) => unknown,
  text: string,
): Promise<number> {
  const before = process.cpuUsage();
  try {
    await read(text);
  } catch {
    // Refused: in how much time is what counts.
  }
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1_000);
}
