/** Hosts that record a run on a cassette, and hosts that play one back. */
import { errorReason, usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { uuidV7 } from "../util/uuid.ts";
import type { Engine } from "./engine.ts";
import { recordedFetch } from "./fetch.ts";
import {
  learnDisk,
  learningFiles,
  recordedFiles,
  recordedNameIndex,
  recordedNoFollowFiles,
} from "./files.ts";
import {
  type Cassette,
  CASSETTE_VERSION,
  type CassetteHeader,
  type CassetteMode,
  parseCassette,
} from "./format.ts";
import { placesOf, replayedModelFetch } from "./model.ts";
import { SeededRandom } from "./random.ts";
import { CassetteWriter, LiveEngine } from "./record_engine.ts";
import { Redactor, redactVariable } from "./redact.ts";
import { ReplayEngine } from "./replay_engine.ts";
import { recordedSpawn } from "./spawn.ts";

export interface RecordedHost {
  readonly host: Host;
  /**
   * Ends the recording or replay; the host must not be used any more. Throws what kept the
   * cassette from being written whole.
   */
  close(): void;
}

/**
 * A host that does everything for real and writes it to a new cassette: `full` all the
 * program learns from outside, `model` its HTTP exchanges. Secrets are never written.
 * Throws UserError when the file cannot be made.
 */
export async function openRecorder(
  real: Host,
  options: {
    readonly path: string;
    readonly mode: CassetteMode;
    readonly program: { readonly name: string; readonly version: string };
    /** Values that must not be written, beside those that are found. */
    readonly secrets?: readonly string[];
    /** Settings of the command line, `KEY=VALUE`. */
    readonly overrides?: readonly string[];
  },
): Promise<RecordedHost> {
  const redactor = new Redactor({
    env: (name) => real.env(name),
    places: [real.cwd, real.homeDir() ?? "", ...real.selfCommand([])],
  });
  redactor.learn(...options.secrets ?? []);
  for (const override of options.overrides ?? []) {
    redactor.learnOverride(override);
  }
  redactor.learnVariables(real.envAll());
  await learnDisk(real, redactor);
  const writer = new CassetteWriter(
    await createFile(real, options.path),
    redactor,
  );
  const engine = new LiveEngine(real, writer);
  const header: CassetteHeader = {
    cassette: CASSETTE_VERSION,
    mode: options.mode,
    program: options.program.name,
    version: options.program.version,
    seed: Math.floor(real.random() * 2 ** 32),
    start: [...engine.start],
    os: real.os,
    arch: real.arch,
    pid: real.pid,
    uid: real.uid,
    ...placesOf(real),
    timezone: real.timezone(),
    self: [...real.selfCommand([])],
  };
  writer.add(header);
  const fetch = recordedFetch({
    engine,
    fetch: real.fetch,
    places: header,
    onHeaders: (headers) => {
      redactor.learnHeaders(headers);
      writer.release();
    },
  });
  const host = options.mode === "model"
    ? { ...real, fetch, files: learningFiles(real.files, redactor) }
    : buildHost({ engine, real, header, redactor, fetch });
  return { host, close: () => engine.close() };
}

/**
 * A host that answers from a cassette: `full` in everything, as if the program ran where and
 * when it was recorded; `model` in HTTP alone, tools run for real and differences are
 * warned of. Throws UserError when the cassette cannot be played so.
 */
export async function openReplay(
  real: Host,
  options: {
    readonly path: string;
    readonly mode: CassetteMode;
    readonly timing?: "kept" | "skipped";
    readonly onWarning: (message: string) => void;
  },
): Promise<RecordedHost> {
  const cassette = await loadCassette(real, options.path);
  const replay = {
    timing: options.timing ?? "skipped",
    sleep: (ms: number) => real.sleep(ms),
    onWarning: options.onWarning,
  };
  if (options.mode === "model") {
    const fetch = replayedModelFetch(cassette, real, replay);
    return { host: { ...real, fetch }, close: () => {} };
  }
  if (cassette.header.mode !== "full") {
    throw usageError(
      `Cannot replay ${options.path} in full: it was recorded in mode "model"`,
    );
  }
  const engine = new ReplayEngine(cassette, replay);
  const { header } = cassette;
  const fetch = recordedFetch({
    engine,
    fetch: real.fetch,
    places: header,
    onHeaders: () => {},
  });
  const redactor = new Redactor();
  const host = buildHost({ engine, real, header, redactor, fetch });
  return { host, close: () => engine.close() };
}

function buildHost(parts: {
  readonly engine: Engine;
  readonly real: Host;
  readonly header: CassetteHeader;
  readonly redactor: Redactor;
  readonly fetch: Host["fetch"];
}): Host {
  const { engine, real, header } = parts;
  const random = new SeededRandom(header.seed);
  const environment = recordedEnv(engine, real);
  return {
    os: header.os,
    arch: header.arch,
    pid: header.pid,
    uid: header.uid,
    cwd: header.cwd,
    files: recordedFiles(engine, real.files, parts.redactor),
    noFollowFiles: recordedNoFollowFiles(
      engine,
      real.noFollowFiles,
      parts.redactor,
    ),
    createNameIndex: (wanted) => recordedNameIndex(engine, real, wanted),
    fetch: parts.fetch,
    decodeImage: (bytes, type) => real.decodeImage(bytes, type),
    spawn: recordedSpawn(engine, real),
    selfCommand: (args) => [...header.self, ...args],
    ...environment,
    homeDir: () => header.home ?? undefined,
    now: () => new Date(engine.nowMs()),
    monotonicMs: () => engine.monotonicMs(),
    timezone: () => header.timezone,
    newId: () => uuidV7(engine.nowMs(), random.bytes(10)),
    random: () => random.next(),
    sleep: (ms, signal) =>
      engine.run({
        key: `sleep:${ms}`,
        real: () => real.sleep(ms, signal),
        encode: () => undefined,
        decode: () => {},
        signal,
        mayStayOpen: true,
      }),
    isAlive: (pid) =>
      engine.runSync({
        key: `isAlive:${pid}`,
        real: () => real.isAlive(pid),
        encode: (value) => value,
        decode: Boolean,
      }),
    kill: (pid, signal) => {
      if (engine.isReal) real.kill(pid, signal);
    },
  };
}

async function createFile(
  real: Host,
  path: string,
): Promise<Awaited<ReturnType<Host["files"]["openAppend"]>>> {
  try {
    // What was recorded before is replaced, never continued.
    await real.files.write(path, "", { mode: 0o600 });
    return await real.files.openAppend(path);
  } catch (error) {
    throw usageError(`Cannot record to ${path}: ${errorReason(error)}`);
  }
}

async function loadCassette(real: Host, path: string): Promise<Cassette> {
  let text: string;
  try {
    text = await real.files.readText(path, { pipe: true });
  } catch (error) {
    throw usageError(`Cannot replay ${path}: ${errorReason(error)}`);
  }
  return parseCassette(text, path);
}

/**
 * Children get the whole environment, and nobody knows what a person keeps there. No child
 * runs in a full replay, so a cassette needs none of it but what says where things are.
 */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LC_\w+|TERM|TZ|TMPDIR|CODEX_HOME|XDG_\w+)$/;

/** Asked for once: the environment does not change under a running program. */
function recordedEnv(
  engine: Engine,
  real: Pick<Host, "env" | "envAll">,
): Pick<Host, "env" | "envAll"> {
  const known = new Map<string, string | undefined>();
  let all: Readonly<Record<string, string>> | undefined;
  return {
    env: (name) => {
      if (known.has(name)) return known.get(name);
      const value = engine.runSync({
        key: `env:${name}`,
        real: () => real.env(name),
        encode: (text) =>
          text === undefined ? undefined : redactVariable(name, text),
        decode: (text) => text === undefined ? undefined : String(text),
      });
      known.set(name, value);
      return value;
    },
    envAll: () =>
      all ??= engine.runSync({
        key: "envAll",
        real: () => real.envAll(),
        encode: (values) =>
          Object.fromEntries(
            Object.entries(values).filter(([name]) => KEPT.test(name)),
          ),
        decode: (values) => values as Readonly<Record<string, string>>,
      }),
  };
}
