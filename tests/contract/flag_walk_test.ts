/** Every flag of every command changes something; one that nobody reads cannot pass here. */
import assert from "node:assert/strict";
import {
  type CommandName,
  commandNames,
  COMMANDS,
} from "../../core/contract/commands.ts";
import { type FlagName, FLAGS } from "../../core/contract/flags.ts";
import { effectsOf } from "../support/flag_effects.ts";
import {
  FLAG_ROWS,
  type FlagRow,
  PAIR_ROWS,
  SCENES,
  SEEN_ELSEWHERE,
  WITHOUT_EFFECT,
} from "./flag_walk_rows.ts";

/** Runs at a time. */
const WORKERS = 3;
const TRIES = 3;

interface Pair {
  readonly command: CommandName;
  readonly flag: FlagName;
}

// Commands that start an agent in the same way: one of each is walked, or all of them.
const KIN: Readonly<Partial<Record<CommandName, CommandName>>> =
  Deno.env.get("FLAG_PAIRS") === "all" ? {} : {
    "exec resume": "exec",
    "exec fork": "exec",
    "exec review": "exec",
    "review": "exec",
    // It hands them on.
    "batch": "exec",
    "resume": "repl",
    "fork": "repl",
  };

function allPairs(): readonly Pair[] {
  return commandNames().flatMap((command) =>
    COMMANDS[command].flags.map((flag) => ({ command, flag }))
  );
}

function nameOf({ command, flag }: Pair): string {
  return `${command} ${FLAGS[flag].long}`;
}

function seenElsewhere(pair: Pair): readonly string[] | undefined {
  return SEEN_ELSEWHERE[FLAGS[pair.flag].long] ?? SEEN_ELSEWHERE[nameOf(pair)];
}

Deno.test("every flag of every command changes something, one that nobody reads does not", async () => {
  const only = Deno.env.get("FLAG_ONLY");
  const pairs = allPairs().filter(({ command, flag }) => {
    const kin = KIN[command];
    return kin === undefined || !COMMANDS[kin].flags.includes(flag);
  }).filter((pair) => only === undefined || nameOf(pair).match(only))
    .filter((pair) => seenElsewhere(pair) === undefined);
  const wrong: string[] = [];
  let next = 0;
  const walk = async (): Promise<void> => {
    for (let pair = pairs[next++]; pair !== undefined; pair = pairs[next++]) {
      const problem = await findLastingProblem(pair);
      if (problem !== undefined) wrong.push(`${nameOf(pair)}: ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, walk));
  assert.deepEqual(wrong.sort(), []);
});

const bases = new Map<string, Promise<string>>();

/** What is wrong each time: where the cores are shared, a line can come late once. */
async function findLastingProblem(pair: Pair): Promise<string | undefined> {
  let problem = await findProblem(pair);
  for (let tries = 1; problem !== undefined && tries < TRIES; tries++) {
    bases.clear();
    problem = await findProblem(pair);
  }
  return problem;
}

async function findProblem(
  { command, flag }: Pair,
): Promise<string | undefined> {
  const row: FlagRow = {
    ...FLAG_ROWS[flag],
    ...PAIR_ROWS[nameOf({ command, flag })],
  };
  const { base = "", add, refused, ...over } = row;
  const { files } = SCENES[command];
  const scene = {
    ...SCENES[command],
    ...over,
    files: { ...files, ...over.files },
  };
  const own = wordsOf(base);
  const { kind, long } = FLAGS[flag];
  if (add === undefined && kind !== "switch") return "needs a row with a value";
  const key = JSON.stringify([scene, own]);
  const plain = bases.get(key) ?? effectsOf(scene, own);
  bases.set(key, plain);
  const changed = await effectsOf(scene, [...own, ...wordsOf(add ?? long)]);
  // A value that is refused makes a difference, and proves nothing.
  if (/"code": 2,/.test(changed)) {
    return refused && changed.includes(refused) ? undefined : "refused";
  }
  const isSame = await plain === changed;
  return isSame === WITHOUT_EFFECT.includes(flag)
    ? undefined
    : isSame
    ? "no effect"
    : "an effect";
}

function wordsOf(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

Deno.test("what is seen elsewhere is seen there", async () => {
  for (const [name, [file, test]] of Object.entries(SEEN_ELSEWHERE)) {
    const path = new URL(`../${file}`, import.meta.url);
    const text = await Deno.readTextFile(path);
    assert.ok(text.includes(`Deno.test(${JSON.stringify(test)}`), name);
  }
});
