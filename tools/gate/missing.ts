/** What a command seems to have missed in the sandbox, by what it printed. */
import type { CommandResult } from "../../core/protocol/command.ts";
import type { DecideInput } from "../../core/policy/decide.ts";
import { isWritable } from "../../core/policy/writable.ts";
import { BUILD_CACHES } from "../../core/util/program/build_caches.ts";
import { basename, dirname } from "../../core/util/path.ts";

// Of glibc, musl, curl, git, Node, Python, Go and Rust.
const NO_NETWORK =
  /could not resolve|couldn't resolve|temporary failure in name resolution|name or service not known|getaddrinfo|EAI_AGAIN|ENOTFOUND|ENETUNREACH|network is unreachable|no address associated|failed to lookup address|dns error|dial tcp|couldn't connect|failed to connect|connection refused/i;
const NO_WRITE =
  /read-only file system|EROFS|permission denied|EACCES|operation not permitted|EPERM/i;
const PATH = /(?<![\w.:/])\/(?:[\w.@+-]+\/)*[\w.@+-]+/g;
const BUILD_CACHE = BUILD_CACHES.map(({ folder }) => RegExp.escape(folder))
  .join("|");
/** Folders that tools fill with what they download; named as a whole. */
const CACHE = new RegExp(
  `^.*?/(?:${BUILD_CACHE}|\\.cache/[^/]+|\\.gradle/[^/]+)(?=/|$)`,
);
/** Folders that hold programs, settings or keys: writing there is more than one folder. */
const NEVER =
  /^\/(?:bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|usr|var)(?:\/|$)|\/(?:bin|\.(?:git|codex|agents|ssh|gnupg|aws|azure|kube|docker|config|local|vscode|mozilla|password-store))(?:\/|$)/;
const DEPTH_MIN = 3;

/** In the words of a rule: "network", or one folder; empty when nothing is known. */
export function findMissing(
  { output }: CommandResult,
  input: DecideInput,
): readonly string[] {
  const text = `${output.head}\n${output.tail}`;
  const folder = findFolder(text, input);
  if (folder !== undefined) return [folder];
  return saysNoNetwork(text) ? ["network"] : [];
}

/** The cache that a program says it cannot write; undefined when it speaks of none. */
export function findBuildCache(
  text: string,
): (typeof BUILD_CACHES)[number] | undefined {
  if (!NO_WRITE.test(text)) return undefined;
  const paths = [...text.matchAll(PATH)].map(([path]) => `${path}/`);
  return BUILD_CACHES.find(({ folder }) =>
    paths.some((path) => path.includes(`/${folder}/`))
  );
}

/** Whether a program says that it has no network. */
export function saysNoNetwork(text: string): boolean {
  return NO_NETWORK.test(text);
}

function findFolder(text: string, input: DecideInput): string | undefined {
  const { sandbox, workspace, tmpDir } = input;
  if (sandbox.mode !== "workspace-write") return undefined;
  for (const line of text.split("\n")) {
    if (!NO_WRITE.test(line)) continue;
    for (const [path] of line.matchAll(PATH)) {
      // A file is named by its extension; what else is named may be the folder itself.
      const folder = CACHE.exec(path)?.[0] ??
        (/\.\w+$/.test(basename(path)) ? dirname(path) : path);
      const isDeep = folder.split("/").length > DEPTH_MIN;
      if (
        isDeep && !NEVER.test(`${folder}/`) && !workspace.startsWith(folder) &&
        !isWritable(folder, sandbox, { workspace, tmpDir })
      ) return folder;
    }
  }
  return undefined;
}
