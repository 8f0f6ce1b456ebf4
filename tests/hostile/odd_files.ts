/** Things of the file system that are no plain readable file, and where a path can be named. */
import { call, customCall, say, type Step } from "../support/mock_model.ts";
import {
  openStage,
  type Promised,
  runJson,
  type RunOptions,
  runProgram,
  type Situation,
  type Stage,
} from "./situation.ts";

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
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
  : [];

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

interface Place {
  readonly name: string;
  /** Where the odd thing goes. */
  readonly at: (stage: Stage) => string;
  readonly args?: ((path: string) => readonly string[]) | undefined;
  readonly env?: (path: string) => RunOptions["env"];
  /** What the model does with it. */
  readonly script?: (path: string) => readonly Step[];
  /** A command line other than `exec --json`. */
  readonly command?: ((path: string) => readonly string[]) | undefined;
  readonly promised?: Promised;
}

function beside({ home }: Stage): string {
  return `${home.root}/odd`;
}

function inWork({ home }: Stage): string {
  return `${home.work}/odd`;
}

function inHome(name: string): Place["at"] {
  return ({ home }) => `${home.codexHome}/${name}`;
}

function atWork(name: string): Place["at"] {
  return ({ home }) => `${home.work}/${name}`;
}

function flag(...words: string[]): Place["args"] {
  return (path) => [...words, path];
}

function setting(key: string): Place["args"] {
  return (path) => ["-c", `${key}=${JSON.stringify(path)}`];
}

function patch(lines: readonly string[]): Step {
  const text = ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
  return customCall("apply_patch", text);
}

function command(...words: string[]): Place["command"] {
  return (path) => words.map((word) => word === "P" ? path : word);
}

const UPDATE = ["*** Update File: odd", "@@", "-a", "+b"];
const HEREDOC =
  "apply_patch <<'E'\n*** Begin Patch\n*** Add File: new\n+x\n*** End Patch\nE";

const PLACES: readonly Place[] = [
  { name: "--output-schema", at: beside, args: flag("--output-schema") },
  { name: "-o", at: beside, args: flag("-o") },
  { name: "--record", at: beside, args: flag("--record") },
  { name: "--replay", at: beside, args: flag("--replay") },
  { name: "-i", at: beside, args: flag("-i") },
  { name: "-C", at: beside, args: flag("-C") },
  { name: "--add-dir", at: beside, args: flag("--add-dir") },
  {
    name: "model_instructions_file",
    at: beside,
    args: setting("model_instructions_file"),
  },
  {
    name: "experimental_compact_prompt_file",
    at: beside,
    args: setting("experimental_compact_prompt_file"),
  },
  {
    name: "model_catalog_json",
    at: beside,
    args: setting("model_catalog_json"),
  },
  {
    name: "ca_bundle",
    at: beside,
    args: setting("model_providers.mock.ca_bundle"),
  },
  {
    name: "client_cert",
    at: beside,
    args: setting("model_providers.mock.client_cert"),
  },
  {
    name: "SSL_CERT_FILE",
    at: beside,
    env: (path) => ({ SSL_CERT_FILE: path }),
  },
  {
    name: "CODEX_HOME",
    at: beside,
    env: (path) => ({ CODEX_HOME: path }),
  },
  { name: "HOME", at: beside, env: (path) => ({ HOME: path }) },
  { name: "TMPDIR", at: beside, env: (path) => ({ TMPDIR: path }) },
  ...[
    "config.toml",
    "auth.json",
    "AGENTS.md",
    "AGENTS.override.md",
    "history.jsonl",
    "sessions",
    "skills",
    "rules",
    "trust.json",
    "session_index.jsonl",
    "requirements.toml",
    "tmp",
  ].map((name) => ({ name: `home ${name}`, at: inHome(name) })),
  ...["default.rules", "x.rules"].map((name) => ({
    name: `rules ${name}`,
    at: inHome(`rules/${name}`),
  })),
  { name: "a skill", at: inHome("skills/one/SKILL.md") },
  ...[
    "AGENTS.md",
    "AGENTS.override.md",
    ".mcp.json",
    ".codex",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".agents",
    ".agents/skills",
    ".agents/skills/one/SKILL.md",
    ".git",
    ".gitignore",
  ].map((name) => ({ name: `work ${name}`, at: atWork(name) })),
  {
    name: "workdir of shell",
    at: inWork,
    script: (path) => [call("shell", { command: ["pwd"], workdir: path })],
  },
  {
    name: "view_image",
    at: inWork,
    script: (path) => [call("view_image", { path })],
  },
  { name: "patch update", at: inWork, script: () => [patch(UPDATE)] },
  {
    name: "patch add",
    at: inWork,
    script: () => [patch(["*** Add File: odd", "+x"])],
  },
  {
    name: "patch delete",
    at: inWork,
    script: () => [patch(["*** Delete File: odd"])],
  },
  {
    name: "patch below",
    at: inWork,
    script: () => [patch(["*** Add File: odd/a/b", "+x"])],
  },
  {
    name: "patch move",
    at: inWork,
    script: () => [
      patch(["*** Add File: plain", "+a"]),
      patch([
        "*** Update File: plain",
        "*** Move to: odd",
        "@@",
        "-a",
        "+b",
      ]),
    ],
  },
  {
    name: "cd && apply_patch",
    at: inWork,
    script: () => [
      call("shell", { command: ["bash", "-lc", `cd odd && ${HEREDOC}`] }),
    ],
  },
  {
    name: "workdir of apply_patch",
    at: inWork,
    script: (path) => [
      call("shell", { command: ["bash", "-lc", HEREDOC], workdir: path }),
    ],
  },
  { name: "policy test", at: beside, command: command("policy", "test", "P") },
  { name: "policy lint", at: beside, command: command("policy", "lint", "P") },
  {
    name: "policy explain --rules",
    at: beside,
    command: command("policy", "explain", "--rules", "P", "--", "ls"),
  },
  {
    name: "sandbox -C",
    at: beside,
    command: command("sandbox", "-C", "P", "--", "true"),
  },
  {
    name: "resume PATH",
    at: beside,
    command: command("exec", "resume", "P", "x"),
  },
  {
    name: "sessions verify",
    at: beside,
    command: command("sessions", "verify", "P"),
  },
  {
    name: "sessions list",
    at: inHome("sessions"),
    command: command("sessions"),
  },
  { name: "doctor", at: inHome("config.toml"), command: command("doctor") },
  {
    name: "mcp list",
    at: atWork(".mcp.json"),
    command: command("mcp", "list"),
  },
  { name: "trust", at: atWork(".mcp.json"), command: command("trust") },
  {
    name: "login status",
    at: inHome("auth.json"),
    command: command("login", "status"),
  },
  { name: "logout", at: inHome("auth.json"), command: command("logout") },
];

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
  const path = place.at(stage);
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
