/** What MCP costs a run that has no server: the program against itself built without that code. */
import { PROGRAM_SCRIPTS } from "../../core/host/program_script.ts";
import { messageAnswer, runOnce, type Subject, subjects } from "./bench.ts";
import { recordValues } from "./rows.ts";

const RUNS = 25;
/** Where that code begins: all of it is reached by dynamic imports of these. */
const ENTRIES = [
  "core/app/mcp/command.ts",
  "core/app/serve/mcp_server.ts",
  "tools/mcp/servers.ts",
  "tools/mcp/project_file.ts",
] as const;
const PARTS = ["core", "prompts", "sandbox", "scripts", "tools"] as const;
const FILES = ["main.ts", "deno.json", "deno.lock"] as const;

const root = decodeURIComponent(new URL("../..", import.meta.url).pathname)
  .replace(/\/$/, "");

if (import.meta.main) await main();

async function main(): Promise<void> {
  const floor = await Deno.makeTempDir({ prefix: "bench-mcp-" });
  try {
    await compileFloor(floor);
    await printSizes(floor);
    await measure(floor);
  } finally {
    await Deno.remove(floor, { recursive: true });
  }
}

// The same build of the same source; a run that loads what is not there fails, and the
// measurement with it.
async function compileFloor(folder: string): Promise<void> {
  for (const name of [...PARTS, ...FILES]) {
    await copy(`${root}/${name}`, `${folder}/${name}`);
  }
  for (const name of ENTRIES) {
    await Deno.writeTextFile(
      `${folder}/${name}`,
      'throw new Error("Code of MCP was loaded");\nexport {};\n',
    );
  }
  // The runtime that an earlier build has found.
  await Deno.mkdir(`${folder}/build`);
  for await (const { name } of Deno.readDir(`${root}/build`)) {
    if (!name.startsWith("denort-")) continue;
    await Deno.copyFile(`${root}/build/${name}`, `${folder}/build/${name}`);
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--quiet", "scripts/build.ts"],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function printSizes(floor: string): Promise<void> {
  for (const [name, folder] of [["as built", root], ["without MCP", floor]]) {
    const { size } = await Deno.stat(
      `${folder}/build/js/${PROGRAM_SCRIPTS.early.source}`,
    );
    print(`text of the program, ${name}`, `${Math.round(size / 1_024)} KB`);
  }
}

async function measure(floor: string): Promise<void> {
  const [own] = subjects();
  if (own === undefined) throw new Error("There is no program to measure");
  // Beside the other one: disks differ.
  const built = { ...own, path: `${floor}/build/as_built` };
  await Deno.copyFile(own.path, built.path);
  const all: readonly Subject[] = [
    { ...built, name: "MCP built in" },
    { ...built, name: "MCP not built in", path: `${floor}/build/rondo` },
    // Shows that the measurement sees the code once it is loaded.
    {
      ...built,
      name: "an MCP server, turned off",
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
  all.forEach(({ name }, at) =>
    recordValues(`start to first request, ${name}`, "ms", values[at] ?? [])
  );
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) {
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copy(`${from}/${name}`, `${to}/${name}`);
  }
}

function print(name: string, value: string): void {
  console.log(`${name.padEnd(56)} ${value}`);
}
