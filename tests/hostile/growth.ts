/** `deno run -A tests/hostile/growth.ts [WORD]`: what reads the words of others, over ever longer texts; names what takes more than a second for a megabyte. Not in the gate: it measures time (of the processor, so that a busy machine counts little). */
import process from "node:process";
import { FRAGMENTS, READERS } from "./readers.ts";

const FULL = 1_000_000;
const START = FULL / 16;
/** Longer is not waited for. */
const SLOW_MS = 1_000;

interface Growth {
  readonly characters: number;
  readonly ms: number;
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
    let worst: Growth & { readonly unit?: string } = { characters: 0, ms: 0 };
    for (const unit of bodies) {
      tried++;
      const { characters, ms } = await grow(read, unit);
      if (ms > worst.ms) worst = { characters, ms, unit };
      if (ms <= SLOW_MS) continue;
      slow++;
      console.log(
        `${name}: ${
          JSON.stringify(unit)
        } takes ${ms} ms for ${characters} characters`,
      );
    }
    console.log(
      `${name}: at most ${worst.ms} ms (${JSON.stringify(worst.unit)})`,
    );
  }
  console.log(`${tried} tried, ${slow} over a second for a megabyte`);
  if (slow > 0) Deno.exitCode = 1;
}

// Doubles the text until it is a megabyte or takes too long.
async function grow(
  read: (text: string) => unknown,
  unit: string,
): Promise<Growth> {
  for (let characters = START;; characters *= 2) {
    const text = unit.repeat(Math.ceil(characters / unit.length));
    const before = process.cpuUsage();
    try {
      await read(text);
    } catch {
      // Refused: in how much time is what counts.
    }
    const { user, system } = process.cpuUsage(before);
    const ms = Math.round((user + system) / 1_000);
    if (characters >= FULL || ms > SLOW_MS) return { characters, ms };
  }
}
