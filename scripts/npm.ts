/** Makes npm packages from executables that are built: one for each system, and one that picks among them. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { VERSION } from "../core/protocol/version.ts";
import { loadDocuments } from "./release/documents.ts";
import { executableName, findBuilt } from "./release/mod.ts";
import { runScript, toPath } from "./run_script.ts";
import { type Target, TARGETS } from "./targets.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const SCOPE = "@rondo-cli";
const WRAPPER = `${SCOPE}/rondo`;

interface Words {
  readonly from: string;
  readonly out: string;
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: {
      from: { type: "string", default: "build" },
      out: { type: "string", default: "dist" },
    },
  });
  await runScript(() =>
    makePackages({ from: toPath(values.from), out: toPath(values.out) })
  );
}

/** Packs a tarball for every executable found, and the wrapper's. */
export async function makePackages({ from, out }: Words): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "rondo-npm-" });
  try {
    await Deno.mkdir(out, { recursive: true });
    for (const target of await findBuilt(from)) {
      const folder = `${work}/${target.name}`;
      await writePlatform(folder, target, from);
      await pack(folder, out);
    }
    await writeWrapper(`${work}/wrapper`);
    await pack(`${work}/wrapper`, out);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function writePlatform(
  folder: string,
  target: Target,
  from: string,
): Promise<void> {
  const program = `bin/rondo${target.suffix}`;
  await writePackage(folder, {
    name: `${SCOPE}/${target.name}`,
    description: `rondo for ${target.name}`,
    os: [target.npm.os],
    cpu: [target.npm.cpu],
    ...(target.npm.os === "linux" && { libc: ["glibc"] }),
    files: [program],
    preferUnplugged: true,
  });
  await Deno.copyFile(`${root}/LICENSE`, `${folder}/LICENSE`);
  await Deno.writeTextFile(
    `${folder}/README.md`,
    `The program of ${WRAPPER} for ${target.name}. Install that one: \`npm install -g ${WRAPPER}\`\n`,
  );
  await Deno.mkdir(`${folder}/bin`);
  await Deno.copyFile(
    `${from}/${executableName(target)}`,
    `${folder}/${program}`,
  );
  await Deno.chmod(`${folder}/${program}`, 0o755);
}

async function writeWrapper(folder: string): Promise<void> {
  const documents = await loadDocuments();
  await writePackage(folder, {
    name: WRAPPER,
    description: "Coding agent for the terminal and for programs, in one file",
    bin: { rondo: "rondo.cjs" },
    files: ["rondo.cjs", ...documents.map(({ path }) => path)],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(
      TARGETS.map(({ name }) => [`${SCOPE}/${name}`, VERSION]),
    ),
  });
  for (const { path, bytes } of documents) {
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    await Deno.writeFile(`${folder}/${path}`, bytes);
  }
  await Deno.writeTextFile(`${folder}/rondo.cjs`, renderWrapper());
  await Deno.chmod(`${folder}/rondo.cjs`, 0o755);
}

async function writePackage(
  folder: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const manifest = { version: VERSION, license: "Apache-2.0", ...facts };
  await Deno.writeTextFile(
    `${folder}/package.json`,
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
}

/** The program of the wrapper: becomes rondo where Node can, else starts it and ends as it ends. */
function renderWrapper(): string {
  const programs = Object.fromEntries(
    TARGETS.map(({ npm, name, suffix }) => [
      `${npm.os} ${npm.cpu}`,
      `${SCOPE}/${name}/bin/rondo${suffix}`,
    ]),
  );
  return `#!/usr/bin/env node
"use strict";
const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const PROGRAMS = ${JSON.stringify(programs, null, 2)};

const program = findProgram();
const words = process.argv.slice(2);
if (typeof process.execve === "function" && process.platform !== "win32") {
  process.execve(program, [program, ...words], process.env);
} else {
  start();
}

function findProgram() {
  const system = process.platform + " " + process.arch;
  const name = PROGRAMS[system];
  if (name === undefined) {
    fail("there is no build for " + system + ", must be " + Object.keys(PROGRAMS).join(", "));
  }
  try {
    return require.resolve(name);
  } catch {
    const found = name.split("/").slice(0, 2).join("/");
    fail(found + " is not installed, must be (npm install without --omit=optional; Alpine and other systems without glibc have no build)");
  }
}

function start() {
  const child = spawn(program, words, { stdio: "inherit" });
  child.on("error", (error) => fail(error.message));
  // A terminal signals both; what is sent to this process alone is handed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("exit", (code, signal) => {
    process.exit(code === null ? 128 + constants.signals[signal] : code);
  });
}

function fail(why) {
  console.error("Cannot start rondo: " + why);
  process.exit(1);
}
`;
}

async function pack(folder: string, out: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--silent", "--pack-destination", out],
    cwd: folder,
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`Cannot pack ${folder}: ${decoder.decode(stderr)}`);
  }
  console.log(`${out}/${decoder.decode(stdout).trim()}`);
}
