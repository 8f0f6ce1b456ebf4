/** Permission profiles and requirement files beside Codex's own program; not part of the gate. */
// `deno run -A scripts/side_by_side.ts CODEX [RONDO]`, as root on Linux: the files of policy
// are laid over /etc in a mount namespace of each run's own.
import { parseArgs } from "node:util";

interface Profile {
  readonly name: string;
  readonly toml: string;
  /** Where the two differ. */
  readonly why?: string;
}

const ROOTS = '[permissions.p.filesystem.":workspace_roots"]\n';
const FILES = "[permissions.p.filesystem]\n";
function extend(parent: string, rest = ""): string {
  return `[permissions.p]\nextends = ":${parent}"\n${rest}`;
}

const PROFILES: readonly Profile[] = [
  { name: "read-only", toml: extend("read-only") },
  { name: "workspace", toml: extend("workspace") },
  { name: "hide .env", toml: extend("workspace", `${ROOTS}".env" = "deny"`) },
  {
    name: "hide **/*.env",
    toml: extend("workspace", `${ROOTS}"**/*.env" = "deny"`),
  },
  {
    name: "hide folder",
    toml: extend("workspace", `${ROOTS}"docs" = "deny"`),
  },
  {
    name: "none is deny",
    toml: extend("workspace", `${ROOTS}".env" = "none"`),
  },
  { name: "docs kept", toml: extend("workspace", `${ROOTS}"docs" = "read"`) },
  {
    name: "read below deny",
    toml: extend("workspace", `${ROOTS}"docs" = "deny"\n"docs/a" = "read"`),
  },
  {
    name: "write below read",
    toml: extend("read-only", `${ROOTS}"docs" = "write"`),
  },
  {
    name: "subtree /**",
    toml: extend("read-only", `${ROOTS}"docs/**" = "write"`),
  },
  {
    name: "workspace read",
    toml: extend("workspace", `${ROOTS}"." = "read"`),
  },
  {
    name: ".git writable",
    toml: extend("workspace", `${ROOTS}".git" = "write"`),
  },
  {
    name: "absolute deny",
    toml: extend("read-only", `${FILES}"$WORK/.env" = "deny"`),
  },
  {
    name: "root and work",
    toml: `${FILES}":root" = "read"\n":workspace_roots" = "write"`,
  },
  {
    name: "minimal",
    toml:
      `${FILES}":minimal" = "read"\n[permissions.p.filesystem.":workspace_roots"]\n"." = "write"`,
    why: "Codex starts itself again inside, from its home, which is not shown",
  },
  {
    name: "glob write",
    toml: extend("read-only", `${ROOTS}"*.md" = "write"`),
  },
  {
    name: "relative path",
    toml: extend("read-only", `${FILES}"docs" = "deny"`),
  },
  {
    name: "path above",
    toml: extend("read-only", `${ROOTS}"../x" = "deny"`),
  },
  { name: "unknown parent", toml: extend("nothing") },
  { name: "full access parent", toml: extend("danger-full-access") },
];

const REQUIREMENTS: readonly Profile[] = [
  { name: "read-only", toml: 'allowed_sandbox_modes = ["read-only"]' },
  {
    name: "two modes",
    toml: 'allowed_sandbox_modes = ["read-only", "workspace-write"]',
  },
  { name: "no read-only", toml: 'allowed_sandbox_modes = ["workspace-write"]' },
  {
    name: "approvals",
    toml: 'allowed_approval_policies = ["untrusted", "on-request"]',
  },
  { name: "no approvals", toml: "allowed_approval_policies = []" },
  { name: "broken", toml: "allowed_sandbox_modes = [" },
  {
    name: "unknown key",
    toml: "allowed_sandboxes = []",
    why: "a policy that is misspelt must not hold nobody",
  },
  {
    name: "deny_read",
    toml: '[permissions.filesystem]\ndeny_read = ["$WORK/.env"]',
  },
  {
    name: "profiles",
    toml:
      'default_permissions = ":read-only"\n[allowed_permission_profiles]\n":read-only" = true',
  },
  {
    name: "wrong profile",
    toml:
      'default_permissions = "gone"\n[allowed_permission_profiles]\ngone = true',
  },
];

// Each prints a letter for what it may do.
const PROBE = [
  "cat .env >/dev/null 2>&1 && printf e",
  "cat docs/a >/dev/null 2>&1 && printf d",
  "cat docs/b >/dev/null 2>&1 && printf D",
  "cat /var/tmp/side-by-side-outside >/dev/null 2>&1 && printf o",
  "(echo x > new) 2>/dev/null && printf w && rm -f new",
  "(echo x > docs/new) 2>/dev/null && printf W && rm -f docs/new",
  "(echo x > .git/new) 2>/dev/null && printf g && rm -f .git/new",
  "echo .",
].join("; ");

// By what can be written it is known which mode holds.
const MODE =
  "printf '<'; (echo > new) 2>/dev/null && printf w; (echo > /var/lib/side-by-side) 2>/dev/null && printf f; printf '>'; rm -f new /var/lib/side-by-side; exit 0";
const MODES = [
  ["<>", "read-only"],
  ["<w>", "workspace-write"],
  ["<wf>", "danger-full-access"],
] as const;

async function run(
  command: readonly string[],
  options: {
    readonly cwd: string;
    readonly home: string;
    readonly etc?: string;
  },
): Promise<{ readonly code: number; readonly text: string }> {
  const [program = "", ...args] = options.etc === undefined ? command : [
    "unshare",
    "-m",
    "sh",
    "-c",
    'mount --bind "$0" /etc && exec "$@"',
    options.etc,
    ...command,
  ];
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: options.cwd,
    env: { CODEX_HOME: options.home },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, text: decode(stdout) + decode(stderr) };
}

// What the probe printed, or that the program did not get so far.
function letters({ code, text }: { code: number; text: string }): string {
  const found = /^[edDowWg]*\.$/m.exec(text);
  if (found !== null) return found[0];
  return code === 0 ? "?" : "refused";
}

async function makePlace(): Promise<{ work: string; home: string }> {
  const work = await Deno.makeTempDir({ dir: "/var/tmp" });
  const home = await Deno.makeTempDir({ dir: "/var/lib" });
  await Deno.mkdir(`${work}/docs`);
  await Deno.mkdir(`${work}/.git`);
  await Deno.writeTextFile(`${work}/.env`, "SECRET\n");
  await Deno.writeTextFile(`${work}/docs/a`, "a\n");
  await Deno.writeTextFile(`${work}/docs/b`, "b\n");
  await Deno.writeTextFile("/var/tmp/side-by-side-outside", "o\n");
  return { work, home };
}

async function compareProfiles(codex: string, rondo: string): Promise<void> {
  for (const { name, toml, why } of PROFILES) {
    const { work, home } = await makePlace();
    await Deno.writeTextFile(
      `${home}/config.toml`,
      `default_permissions = "p"\n${toml.replaceAll("$WORK", work)}\n`,
    );
    const options = { cwd: work, home };
    const probe = ["--", "sh", "-c", PROBE];
    const theirs = letters(
      await run([codex, "sandbox", "-P", "p", "-C", work, ...probe], options),
    );
    const ours = letters(
      await run([rondo, "sandbox", "-C", work, ...probe], options),
    );
    report(name, { ours, theirs, why });
    await Deno.remove(work, { recursive: true });
    await Deno.remove(home, { recursive: true });
  }
}

async function compareRequirements(
  codex: string,
  rondo: string,
): Promise<void> {
  for (const { name, toml, why } of REQUIREMENTS) {
    const { work, home } = await makePlace();
    const etc = await Deno.makeTempDir({ dir: "/var/tmp" });
    await run(["cp", "-a", "/etc/.", etc], { cwd: work, home });
    await Deno.mkdir(`${etc}/codex`, { recursive: true });
    await Deno.writeTextFile(
      `${etc}/codex/requirements.toml`,
      toml.replaceAll("$WORK", work),
    );
    await Deno.writeTextFile(
      `${home}/config.toml`,
      'sandbox_mode = "danger-full-access"\napproval_policy = "on-request"\n',
    );
    const options = { cwd: work, home, etc };
    // Codex says in its first prompt what holds; rondo runs a command under it.
    const said = await run([codex, "debug", "prompt-input", "hi"], options);
    const mode = /`sandbox_mode` is `([a-z-]+)`/.exec(said.text)?.[1];
    const theirs = said.code !== 0 ? "refused" : mode ?? "?";
    const told = await run([rondo, "sandbox", "--", "sh", "-c", MODE], options);
    const ours = MODES.find(([printed]) => told.text.includes(printed))?.[1] ??
      "refused";
    report(name, { ours, theirs, why });
    for (const path of [work, home, etc]) {
      await Deno.remove(path, { recursive: true });
    }
  }
}

function report(
  name: string,
  { ours, theirs, why = "" }: {
    readonly ours: string;
    readonly theirs: string;
    readonly why: string | undefined;
  },
): void {
  const mark = ours === theirs ? "same" : `DIFFERS: ${why}`;
  console.log(
    `${name.padEnd(20)} ${ours.padEnd(20)} ${theirs.padEnd(20)} ${mark}`,
  );
}

if (import.meta.main) {
  const { positionals: [codex, rondo = "build/rondo"] } = parseArgs({
    allowPositionals: true,
  });
  if (codex === undefined) {
    throw new Error("Cannot compare: name Codex's program");
  }
  const own = await Deno.realPath(rondo);
  console.log(
    "may read .env (e), docs (dD), outside (o); write work (w), docs (W), .git (g)",
  );
  await compareProfiles(codex, own);
  await compareRequirements(codex, own);
}
