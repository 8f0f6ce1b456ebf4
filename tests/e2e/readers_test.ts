/** Whoever reads a stream, and however slowly: every byte once and in order. */
import assert from "node:assert/strict";
import { call, say } from "../support/mock_model.ts";
import { agentCommand } from "../support/run_agent.ts";
import { type Stage, stage } from "./support.ts";

/** Runs with each kind of reader; `READER_RUNS=100` for a proof. */
const RUNS = Number(Deno.env.get("READER_RUNS") ?? 1);
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const TIOCSPTLCK = 0x40045431n;
const TIOCGPTN = 0x80045430n;
const PIPE_BYTES = 4096;

const isLinux = Deno.build.os === "linux";

/** Both ends of a way for bytes; the program's does not block. */
type OpenEnds = (libc: Libc) => { readonly ours: number; readonly its: number };

// A Go program and asyncio hand on pipes, Node and sshd sockets, `ssh -t` a terminal.
const WAYS: Readonly<Record<string, OpenEnds>> = {
  pipe: (libc) => {
    const ends = new Int32Array(2);
    assert.equal(libc.pipe(new Uint8Array(ends.buffer)), 0);
    const [ours = -1, its = -1] = ends;
    libc.fcntl(its, F_SETPIPE_SZ, PIPE_BYTES);
    return { ours, its };
  },
  "socket pair": (libc) => {
    const ends = new Int32Array(2);
    assert.equal(libc.socketpair(1, 1, 0, new Uint8Array(ends.buffer)), 0);
    const [ours = -1, its = -1] = ends;
    return { ours, its };
  },
  terminal: (libc) => {
    const open = (path: string): number =>
      libc.open(new TextEncoder().encode(`${path}\0`), O_RDWR | O_NOCTTY, 0);
    const ours = open("/dev/ptmx");
    const number = new Uint32Array([0]);
    libc.ioctl(ours, TIOCSPTLCK, new Uint8Array(number.buffer));
    libc.ioctl(ours, TIOCGPTN, new Uint8Array(number.buffer));
    const path = `/dev/pts/${number[0]}`;
    const its = open(path);
    new Deno.Command("stty", { args: ["-F", path, "raw", "-echo"] })
      .outputSync();
    return { ours, its };
  },
};

const STREAMS = [
  ["stdout", ["--json", "--deltas"]],
  ["stderr", ["--verbose"]],
] as const;

for (const [way, openEnds] of Object.entries(WAYS)) {
  for (const [stream, mode] of STREAMS) {
    Deno.test({
      name: `a ${stream} that does not block is whole, ${way}, ${RUNS} runs`,
      ignore: !isLinux,
      fn: async () => {
        await using s = await recorded(mode);
        for (let run = 0; run < RUNS; run++) {
          const read = await readSlowly(replay(s, mode), stream, openEnds);
          assertSame(read, s.expected[stream]);
        }
      },
    });
  }
}

const NODE = `
const { spawn } = require("node:child_process");
const child = spawn(process.argv[1], process.argv.slice(2), {
  stdio: ["ignore", "pipe", "ignore"],
});
child.stdout.on("data", (chunk) => {
  process.stdout.write(chunk);
  child.stdout.pause();
  setTimeout(() => child.stdout.resume(), 1);
});
child.on("close", (code) => process.exitCode = code);
`;

// What Node is given as stdout it makes non-blocking, and hands on so.
const NODE_INHERIT = `
const { spawn } = require("node:child_process");
process.stdout.write("");
const child = spawn(process.argv[1], process.argv.slice(2), {
  stdio: ["ignore", "inherit", "ignore"],
});
child.on("close", (code) => process.exitCode = code);
`;

const ASYNCIO = `
import asyncio, sys
async def main():
    child = await asyncio.create_subprocess_exec(
        *sys.argv[1:], stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, limit=1024)
    while chunk := await child.stdout.read(1500):
        sys.stdout.buffer.write(chunk)
        await asyncio.sleep(0)
    return await child.wait()
sys.exit(asyncio.run(main()))
`;

const PARENTS = {
  "Node": ["node", "-e", NODE],
  "Node that hands on its own": ["node", "-e", NODE_INHERIT],
  "Python's asyncio": ["python3", "-c", ASYNCIO],
} as const;

for (const [name, argv] of Object.entries(PARENTS)) {
  Deno.test({
    name: `a stream that ${name} reads slowly is whole, ${RUNS} runs`,
    ignore: !isLinux || !isThere(argv[0]),
    fn: async () => {
      const mode = STREAMS[0][1];
      await using s = await recorded(mode);
      for (let run = 0; run < RUNS; run++) {
        const [command, ...args] = [...argv, ...replay(s, mode).argv];
        const { code, stdout } = await new Deno.Command(command!, {
          ...replay(s, mode).options,
          args,
          stdout: "piped",
          stderr: "inherit",
        }).output();
        assert.equal(code, 0);
        assertSame(new TextDecoder().decode(stdout), s.expected.stdout);
      }
    },
  });
}

interface Recorded extends Stage {
  readonly expected: Readonly<Record<"stdout" | "stderr", string>>;
}

// A replay says the same to the byte, whoever reads it.
async function recorded(mode: readonly string[]): Promise<Recorded> {
  const s = await stage({
    script: [
      [
        say(`${"ä".repeat(40_000)}.`, { deltas: 200 }),
        call("shell", { command: ["sh", "-c", "seq 1 4000"] }),
      ],
      say("y".repeat(20_000), { deltas: 100 }),
    ],
  });
  const args = [...WORDS, ...mode, "--record", cassetteOf(s), "go"];
  const { code } = await s.run(args);
  assert.equal(code, 0);
  const { argv } = replay(s, mode);
  const expected = await s.run(argv.slice(agentCommand().length));
  assert.equal(expected.code, 0, expected.stderr);
  return { ...s, expected };
}

const WORDS = ["exec", "--skip-git-repo-check", "-s", "danger-full-access"];

function cassetteOf(s: Stage): string {
  return `${s.home.root}/run.cassette`;
}

interface Replay {
  readonly argv: readonly string[];
  readonly options: Pick<
    Deno.CommandOptions,
    "cwd" | "env" | "clearEnv" | "stdin"
  >;
}

function replay(s: Stage, mode: readonly string[]): Replay {
  return {
    argv: [
      ...agentCommand(),
      ...WORDS,
      ...mode,
      "--replay",
      cassetteOf(s),
      "go",
    ],
    options: {
      cwd: s.home.work,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: s.home.home,
        CODEX_HOME: s.home.codexHome,
        TMPDIR: s.home.temp,
        MOCK_KEY: "mock-key",
        NO_COLOR: "1",
      },
      clearEnv: true,
      stdin: "null",
    },
  };
}

async function readSlowly(
  { argv, options }: Replay,
  stream: "stdout" | "stderr",
  openEnds: OpenEnds,
): Promise<string> {
  using opened = openLibc();
  const { libc } = opened;
  const { ours, its } = openEnds(libc);
  libc.fcntl(its, F_SETFL, O_RDWR | O_NONBLOCK);
  libc.fcntl(ours, F_SETFL, O_RDWR | O_NONBLOCK);
  const to = stream === "stdout" ? 1 : 2;
  const child = new Deno.Command("bash", {
    ...options,
    args: [
      "-c",
      `exec "$@" ${to}>&${its} ${its}>&- ${ours}<&-`,
      "bash",
      ...argv,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  libc.close(its);
  let isOver = false;
  const status = child.status.finally(() => isOver = true);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let turn = 0;; turn++) {
    const wasOver = isOver;
    const chunk = new Uint8Array(1 + turn * 37 % 3_000);
    const count = Number(libc.read(ours, chunk, BigInt(chunk.length)));
    if (count > 0) chunks.push(chunk.subarray(0, count));
    else if (wasOver) break;
    // Slow now and then, so that its end is full again and again.
    if (count <= 0 || turn % 8 === 0) {
      await new Promise((r) => setTimeout(r, 1));
    }
  }
  libc.close(ours);
  assert.equal((await status).code, 0);
  return new TextDecoder().decode(join(chunks));
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(
    chunks.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function assertSame(read: string, expected: string): void {
  if (read === expected) return;
  let at = 0;
  while (read[at] === expected[at]) at++;
  assert.fail(
    `differs at ${at}: ${read.length} of ${expected.length} characters`,
  );
}

function isThere(command: string): boolean {
  try {
    return new Deno.Command(command, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

const SYMBOLS = {
  pipe: { parameters: ["buffer"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

function openLibc(): Disposable & { readonly libc: Libc } {
  const library = Deno.dlopen("libc.so.6", SYMBOLS);
  return { libc: library.symbols, [Symbol.dispose]: () => library.close() };
}
