/** `fs/*` and file search: what the person's settings show is read, and changed in the sandbox. */
import {
  parseBase64,
  parseParams,
  refusal,
} from "../../frontends/app_server/rpc.ts";
import type { OtherMethods } from "../../frontends/app_server/services.ts";
import {
  CopyParams,
  FileWriteParams,
  FolderParams,
  PathParams,
  RemoveParams,
  SearchParams,
} from "../../frontends/app_server/words/machine_schema.ts";
import { isSandboxed } from "../../policy/decide.ts";
import { errorReason, isAbsent } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { basename } from "../../util/path.ts";
import type { ServeBase } from "./base.ts";

export function fileMethods(base: ServeBase): OtherMethods {
  return new Map<string, (params: unknown) => Promise<unknown>>([
    ["fs/readFile", async (params) => {
      const { path } = parseParams(PathParams, params);
      const bytes = await reading(
        base,
        path,
        (files) =>
          files.readBytes(path, { bytesMax: LIMITS.appServerFileBytes }),
      );
      return { dataBase64: bytes.toBase64() };
    }],
    ["fs/getMetadata", async (params) => {
      const { path } = parseParams(PathParams, params);
      return await reading(base, path, (files) => metadata(files, path));
    }],
    ["fs/readDirectory", async (params) => {
      const { path } = parseParams(PathParams, params);
      const entries = await reading(base, path, (files) => files.list(path));
      return {
        entries: entries.map(({ name, isDirectory, isFile }) => ({
          fileName: name,
          isDirectory,
          isFile,
        })),
      };
    }],
    ["fs/writeFile", async (params) => {
      const { path, dataBase64 } = parseParams(FileWriteParams, params);
      const stdin = parseBase64("dataBase64", dataBase64);
      return await change(base, ["sh", "-c", 'cat > "$1"', "sh", path], stdin);
    }],
    ["fs/createDirectory", async (params) => {
      const { path, recursive } = parseParams(FolderParams, params);
      const options = recursive === false ? [] : ["-p"];
      return await change(base, ["mkdir", ...options, "--", path]);
    }],
    ["fs/remove", async (params) => {
      const { path, recursive, force } = parseParams(RemoveParams, params);
      const options = [
        ...(recursive === false ? [] : ["-r"]),
        ...(force === false ? [] : ["-f"]),
      ];
      return await change(base, ["rm", ...options, "--", path]);
    }],
    ["fs/copy", async (params) => {
      const { sourcePath, destinationPath, recursive } = parseParams(
        CopyParams,
        params,
      );
      const options = recursive ? ["-R"] : [];
      return await change(base, [
        "cp",
        ...options,
        "--",
        sourcePath,
        destinationPath,
      ]);
    }],
    ["fuzzyFileSearch", (params) => search(base, params)],
  ]);
}

async function reading<T>(
  base: ServeBase,
  path: string,
  read: (files: Files) => Promise<T>,
): Promise<T> {
  const { files } = await base.permitted();
  try {
    return await read(files);
  } catch (error) {
    throw refusal(
      `Cannot read ${path}: ${
        isAbsent(error) ? "no such file or folder" : errorReason(error)
      }`,
    );
  }
}

async function metadata(files: Files, path: string): Promise<unknown> {
  const [stat, own] = [await files.stat(path), await files.lstat(path)];
  if (own === undefined) throw new Error("no such file or folder");
  const modifiedAtMs = Math.round((stat ?? own).mtimeMs);
  return {
    isDirectory: stat?.isDirectory ?? false,
    isFile: stat?.isFile ?? false,
    isSymlink: own.isSymlink,
    createdAtMs: 0,
    modifiedAtMs,
  };
}

// Never by path in this process: the sandbox decides what may be written.
async function change(
  base: ServeBase,
  argv: readonly string[],
  stdin?: Uint8Array<ArrayBuffer>,
): Promise<unknown> {
  const { loaded, policy } = await base.permitted();
  const { signal } = new AbortController();
  const { exitCode, output } = await base.sandbox.run({
    argv,
    cwd: loaded.cwd,
    env: { PATH: base.host.env("PATH") ?? "/usr/bin:/bin" },
    policy,
    sandboxed: isSandboxed(policy),
    timeoutMs: LIMITS.commandTimeoutMs,
    signal,
    ...(stdin !== undefined && { stdin }),
  });
  if (exitCode === 0) return {};
  throw refusal(`Cannot change the file: ${output.head.trim()}`);
}

/** Folders that are never searched. */
const SKIPPED = new Set([".git", "node_modules", "target", ".venv", "dist"]);
const FOUND_MAX = 50;

async function search(base: ServeBase, params: unknown): Promise<unknown> {
  const { query, roots } = parseParams(SearchParams, params);
  const { files } = await base.permitted();
  const found = await Promise.all(
    roots.map((root) => searchRoot(files, root, query.toLowerCase())),
  );
  return {
    files: found.flat().sort((a, b) =>
      b.score - a.score || (a.path < b.path ? -1 : 1)
    ).slice(0, FOUND_MAX),
  };
}

interface Found {
  readonly root: string;
  readonly path: string;
  readonly match_type: "file" | "directory";
  readonly file_name: string;
  readonly score: number;
  readonly indices: readonly number[];
}

// Breadth first, and no more than so many entries: what lies near comes first.
async function searchRoot(
  files: Files,
  root: string,
  query: string,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  const folders = [""];
  let looked = 0;
  for (const folder of folders) {
    const entries = await files.list(`${root}/${folder}`).catch(() => []);
    for (const { name, isDirectory } of entries) {
      if (++looked > LIMITS.completionEntries) return found;
      const path = `${folder}${name}`;
      const indices = matchOf(path.toLowerCase(), query);
      if (isDirectory && !SKIPPED.has(name)) folders.push(`${path}/`);
      if (indices === undefined) continue;
      found.push({
        root,
        path,
        match_type: isDirectory ? "directory" : "file",
        file_name: basename(path),
        score: scoreOf(path, indices),
        indices,
      });
    }
  }
  return found;
}

// The letters of the query in their order; the last place of each that is possible.
function matchOf(path: string, query: string): number[] | undefined {
  const indices: number[] = [];
  let end = path.length;
  for (let at = query.length - 1; at >= 0; at--) {
    end = path.lastIndexOf(query[at] ?? "", end - 1);
    if (end < 0) return undefined;
    indices.unshift(end);
    if (end === 0 && at > 0) return undefined;
  }
  return indices;
}

// Letters side by side count most, then short paths.
function scoreOf(path: string, indices: readonly number[]): number {
  const runs = indices.filter((place, at) => indices[at - 1] === place - 1);
  return Math.max(1, 100 + runs.length * 20 - path.length);
}
