/** Things of the file system that are no plain readable file, in every place where a path can be named. */
import { say } from "../support/mock_model.ts";
import { type Place, PLACES } from "./odd_places.ts";
import { openStage, runJson, runProgram, type Situation } from "./situation.ts";

interface Odd {
  readonly name: string;
  readonly isQuick: boolean;
  /** Puts it at the path; resolves to what starts the program so that it is odd. */
  readonly put: (path: string) => Promise<readonly string[]>;
}

async function shell(script: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-ec", script, "sh", ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Without capabilities root, too, is refused what a mode refuses. */
const WITHOUT_RIGHTS = Deno.uid() === 0
  ? ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"]
  : [];

// Nothing here may lead out of the stage: root could harm what a link leads to.
const ODD: readonly Odd[] = [
  odd("a named pipe", 'mkfifo "$1"', { isQuick: true }),
  ...device("zero", 5, { isQuick: true }),
  ...device("full", 7),
  ...device("null", 3),
  odd("a link to itself", 'ln -s "$1" "$1"', { isQuick: true }),
  odd("a dangling link", 'ln -s "$1.gone/file" "$1"'),
  odd("a link through a file", 'touch "$1.plain"; ln -s "$1.plain/x" "$1"'),
  odd("a link to a name too long", `ln -s "$1.${"n".repeat(300)}" "$1"`),
  odd("a link to a file of the kernel", 'ln -s /proc/self/pagemap "$1"'),
  odd(
    "a socket",
    `python3 -c 'import socket, os, sys
os.chdir(os.path.dirname(sys.argv[1]))
socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$1"`,
  ),
  odd("a folder", 'mkdir "$1"'),
  odd("a sparse file of 3 GiB", 'truncate -s 3G "$1"'),
  odd("a file without rights", 'echo "{}" > "$1"; chmod 0 "$1"', {
    before: WITHOUT_RIGHTS,
  }),
  odd("a folder without rights", 'mkdir "$1"; chmod 0 "$1"', {
    before: WITHOUT_RIGHTS,
  }),
];

function odd(
  name: string,
  script: string,
  options: { readonly isQuick?: boolean; readonly before?: readonly string[] } =
    {},
): Odd {
  const { isQuick = false, before = [] } = options;
  const put = async (path: string): Promise<readonly string[]> => {
    await shell(`rm -rf "$1"; ${script}`, path);
    return before;
  };
  return { name, isQuick, put };
}

// A node of our own; one who may not make it may not harm the system's either.
function device(
  name: string,
  minor: number,
  options: { readonly isQuick?: boolean } = {},
): Odd[] {
  const make = Deno.uid() === 0
    ? `mknod "$1" c 1 ${minor}`
    : `ln -s /dev/${name} "$1"`;
  return [odd(`/dev/${name}`, make, options)];
}

/** One place of each reader and writer: the gate tries these, the table all. */
const QUICK = new Set([
  "--output-schema",
  "-o",
  "--record",
  "-i",
  "-C",
  "model_instructions_file",
  "CODEX_HOME",
  "home config.toml",
  "work AGENTS.md",
  "workdir of shell",
  "patch update",
  "sessions verify",
]);

/** Every odd thing in every place. */
export function oddFiles(): Situation[] {
  return PLACES.flatMap((place) =>
    ODD.map((odd) => ({
      kind: "files that are no files",
      name: `${place.name}: ${odd.name}`,
      isQuick: odd.isQuick && QUICK.has(place.name),
      run: () => tryPlace(place, odd),
    }))
  );
}

async function tryPlace(place: Place, odd: Odd): Promise<void> {
  await using stage = await openStage({
    script: () => say("done"),
  });
  await place.prepare?.(stage);
  const path = await place.at(stage);
  stage.model.add(...place.script?.(path) ?? []);
  await shell('mkdir -p "$(dirname "$1")"', path);
  const before = await odd.put(path);
  const options = { before, env: place.env?.(path) ?? {}, ...place.promised };
  try {
    if (place.command === undefined) {
      await runJson(stage, place.args?.(path) ?? [], options);
    } else await runProgram(stage, place.command(path), options);
  } finally {
    await shell('[ -h "$1" ] || chmod 700 "$1" || true', path);
  }
}
