/** Trees for tests of stages: made, looked at, and compared with git as the judge. */
import { sha256Hex } from "../../../core/util/sha256.ts";
import { denoHost } from "../../../core/host/host.ts";
import { openStage } from "../../../core/staging/stage.ts";
import type { Stage, StageRequest } from "../../../core/staging/stage_types.ts";

export interface TestPlace extends AsyncDisposable {
  readonly root: string;
  readonly work: string;
  readonly codexHome: string;
  readonly trees: string;
  open(request?: Partial<StageRequest>): Promise<Stage>;
  git(...args: string[]): Promise<string>;
}

export const host = denoHost();

/** An empty folder, made a repository with one commit of these files unless told otherwise. */
export async function testPlace(
  files: Readonly<Record<string, string>> = {},
  options: { readonly git?: boolean } = {},
): Promise<TestPlace> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "stage-" }),
  );
  const work = `${root}/work`;
  const codexHome = `${root}/codex`;
  const trees = `${root}/trees`;
  for (const folder of [work, codexHome, trees]) await Deno.mkdir(folder);
  await writeFiles(work, files);
  if (options.git !== false) {
    await git(work, "init", "-q", "-b", "main");
    await git(work, "add", "-A");
    await git(work, "commit", "-q", "--allow-empty", "-m", "first");
  }
  return {
    root,
    work,
    codexHome,
    trees,
    open: (request = {}) =>
      openStage(host, {
        root: work,
        kind: "auto",
        place: { codexHome, trees },
        ...request,
      }),
    git: (...args) => git(work, ...args),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

/** Runs git as a person would, with nothing of the person's own. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", {
    args,
    cwd,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: "/nonexistent",
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "A",
      GIT_COMMITTER_EMAIL: "a@example.org",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "protocol.file.allow",
      GIT_CONFIG_VALUE_0: "always",
    },
  }).output();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout);
  throw new Error(`git ${args.join(" ")}: ${text.decode(stderr)}`);
}

/** Every file and link below, by what git would keep of it; `.git` is none of it. */
export async function snapshot(
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const walk = async (at: string): Promise<void> => {
    for await (const { name } of Deno.readDir(`${folder}/${at}`)) {
      if (name === ".git") continue;
      const path = at === "" ? name : `${at}/${name}`;
      const info = await Deno.lstat(`${folder}/${path}`);
      if (info.isDirectory) await walk(path);
      else if (info.isSymlink) {
        found[path] = `-> ${await Deno.readLink(`${folder}/${path}`)}`;
      } else if (info.isFile) {
        const kind = (info.mode ?? 0) & 0o100 ? "x" : "-";
        found[path] = kind + shown(await Deno.readFile(`${folder}/${path}`));
      }
    }
  };
  await walk("");
  return Object.fromEntries(Object.entries(found).sort());
}

/** Text as it is, all else by its hash. */
export function shown(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return sha256Hex(bytes);
  }
}
