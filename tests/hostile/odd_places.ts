/** Where a path can be named: every flag, key, variable and command that takes one, and every file that is read by its name. */
import { call, customCall, type Step } from "../support/mock_model.ts";
import {
  type Promised,
  runJson,
  type RunOptions,
  type Stage,
} from "./situation.ts";

export interface Place {
  readonly name: string;
  /** Before it is put: what the run needs there. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** Where the odd thing goes. */
  readonly at: (stage: Stage) => string | Promise<string>;
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

/** All of them. */
export const PLACES: readonly Place[] = [
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
  ...["HOME", "TMPDIR", "SHELL", "PATH", "SSL_CERT_DIR", "XDG_RUNTIME_DIR"]
    .map((name) => ({
      name,
      at: beside,
      env: (path: string) => ({ [name]: path }),
      script: () => [call("shell", { command: ["bash", "-lc", "true"] })],
    })),
  ...[
    "experimental_instructions_file",
    "model_providers.mock.client_key",
    "mcp_servers.a.command",
    "log_dir",
    "sqlite_home",
  ].map((key) => ({ name: key, at: beside, args: setting(key) })),
  ...Object.entries({
    "sandbox_workspace_write.writable_roots": (path: string) => [path],
    "sandbox_workspace_write.deny_read": (path: string) => [path],
    "skills.config": (path: string) => [{ path, enabled: true }],
    "notify": (path: string) => [path],
    "mcp_servers.a": (path: string) => ({ command: "true", cwd: path }),
    "model_providers.mock.auth": (path: string) => ({
      command: path,
      args: [],
      cwd: path,
    }),
  }).map(([key, value]) => ({
    name: key,
    at: beside,
    args: (path: string) => ["-c", `${key}=${renderToml(value(path))}`],
  })),
  {
    name: "--approvals",
    at: beside,
    args: (path) => [
      "--approvals",
      `exec:${path}`,
      "-c",
      'approval_policy="untrusted"',
    ],
    script: () => [call("shell", { command: ["touch", "made"] })],
  },
  {
    name: "--profile",
    at: inHome("odd.config.toml"),
    args: () => ["--profile", "odd"],
  },
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
    "hooks.json",
    "spool",
    "git",
    "checkpoints",
    "archived_sessions",
    "session_blobs",
    "session_search.sqlite",
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
    ".gitmodules",
    ".git/config",
    ".git/HEAD",
    ".git/index",
    ".codex/rules",
    ".codex/rules/a.rules",
    ".codex/skills/one/SKILL.md",
    ".agents/skills/one/agents/openai.yaml",
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
  ...["list", "search done", "prune --yes", "cache", "verify"].map((words) => ({
    name: `sessions ${words}`,
    prepare: runOnce,
    at: inHome("sessions/odd.jsonl"),
    command: command("sessions", ...words.split(" ")),
  })),
  ...["session_index.jsonl", "archived_sessions", "session_search.sqlite"].map(
    (name) => ({
      name: `sessions search with ${name}`,
      prepare: runOnce,
      at: inHome(name),
      command: command("sessions", "search", "done"),
    }),
  ),
  {
    name: "sessions export --output",
    prepare: runOnce,
    at: beside,
    command: command("sessions", "export", "--all", "--output", "P", "odd"),
  },
  ...["a.txt", "b.txt"].map((name) => ({
    name: `undo of ${name}`,
    prepare: patchOnce,
    at: atWork(name),
    command: command("undo", "--yes"),
  })),
  ...["the notes", "a copy"].map((what) => ({
    name: `undo with ${what}`,
    prepare: patchOnce,
    at: ({ home }: Stage) =>
      newestBelow(
        `${home.codexHome}/checkpoints`,
        what === "a copy" ? /objects\/\w/ : /\.jsonl$/,
      ),
    command: command("undo", "--yes"),
  })),
  {
    name: "mcp add",
    at: inHome("config.toml"),
    command: command("mcp", "add", "a", "--", "true"),
  },
  {
    name: "debug prompt",
    at: atWork("AGENTS.md"),
    command: command("debug", "prompt", "hi"),
  },
  {
    name: "config explain",
    at: inHome("config.toml"),
    command: command("config", "explain", "model"),
  },
  {
    name: "sandbox --add-dir",
    at: beside,
    command: command(
      ...["sandbox", "-s", "workspace-write", "--add-dir", "P"],
      ...["--", "true"],
    ),
  },
  {
    name: "sandbox program",
    at: beside,
    command: command("sandbox", "-s", "read-only", "--", "P"),
    // The code is that of whoever could not run it.
    promised: { codes: [0, 1, 2, 8, 126, 127] },
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

/** A value of TOML, tables inline. */
export function renderToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderToml).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]) =>
    `${key} = ${renderToml(one)}`
  );
  return `{ ${members.join(", ")} }`;
}

async function runOnce(stage: Stage): Promise<void> {
  await runJson(stage, [], { codes: [0] });
}

// A turn that changed one file and made another.
async function patchOnce(stage: Stage): Promise<void> {
  await Deno.writeTextFile(`${stage.home.work}/a.txt`, "a\n");
  const lines = ["*** Update File: a.txt", "@@", "-a", "+b"];
  stage.model.add(patch([...lines, "*** Add File: b.txt", "+b"]));
  await runJson(stage, [], { codes: [0] });
}

async function newestBelow(folder: string, name: RegExp): Promise<string> {
  const { stdout } = await new Deno.Command("find", {
    args: [folder, "-type", "f"],
    stderr: "null",
  }).output();
  const paths = new TextDecoder().decode(stdout).trim().split("\n");
  return paths.find((path) => name.test(path)) ?? `${folder}/none`;
}
