/** What MCP costs a run that has no server: the program against itself without that code. */
import { findDenort } from "../denort.ts";
import {
  medianOf,
  messageAnswer,
  runOnce,
  type Subject,
  subjects,
} from "./bench.ts";

const RUNS = 25;
/** Most that a run may be slower with the code than without it. */
const SHARE_MAX = 1.1;
/** Parts of the program that are asked for by name, and only where servers are. */
const ENTRIES = /^mcp_/;

const buildDir = new URL("../../build", import.meta.url).pathname;

interface Bundle {
  readonly texts: ReadonlyMap<string, string>;
  /** Files that only MCP needs. */
  readonly mcp: readonly string[];
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const bundle = await readBundle(`${buildDir}/js`);
  print("what only MCP needs", `${sizeOf(bundle, bundle.mcp)} KB`);
  print("the whole program", `${sizeOf(bundle, [...bundle.texts.keys()])} KB`);
  const folder = await Deno.makeTempDir({ prefix: "bench-mcp-" });
  try {
    await measure(await buildFloor(bundle, folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// A run of the floor that touched what was taken out would fail, and the measurement with it.
async function measure(floorPath: string): Promise<void> {
  const [built] = subjects();
  if (built === undefined) throw new Error("There is no program to measure");
  const all: readonly Subject[] = [
    { ...built, name: "as built" },
    { ...built, name: "without that code", path: floorPath },
    // Shows that the measurement sees the code once it is loaded.
    {
      ...built,
      name: "one server, turned off",
      extraArgs: ["-c", 'mcp_servers.off={command="true",enabled=false}'],
    },
  ];
  const values = all.map((): number[] => []);
  for (let round = 0; round <= RUNS; round++) {
    for (const [at, subject] of all.entries()) {
      const run = await runOnce({
        subject,
        sandbox: "danger-full-access",
        answer: () => messageAnswer(),
      });
      // The first round warms the disk cache and does not count.
      if (round > 0) values[at]?.push(run.requestsMs[0] ?? NaN);
    }
  }
  const medians = values.map(medianOf);
  all.forEach(({ name }, at) =>
    print(
      `process start to first request, ${name}`,
      `${medians[at]?.toFixed(1)} ms n=${RUNS}`,
    )
  );
  const share = (medians[0] ?? NaN) / (medians[1] ?? NaN);
  const isMissed = !(share <= SHARE_MAX);
  print(
    "share",
    `${share.toFixed(3)} of at most ${SHARE_MAX}${isMissed ? "  MISSED" : ""}`,
  );
}

async function readBundle(folder: string): Promise<Bundle> {
  const texts = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js")) continue;
    texts.set(name, await Deno.readTextFile(`${folder}/${name}`));
  }
  const named = [...texts.keys()].filter((name) => !name.startsWith("chunk-"));
  const entries = named.filter((name) => ENTRIES.test(name));
  if (entries.length === 0) throw new Error("No file of MCP is in the bundle");
  const others = loadedWith(
    texts,
    named.filter((name) => !ENTRIES.test(name)),
  );
  const mcp = [...loadedWith(texts, entries)].filter((name) =>
    !others.has(name)
  );
  return { texts, mcp };
}

/** All files that are loaded with these, whatever happens afterwards. */
function loadedWith(
  texts: ReadonlyMap<string, string>,
  files: readonly string[],
): ReadonlySet<string> {
  const seen = new Set(files);
  // A set that grows while it is walked is walked to its end.
  for (const file of seen) {
    const statics = (texts.get(file) ?? "")
      .matchAll(/\b(?:from|import)"\.\/([^"]+)"/g);
    for (const [, name = ""] of statics) seen.add(name);
  }
  return seen;
}

async function buildFloor(bundle: Bundle, folder: string): Promise<string> {
  for (const [name, text] of bundle.texts) {
    const isOut = bundle.mcp.includes(name);
    await Deno.writeTextFile(
      `${folder}/${name}`,
      isOut ? 'throw new Error("Code of MCP was loaded");' : text,
    );
  }
  await Deno.writeTextFile(`${folder}/deno.json`, "{}\n");
  const { path } = await findDenort(buildDir);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--no-check",
      "--no-code-cache",
      "--allow-all",
      "--no-prompt",
      "--output=floor",
      "main.js",
    ],
    cwd: folder,
    env: path === undefined ? {} : { DENORT_BIN: path },
  }).spawn().status;
  if (code !== 0) throw new Error(`deno compile ended with ${code}`);
  return `${folder}/floor`;
}

function sizeOf({ texts }: Bundle, names: readonly string[]): string {
  const bytes = names.reduce(
    (sum, name) => sum + (texts.get(name)?.length ?? 0),
    0,
  );
  return `${names.length} files, ${(bytes / 1_024).toFixed(0)}`;
}

function print(name: string, value: string): void {
  console.log(`${name.padEnd(56)} ${value}`);
}
