/** The folders, sockets and processes that escape cases are played on. All are our own. */
import type { EscapeCase, RootLayout } from "./cases.ts";

export interface Stage {
  readonly base: string;
  readonly workspace: string;
  readonly roots: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What a case may have changed: of `$OUT`, and of what is protected in `$ROOT`. */
  look(id: string, judge: "exit" | "root"): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StageOptions {
  readonly cases: readonly EscapeCase[];
  /** Path of the compiled tricks.c. */
  readonly tricks: string;
  /** Prefix of a command line that takes on the user the battery runs as. */
  readonly asUser: readonly string[];
  readonly strayName: string;
}

const GIT_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n";
/** Where a case's script and folders are found by its first word. */
export function caseName({ id }: EscapeCase): string {
  return id.split(" ")[0] ?? id;
}

/** Builds everything below a new folder that no policy makes writable. */
export async function buildStage(options: StageOptions): Promise<Stage> {
  const base = await Deno.realPath(
    await Deno.makeTempDir({ dir: "/var/tmp", prefix: "rondo-escape-" }),
  );
  await Deno.chmod(base, 0o755);
  const path = (...parts: string[]) => [base, ...parts].join("/");
  for (
    const name of ["ws", "out", "roots", "scripts", "serve", "bin", "codex"]
  ) {
    await Deno.mkdir(path(name));
  }
  await Deno.mkdir(path("out", "home"));
  await Deno.copyFile(options.tricks, path("bin", "tricks"));
  await Deno.chmod(path("bin", "tricks"), 0o755);
  await Deno.mkdir(path("template"));
  await buildRepository(path("template"));
  const roots: string[] = [];
  for (const one of options.cases) {
    const name = caseName(one);
    await Deno.mkdir(path("ws", name));
    await Deno.mkdir(path("out", name, "dir"), { recursive: true });
    await Deno.writeTextFile(path("out", name, "file"), "original\n");
    await Deno.writeTextFile(path("scripts", `${name}.sh`), `${one.script}\n`);
    if (one.layout === undefined) continue;
    await buildRoot(path("roots", name), one.layout, path("template"));
    roots.push(path("roots", name));
  }
  await Deno.writeTextFile(
    path("scripts", "all.sh"),
    batchScript(),
  );
  const run = (command: string[], more: Deno.CommandOptions = {}) => {
    const [program = "", ...args] = [...options.asUser, ...command];
    return new Deno.Command(program, { args, stdin: "null", ...more });
  };
  if (options.asUser.length > 0) {
    await new Deno.Command("chown", { args: ["-R", "65534:65534", base] })
      .output();
  }
  const abstract = `@rondo-escape-${base.slice(-8)}`;
  const victim = run(
    [
      "sh",
      "-c",
      `cd ${path("out")}; exec sleep 600 9>>${path("out", "victim.log")}`,
    ],
    {
      env: { RONDO_TEST_SECRET: "hidden" },
      stdout: "null",
      stderr: "null",
      detached: true,
    },
  ).spawn();
  const server = run(
    [path("bin", "tricks"), "serve", path("serve"), abstract],
    {
      stdout: "piped",
      stderr: "null",
    },
  ).spawn();
  const reader = server.stdout.getReader();
  await reader.read();
  await reader.cancel();
  await run([path("bin", "tricks"), "shm-make", "32343"]).output();
  return {
    base,
    workspace: path("ws"),
    roots,
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: path("out", "home"),
      LANG: "C.UTF-8",
      BASE: base,
      WS: path("ws"),
      T: path("bin", "tricks"),
      VICTIM: String(victim.pid),
      SERVE: path("serve"),
      ABSTRACT: abstract,
      STRAY: options.strayName,
      LD_RONDO: "kept",
    },
    look: async (id, judge) => {
      if (judge === "exit") return await describeTree(path("out", id));
      const isFree = options.cases.some((one) =>
        caseName(one) === id && one.layout === "none"
      );
      return await describeProtected(path("roots", id), isFree);
    },
    async [Symbol.asyncDispose]() {
      for (const child of [victim, server]) {
        child.kill("SIGKILL");
        await child.status;
      }
      await run([path("bin", "tricks"), "shm-drop", "32343"]).output();
      await new Deno.Command("chattr", { args: ["-R", "-d", base] }).output()
        .catch(() => {});
      await Deno.remove(base, { recursive: true });
    },
  };
}

// The cases of one launch are named in $NAMES.
function batchScript(): string {
  return `for ID in $NAMES; do
  export ID DIR="$BASE/ws/$ID" OUT="$BASE/out/$ID" ROOT="$BASE/roots/$ID"
  (cd "$DIR" && exec timeout -k 1 10 sh -e "$BASE/scripts/$ID.sh") </dev/null >/dev/null 2>&1
  echo "CASE $ID $?"
done
`;
}

async function buildRoot(
  root: string,
  layout: RootLayout,
  template: string,
): Promise<void> {
  const write = async (name: string, text: string) => {
    const full = `${root}/${name}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  };
  await Deno.mkdir(root);
  switch (layout) {
    case "none":
      return;
    case "repository":
      await copy(template, root);
      await write(".git/modules/sub/HEAD", "ref: refs/heads/main\n");
      return await write(".git/modules/sub/config", GIT_CONFIG);
    case "worktree":
      await write("main/.git/HEAD", "ref: refs/heads/main\n");
      await write("main/.git/config", GIT_CONFIG);
      await write("main/.git/hooks/sample", "exit 0\n");
      await write("main/.git/worktrees/w/HEAD", "ref: refs/heads/w\n");
      await write("main/.git/worktrees/w/commondir", "../..\n");
      await write("main/.git/worktrees/w/gitdir", `${root}/.git\n`);
      return await write(".git", `gitdir: ${root}/main/.git/worktrees/w\n`);
    case "link":
      await write("real/HEAD", "ref: refs/heads/main\n");
      await write("real/config", GIT_CONFIG);
      return await Deno.symlink("real", `${root}/.git`);
    case "nested":
      await copy(template, `${root}/sub/a`);
      await write("sub/b.git/HEAD", "ref: refs/heads/main\n");
      await write(
        "sub/b.git/config",
        GIT_CONFIG.replace("bare = false", "bare = true"),
      );
      await write("sub/b.git/hooks/sample", "exit 0\n");
      await Deno.mkdir(`${root}/sub/b.git/objects`);
      await Deno.mkdir(`${root}/sub/b.git/refs`);
      await write("sub/c/.codex/config.toml", 'model = "a"\n');
      await write("sub/c/.agents/skills/one/SKILL.md", "one\n");
      return await write("sub/c/.mcp.json", "{}\n");
    case "nested-links":
      await copy(template, `${root}/sub/new\nline`);
      await copy(template, `${root}/sub/main`);
      await write("sub/main/.git/modules/m/HEAD", "ref: refs/heads/main\n");
      await write("sub/main/.git/modules/m/config", GIT_CONFIG);
      await write("sub/main/m/.git", "gitdir: ../.git/modules/m\n");
      await write("sub/main/.git/worktrees/w/HEAD", "ref: refs/heads/w\n");
      await write("sub/main/.git/worktrees/w/commondir", "../..\n");
      await write(
        "sub/main/.git/worktrees/w/gitdir",
        `${root}/sub/w/.git\n`,
      );
      await write("sub/w/.git", "gitdir: ../main/.git/worktrees/w\n");
      await write("sub/real/config", GIT_CONFIG);
      await Deno.mkdir(`${root}/sub/link`);
      await Deno.symlink("../real", `${root}/sub/link/.git`);
      await Deno.mkdir(`${root}/sub/lost`);
      return await Deno.symlink("/nowhere/at/all", `${root}/sub/lost/.git`);
    case "configured":
      await write(".codex/config.toml", 'model = "a"\n');
      return await write(".agents/skills/one/SKILL.md", "one\n");
  }
}

// Made once for the stage; a copy is much faster than git.
async function copy(template: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await new Deno.Command("cp", { args: ["-a", `${template}/.`, folder] })
    .output();
}

async function buildRepository(root: string): Promise<void> {
  const git = async (...args: string[]) => {
    const { success } = await new Deno.Command("git", {
      args: ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args],
      cwd: root,
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", HOME: root, GIT_CONFIG_NOSYSTEM: "1" },
      stdout: "null",
      stderr: "null",
    }).output();
    if (!success) throw new Error(`git ${args.join(" ")} failed`);
  };
  await git("init", "-q", "-b", "main", ".");
  await Deno.writeTextFile(`${root}/seed`, "seed\n");
  await git("add", "seed");
  await git("commit", "-qm", "first");
  await Deno.mkdir(`${root}/.git/hooks`, { recursive: true });
  await Deno.writeTextFile(`${root}/.git/hooks/sample`, "exit 0\n");
  await Deno.chmod(`${root}/.git/hooks/sample`, 0o644);
}

/** Files below a path that hold an attack under a name that counts, and links. */
async function describeArmed(top: string): Promise<string> {
  const lines: string[] = [];
  const open = [top];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const stat = await Deno.lstat(path).catch(() => undefined);
    if (stat === undefined || path.includes(".rondo-moved-")) continue;
    if (stat.isDirectory) {
      for await (const { name } of Deno.readDir(path)) {
        open.push(`${path}/${name}`);
      }
    } else if (!stat.isFile || path === top) lines.push(path);
    else if ((await Deno.readTextFile(path)).includes("evil")) lines.push(path);
  }
  return lines.sort().join("\n");
}

/** Everything below a path, in one text: kinds, modes, times of files, contents. */
async function describeTree(top: string): Promise<string> {
  const lines: string[] = [];
  const open = [top];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const stat = await Deno.lstat(path).catch(() => undefined);
    const name = path.slice(top.length);
    // Moved out of the way, it counts no more.
    if (name.includes(".rondo-moved-")) continue;
    if (stat === undefined) lines.push(`${name} absent`);
    else if (stat.isSymlink) {
      lines.push(`${name} -> ${await Deno.readLink(path)}`);
    } else if (stat.isDirectory) {
      lines.push(`${name}/ ${stat.mode}`);
      for await (const entry of Deno.readDir(path)) {
        open.push(`${path}/${entry.name}`);
      }
    } else {
      const text = stat.isFile
        ? btoa(
          String.fromCharCode(...(await Deno.readFile(path)).slice(0, 20000)),
        )
        : "special";
      lines.push(`${name} ${stat.mode} ${stat.mtime?.getTime()} ${text}`);
    }
  }
  return lines.sort().join("\n");
}

/** What is protected in the layouts of that name. */
const NESTED = [
  ...["a", "new\nline", "main", "link"].flatMap((name) =>
    ["config", "hooks", "info", "modules", "commondir"]
      .map((part) => `${name}/.git/${part}`)
  ),
  ...["b.git/config", "b.git/hooks", "real/config", "lost/.git"],
  ...["main/m/.git", "w/.git", "main/.git/worktrees"],
  ...[".codex", ".agents", ".mcp.json"].map((name) => `c/${name}`),
].map((name) => `sub/${name}`);

// Git itself refreshes the index and writes logs while it only reads. Where there was no
// repository one may be made, without anything that runs.
async function describeProtected(
  root: string,
  isFree: boolean,
): Promise<string> {
  const parts = await Promise.all([
    ...(isFree ? [] : [".git"]),
    ".codex",
    ".agents",
    ".mcp.json",
    "main/.git",
    "real",
    ...NESTED,
  ].map((name) => describeTree(`${root}/${name}`)));
  if (isFree) parts.push(await describeArmed(`${root}/.git`));
  parts.push(await describeArmed(`${root}/sub`));
  return parts.join("\n---\n").replaceAll(/ \d{13} /g, " ");
}
