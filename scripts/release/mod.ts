/** Makes a folder of files to hand out from executables that are built: archives, sums, bill of materials, manifests. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { VERSION } from "../../core/protocol/version.ts";
import { sha256 } from "../denort.ts";
import { runScript, toPath } from "../run_script.ts";
import { type Target, TARGETS } from "../targets.ts";
import { type ArchiveFile, makeArchive } from "./archive.ts";
import { loadDocuments } from "./documents.ts";
import {
  archiveName,
  renderFormula,
  renderScoop,
  renderSums,
  type Sum,
} from "./manifests.ts";
import { buildSbom, type Graph, type Lock, type Runtime } from "./sbom.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const decoder = new TextDecoder();

/** A runtime that grew or a build that took too much along is seen here, not by a user. */
const EXECUTABLE_MAX_BYTES = 125_000_000;
const ARCHIVE_MAX_BYTES = 60_000_000;

/** The line of install.sh that says where releases lie. */
const BASE_URL_LINE = /^base_url=.*$/m;

const USAGE = `Usage: deno task release --base-url URL [--from DIR] [--out DIR]

--from  where the executables are (build), as "deno task build --target" names them
--out   where the files go (dist)
--base-url  where people will fetch them, for example
        https://github.com/OWNER/rondo/releases/download/v${VERSION}`;

interface Words {
  readonly from: string;
  readonly out: string;
  readonly baseUrl: string;
}

if (import.meta.main) {
  await runScript(() => makeRelease(parseWords(Deno.args)));
}

function parseWords(args: readonly string[]): Words {
  const { values } = parseArgs({
    args: [...args],
    options: {
      from: { type: "string", default: "build" },
      out: { type: "string", default: "dist" },
      "base-url": { type: "string" },
    },
  });
  const { from, out, "base-url": baseUrl } = values;
  if (baseUrl === undefined) throw new Error(USAGE);
  return { from: toPath(from), out: toPath(out), baseUrl };
}

/** Writes the release of every target found in `from`. Throws when there is none. */
export async function makeRelease(words: Words): Promise<void> {
  const { from, out, baseUrl } = words;
  await Deno.mkdir(out, { recursive: true });
  const targets = await findBuilt(from);
  const sums: Sum[] = [];
  const write = async (file: string, bytes: Uint8Array): Promise<void> => {
    await Deno.writeFile(`${out}/${file}`, bytes);
    sums.push({ file, sha256: sha256(bytes) });
  };
  for (const target of targets) {
    const files = await filesOf(target, from);
    for (const kind of target.archives) {
      const bytes = makeArchive(kind, files);
      checkSize(archiveName(target, kind), bytes.length, ARCHIVE_MAX_BYTES);
      await write(archiveName(target, kind), bytes);
    }
  }
  const runtime = await readRuntimeOf(targets, from);
  await write(
    `rondo-${VERSION}.cdx.json`,
    encode(await loadSbom(runtime)),
  );
  await write("install.sh", encode(await loadInstaller(baseUrl)));
  await Deno.writeTextFile(`${out}/SHA256SUMS`, renderSums(sums));
  await Deno.writeTextFile(
    `${out}/rondo.rb`,
    renderFormula(baseUrl, sums, targets.filter(({ suffix }) => suffix === "")),
  );
  const windows = targets.find(({ suffix }) => suffix !== "");
  if (windows !== undefined) {
    await Deno.writeTextFile(
      `${out}/rondo.json`,
      renderScoop(baseUrl, sums, windows),
    );
  }
  for (const { file, sha256 } of sums) console.log(`${sha256}  ${file}`);
}

/** The targets whose executables lie in a folder. Throws when there is none. */
export async function findBuilt(from: string): Promise<Target[]> {
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(from)) names.add(name);
  const found = TARGETS.filter((target) => names.has(executableName(target)));
  if (found.length > 0) return found;
  throw new Error(
    `Cannot make a release of ${from}: no executable is in it, must be one like ${
      TARGETS.map(executableName)[0]
    } (deno task build --target NAME)`,
  );
}

/** As `deno task build --target` names it. */
export function executableName({ name, suffix }: Target): string {
  return `rondo-${name}${suffix}`;
}

async function filesOf(target: Target, from: string): Promise<ArchiveFile[]> {
  const program = await Deno.readFile(`${from}/${executableName(target)}`);
  checkSize(executableName(target), program.length, EXECUTABLE_MAX_BYTES);
  const folder = `rondo-${VERSION}`;
  const documents = (await loadDocuments()).map(({ path, bytes }) => ({
    name: `${folder}/${path}`,
    bytes,
    isProgram: false,
  }));
  const manual = await run(Deno.execPath(), [
    "run",
    "--no-check",
    "--allow-all",
    "main.ts",
    "man",
  ]);
  return [
    {
      name: `${folder}/rondo${target.suffix}`,
      bytes: program,
      isProgram: true,
    },
    {
      name: `${folder}/rondo.1`,
      bytes: encode(manual),
      isProgram: false,
    },
    ...documents,
  ];
}

function checkSize(name: string, bytes: number, max: number): void {
  if (bytes <= max) return;
  throw new Error(
    `Cannot release ${name}: it has ${bytes} bytes, must be at most ${max} (scripts/release/mod.ts)`,
  );
}

// A runtime says its version where it runs: on this machine's own system.
async function readRuntimeOf(
  targets: readonly Target[],
  from: string,
): Promise<Runtime | undefined> {
  const target = targets.find(({ triple }) => triple === Deno.build.target);
  if (target === undefined) return undefined;
  const program = `${from}/${executableName(target)}`;
  const text = await run(program, ["--version", "--verbose"]);
  const version = /^deno (\S+),/m.exec(text)?.[1];
  const sha256 = /^sha256 of the \S+ (\S+)$/m.exec(text)?.[1];
  if (version === undefined || sha256 === undefined) {
    throw new Error(`Cannot read ${program} --version --verbose: ${text}`);
  }
  return { version, sha256 };
}

async function loadSbom(runtime: Runtime | undefined): Promise<string> {
  const graph: Graph = JSON.parse(
    await run(Deno.execPath(), ["info", "--json", "main.ts"]),
  );
  const lock: Lock = JSON.parse(await Deno.readTextFile(`${root}/deno.lock`));
  const commit = (await run("git", ["rev-parse", "HEAD"])).trim();
  const sbom = buildSbom(graph, lock, {
    commit,
    ...(runtime !== undefined && { runtime }),
  });
  return `${JSON.stringify(sbom, null, 2)}\n`;
}

async function loadInstaller(baseUrl: string): Promise<string> {
  const script = await Deno.readTextFile(`${root}/scripts/install.sh`);
  if (!BASE_URL_LINE.test(script)) {
    throw new Error("Broken invariant: install.sh has no line base_url=");
  }
  return script.replace(
    BASE_URL_LINE,
    `base_url='${baseUrl.replaceAll("'", "")}'`,
  ).replace(/^version=.*$/m, `version='${VERSION}'`);
}

async function run(program: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: root,
  }).output();
  if (code === 0) return decoder.decode(stdout);
  throw new Error(
    `Cannot run ${program} ${args[0]}: exit ${code}\n${decoder.decode(stderr)}`,
  );
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
