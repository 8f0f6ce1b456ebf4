/** What keeping files for undo costs: the first look at a folder, a turn without changes, 1,000 changes. */
import { denoHost } from "../../core/host/host.ts";
import {
  type Checkpoints,
  createCheckpoints,
} from "../../core/session/undo/checkpoints.ts";
import { RUNS_VARIABLE } from "./bench.ts";
import { recordValues } from "./rows.ts";

const SIZES = [20, 10_000] as const;
const CHANGED = 1_000;
const FILES_A_FOLDER = 20;
const TEXT = "a line of a source file, neither short nor long\n".repeat(80);

interface Work extends AsyncDisposable {
  readonly path: string;
  open(): Checkpoints;
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const runs = Math.min(5, Number(Deno.env.get(RUNS_VARIABLE) ?? 5));
  for (const files of SIZES) {
    const times = new Map<string, number[]>();
    for (let run = 0; run < runs; run++) await measure(files, times);
    for (const [name, values] of times) {
      const count = files.toLocaleString("en");
      recordValues(`undo, ${count} files: ${name}`, "ms", values);
    }
  }
}

async function measure(
  files: number,
  times: Map<string, number[]>,
): Promise<void> {
  await using work = await makeWork(files);
  const time = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await run();
    const taken = performance.now() - start;
    times.set(name, [...times.get(name) ?? [], taken]);
    return result;
  };
  const checkpoints = work.open();
  const first = await time("first look", () => begin(checkpoints, "0", work));
  await first();
  await checkpoints.commit("0", 0);
  await time("turn without changes", async () => {
    await (await begin(checkpoints, "1", work))();
    await checkpoints.commit("1", 0);
  });
  const over = await begin(checkpoints, "2", work);
  const changed = Math.min(files, CHANGED);
  for (let at = 0; at < changed; at++) {
    await Deno.writeTextFile(pathOf(work.path, at), `changed ${at}\n`);
  }
  const count = changed.toLocaleString("en");
  await time(`${count} changed, noted`, async () => {
    await over();
    await checkpoints.commit("2", 0);
  });
  await time(`${count} changed, taken back`, () => work.open().undo(1));
}

async function begin(
  checkpoints: Checkpoints,
  turnId: string,
  { path }: Work,
): Promise<() => Promise<void>> {
  return await checkpoints.beforeProgram(turnId, {
    cwd: path,
    sandbox: { mode: "danger-full-access" },
    what: "make",
    isWhole: false,
    messagesBefore: 0,
  });
}

async function makeWork(files: number): Promise<Work> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "bench-" }),
  );
  const path = `${root}/work`;
  for (let at = 0; at < files; at++) {
    const file = pathOf(path, at);
    if (at % FILES_A_FOLDER === 0) {
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), {
        recursive: true,
      });
    }
    await Deno.writeTextFile(file, `${at}\n${TEXT}`);
  }
  const host = { ...denoHost(), homeDir: () => root };
  return {
    path,
    open: () =>
      createCheckpoints(host, { codexHome: `${root}/home`, threadId: "bench" }),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

function pathOf(work: string, at: number): string {
  return `${work}/folder${Math.floor(at / FILES_A_FOLDER)}/file${at}.ts`;
}
