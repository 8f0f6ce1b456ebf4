/** The person's shell, and what of a login commands see: its variables, never its noise. */
import { writableRoots } from "../policy/writable.ts";
import { systemProgram } from "../policy/shell/split.ts";
import type { Gate, LiveGate } from "../protocol/command.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { SandboxPolicy } from "../protocol/policy.ts";
import { runProgram } from "../session/hooks/run_program.ts";
import { basename, isInside } from "../util/path.ts";

type Variables = Readonly<Record<string, string>>;

/** Those whose scripts rules and approvals look into. */
const READ: ReadonlySet<string> = new Set(["bash", "sh", "zsh"]);
const LOGINS: ReadonlySet<string> = new Set([...READ, "dash", "fish", "ksh"]);
const TAKES_WORD = /^([-+][oO]|--rcfile|--init-file)$/;
/** Set by what is started from a shell or at a terminal (bash(1), environ(7)). */
const OF_A_SHELL = ["SHLVL", "TERM"];
const MARK = "\0rondo\0";

/**
 * What command lines are written for: the person's shell where rules can read its scripts,
 * else one that is there.
 */
export async function findShell(
  { env, files }: Pick<Host, "env" | "files">,
): Promise<string> {
  for (const path of [env("SHELL") ?? "", "/bin/bash", "/usr/bin/bash"]) {
    const name = path.startsWith("/") ? systemProgram(path) : undefined;
    if (name === undefined || !READ.has(name)) continue;
    if ((await files.stat(path).catch(() => undefined))?.isFile) return path;
  }
  return "/bin/sh";
}

/** The variables that commands start from. */
interface PersonVariables {
  readonly envAll: () => Variables;
  /** To be waited for before the first command. */
  readonly ready: () => Promise<void>;
}

/**
 * Our own, which are those of the shell that started us. Where none did (a service, a
 * desktop), those that the person's login would add, asked for once: unless a command could
 * have written what a login reads.
 */
export function openPersonVariables(
  host: Host,
  options: {
    readonly policy: SandboxPolicy;
    readonly cwd: string;
    readonly warn: (message: string) => void;
  },
): PersonVariables {
  let added: Variables = {};
  let asked: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    if (hasShell(host) || await isLoginOpen(host, options)) return;
    const login = await readLogin(host, options.warn);
    if (login !== undefined) added = addedBy(host.envAll(), login);
  };
  return {
    envAll: () => ({ ...host.envAll(), ...added }),
    ready: () => asked ??= ask(),
  };
}

/** The gate, whose commands wait for their variables. */
export function withVariables(
  gate: LiveGate,
  { ready }: PersonVariables,
): LiveGate {
  return {
    run: async (...call) => {
      await ready();
      return await gate.run(...call);
    },
    hold: async (...call) => {
      await ready();
      return await gate.hold(...call);
    },
    admit: (...call) => gate.admit(...call),
  };
}

/** The gate, which never runs a login shell: `bash -lc X` becomes `bash -c X`. */
export function withoutLoginShells(gate: Gate): Gate {
  return {
    run: async (request, context) => {
      const { action } = request;
      if (action.type !== "command") return await gate.run(request, context);
      const argv = withoutLogin(request.argv);
      const plain = { ...action, argv: withoutLogin(action.argv) };
      return await gate.run({ ...request, argv, action: plain }, context);
    },
  };
}

function hasShell({ env, os }: Host): boolean {
  return os === "windows" ||
    OF_A_SHELL.some((name) => (env(name) ?? "") !== "");
}

// What a login reads lies in the home folder, under names that begin with a dot.
async function isLoginOpen(
  host: Host,
  { policy, cwd }: { readonly policy: SandboxPolicy; readonly cwd: string },
): Promise<boolean> {
  const path = host.homeDir();
  if (path === undefined) return true;
  const home = await host.files.realPath(path).catch(() => path);
  const tmpDir = host.env("TMPDIR");
  const roots = writableRoots(policy, { workspace: cwd, tmpDir });
  return roots !== "everything" &&
    roots.some((root) => isInside(home, root) || root.startsWith(`${home}/.`));
}

// Interactive, since what manages versions is set up there (~/.bashrc); without a terminal,
// and what it says on the way is dropped.
async function readLogin(
  host: Host,
  warn: (message: string) => void,
): Promise<Variables | undefined> {
  const shell = await loginShell(host);
  if (shell === undefined) return undefined;
  const { stdout, stopped } = await runProgram(host, {
    argv: [shell, "-ilc", "printf '\\0rondo\\0'; env -0"],
    cwd: host.homeDir() ?? "/",
    env: host.envAll(),
    timeoutMs: LIMITS.loginMs,
    outputBytesMax: LIMITS.loginBytes,
  });
  const at = stdout.lastIndexOf(MARK);
  if (at >= 0 && stopped === undefined) {
    return parseVariables(stdout.slice(at + MARK.length));
  }
  const why = stopped === undefined
    ? "it printed no variables"
    : `it took longer than ${LIMITS.loginMs} ms`;
  warn(
    `Commands start without what a login of yours would set: ${shell} -ilc was asked and ${why}. Start this program from a shell, or set allow_login_shell = false to ask no more`,
  );
  return undefined;
}

// The one of passwd(5): without a login $SHELL is what somebody else has set.
async function loginShell(host: Host): Promise<string | undefined> {
  const users = await host.files.readText("/etc/passwd").catch(() => "");
  const row = users.split("\n").map((line) => line.split(":"))
    .find(([, , uid]) => uid === String(host.uid));
  const shell = row?.[6] ?? host.env("SHELL") ?? "";
  return LOGINS.has(systemProgram(shell) ?? "") ? shell : undefined;
}

function parseVariables(text: string): Variables {
  return Object.fromEntries(
    text.split("\0").filter((pair) => pair.indexOf("=") > 0).map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

// What is set stays as it is; of PATH the folders that a login does not know come first.
function addedBy(own: Variables, login: Variables): Variables {
  const fresh = Object.entries(login).filter(([name]) =>
    own[name] === undefined && !["_", "OLDPWD", "PWD", "SHLVL"].includes(name)
  );
  const folders = (login["PATH"] ?? "").split(":");
  const kept = (own["PATH"] ?? "").split(":")
    .filter((folder) => !folders.includes(folder));
  return {
    ...Object.fromEntries(fresh),
    PATH: [...kept, ...folders].filter((folder) => folder !== "").join(":"),
  };
}

function withoutLogin(argv: readonly string[]): readonly string[] {
  const [program = "", ...words] = argv;
  if (!LOGINS.has(basename(program))) return argv;
  const flags: string[] = [];
  let at = 0;
  // Flags end with the first word that is none, and with the one that takes a script.
  while (/^[-+]/.test(words[at] ?? "")) {
    const word = words[at++] ?? "";
    const isShort = /^-[a-z]+$/i.test(word);
    const plain = isShort ? word.replaceAll("l", "") : word;
    if (plain !== "-" && word !== "--login") flags.push(plain);
    if (isShort && word.includes("c")) break;
    if (TAKES_WORD.test(word)) flags.push(words[at++] ?? "");
  }
  return [program, ...flags, ...words.slice(at)];
}
