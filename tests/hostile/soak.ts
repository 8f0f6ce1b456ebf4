/** `deno task soak [--minutes N] [--seed S] [--turns N] [--commands N] [--ends N]`: a conversation, a stream of lines and an MCP server play many turns, with random faults of server, model, machine and reader; what grows is a leak. */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { mockModel, say } from "../support/mock_model.ts";
import { type AgentHome, agentHome, mockConfig } from "../support/run_agent.ts";
import {
  EAGER,
  jsonlPlayer,
  mcpPlayer,
  type Player,
  type Reader,
  replPlayer,
  TROUBLES,
  type Turn,
} from "./players.ts";
import { playOnce } from "./short_runs.ts";
import { soakCommands } from "./soak_commands.ts";
import { FAULTS } from "./soak_faults.ts";

const TURNS_MAX = 10_000;
/** That live on, and runs that end with some. */
const COMMANDS = 5_000;
const ENDS = 200;
/** Turns before the first look, so that caches are warm. */
const WARM_TURNS = 60;
const LOOK_EVERY = 20;
/** Fewer show no trend: the first quarter is held against the last one. */
const LOOKS_MIN = 8;
/** A turn that takes longer hangs. Far above what any takes on a busy machine. */
const HANG_MS = 120_000;

/** What one process holds. */
interface Held {
  readonly descriptors: number;
  readonly processes: number;
  readonly rssMiB: number;
}

interface Look {
  readonly turns: number;
  readonly tempFiles: number;
  /** Of the working folder, whoever is their parent. */
  readonly strays: number;
  readonly logBytesPerTurn: number;
  readonly players: Readonly<Record<string, Held>>;
}

/** Whoever reads: at once, or so slowly that the pipe is full again and again. */
const READERS: readonly Reader[] = [
  EAGER,
  EAGER,
  { bytes: 512, pauseMs: 1 },
  { bytes: 4_096, pauseMs: 5 },
  { bytes: 65_536, pauseMs: 200 },
];

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args.filter((word) => word !== "--"),
    options: {
      minutes: { type: "string", default: "20" },
      turns: { type: "string", default: String(TURNS_MAX) },
      commands: { type: "string", default: String(COMMANDS) },
      ends: { type: "string", default: String(ENDS) },
      seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    },
  });
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  try {
    await soakCommands(randomOf(seed), {
      commands: countOf(values.commands),
      ends: countOf(values.ends),
    });
    const looks = await soak(randomOf(seed), {
      untilMs: Date.now() + countOf(values.minutes) * 60_000,
      turns: countOf(values.turns),
    });
    checkFlat(looks);
    console.log(`flat over ${looks.at(-1)?.turns ?? 0} turns, seed ${seed}`);
  } catch (error) {
    console.error(`to replay: deno task soak --seed ${seed}`);
    throw error;
  }
}

function countOf(text: string): number {
  const count = Number(text);
  assert.ok(count > 0, `Cannot soak: ${text}, must be a number above 0`);
  return count;
}

/** A generator of its own seed (mulberry32), so that a run can be replayed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function soak(
  random: () => number,
  limits: { readonly untilMs: number; readonly turns: number },
): Promise<Look[]> {
  await using model = mockModel({ laws: false, script: () => say("done") });
  await using home = await agentHome();
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, {
      provider: "request_max_retries = 2\nstream_max_retries = 2",
      top: "model_auto_compact_token_limit = 40000",
      bottom: `[projects.${
        JSON.stringify(home.work)
      }]\ntrust_level = "trusted"`,
    }),
  );
  const players = [jsonlPlayer(home), mcpPlayer(home), replPlayer(home)];
  const looks: Look[] = [];
  const pick = <T>(all: readonly T[]): T =>
    all[Math.floor(random() * all.length)] as T;
  try {
    for (
      let turns = 1;
      turns <= limits.turns && Date.now() < limits.untilMs;
      turns++
    ) {
      const player = pick([...players, undefined]);
      const fault = pick(FAULTS);
      const turn: Turn = {
        text: `turn ${turns}`,
        reader: pick(READERS),
        trouble: pick(TROUBLES),
        afterMs: random() * 200,
      };
      model.add(...fault());
      const what = JSON.stringify({
        ...turn,
        by: player?.name,
        fault: `${fault}`,
      });
      await inTime(
        what,
        () => player === undefined ? playOnce(home, turn) : player.play(turn),
        () => player?.seen() ?? "",
      );
      // The server keeps what it was sent; what is measured is the program.
      (model.requests as unknown[]).length = 0;
      if (turns < WARM_TURNS || turns % LOOK_EVERY !== 0) continue;
      looks.push(await look(players, home, turns));
      console.log(JSON.stringify(looks.at(-1)));
    }
    for (const player of players) {
      // That of lines is the code of its last turn.
      assert.notEqual(await player.close(), 70, player.name);
    }
  } finally {
    for (const player of players) player.kill();
  }
  return looks;
}

async function inTime(
  what: string,
  run: () => Promise<void>,
  seen: () => string,
): Promise<void> {
  let alarm: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    alarm = setTimeout(() => reject(new Error("it hangs")), HANG_MS);
  });
  try {
    await Promise.race([run(), late]);
  } catch (error) {
    console.error(`in ${what}, which wrote:\n${seen().slice(-3_000)}`);
    throw error;
  } finally {
    clearTimeout(alarm);
  }
}

async function look(
  players: readonly Player[],
  home: AgentHome,
  turns: number,
): Promise<Look> {
  const held: Record<string, Held> = {};
  for (const { name, pid } of players) held[name] = await lookAt(pid());
  const [tempFiles = 0, strays = 0, log = 0] = await numbers(
    `find ${home.temp} | wc -l
ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -c ' ${home.work}'
find ${home.codexHome} -name '*.jsonl' -printf '%s\\n' | awk '{ s += $1 } END { print s }'`,
  );
  return {
    turns,
    tempFiles,
    strays,
    logBytesPerTurn: Math.round(log / turns),
    players: held,
  };
}

async function lookAt(pid: number): Promise<Held> {
  const [descriptors = 0, processes = 0, rssKiB = 0] = await numbers(
    `ls /proc/${pid}/fd | wc -l
cat /proc/${pid}/task/*/children | wc -w
awk '/VmRSS/ { print $2 }' /proc/${pid}/status`,
  );
  return { descriptors, processes, rssMiB: Math.round(rssKiB / 1024) };
}

async function numbers(script: string): Promise<number[]> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] })
    .output();
  return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
}

/** The last quarter may need no more than the first one did, by a margin for the collector. */
function checkFlat(looks: readonly Look[]): void {
  assert.ok(
    looks.length >= LOOKS_MIN,
    `Cannot tell whether it is flat: ${looks.length} looks, must be ${LOOKS_MIN} (more --minutes or --turns)`,
  );
  const rows: [string, (one: Look) => number, number, number][] = [
    ["tempFiles", ({ tempFiles }) => tempFiles, 1, 4],
    ["strays", ({ strays }) => strays, 1, 1],
    ["logBytesPerTurn", (one) => one.logBytesPerTurn, 1.2, 1_000],
    ...Object.keys(looks[0]?.players ?? {}).flatMap((name) => {
      const of = (key: keyof Held) => (one: Look): number =>
        one.players[name]?.[key] ?? 0;
      return [
        [`descriptors of ${name}`, of("descriptors"), 1, 4],
        [`processes of ${name}`, of("processes"), 1, 1],
        [`rssMiB of ${name}`, of("rssMiB"), 1.3, 40],
      ] as [string, (one: Look) => number, number, number][];
    }),
  ];
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const grown = rows.flatMap(([name, of, factor, slack]) => {
    const before = Math.max(...looks.slice(0, quarter).map(of));
    const after = Math.max(...looks.slice(-quarter).map(of));
    console.log(`${name}: ${before} at first, ${after} at last`);
    return after <= before * factor + slack ? [] : [name];
  });
  assert.deepEqual(grown, [], "what grew");
}
