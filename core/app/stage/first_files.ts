/** The disk on which a copy still has the files of the folder that it is a copy of. */
import type { Files } from "../../protocol/host.ts";
import { isInside } from "../../util/path.ts";

/** Reads of the copy become reads of the real folder; what they name is named in the copy. */
export function firstFiles(
  files: Files,
  { path: copy, source }: { readonly path: string; readonly source: string },
): Files {
  const real = (path: string): string =>
    isInside(path, copy) ? `${source}${path.slice(copy.length)}` : path;
  const shown = (path: string): string =>
    isInside(path, source) ? `${copy}${path.slice(source.length)}` : path;
  return {
    ...files,
    readText: (path, options) => files.readText(real(path), options),
    readBytes: (path, options) => files.readBytes(real(path), options),
    readRange: (path, offset, bytesMax, options) =>
      files.readRange(real(path), offset, bytesMax, options),
    readLink: (path) => files.readLink(real(path)),
    realPath: async (path) => shown(await files.realPath(real(path))),
    stat: (path) => files.stat(real(path)),
    lstat: (path) => files.lstat(real(path)),
    list: (path) => files.list(real(path)),
  };
}
