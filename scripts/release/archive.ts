/** Archives with the same bytes for the same files, whenever and wherever they are made. */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { zipSync } from "fflate";
import { createTar } from "nanotar";

export interface ArchiveFile {
  /** Inside of the archive, with slashes. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isProgram: boolean;
}

const PROGRAM_MODE = 0o755;
const FILE_MODE = 0o644;
/** The first date that a zip archive can hold (APPNOTE 4.4.6), in its local time. */
const ZIP_DATE = "1980-01-01T00:00:00";
/** In the upper half of "external file attributes" (APPNOTE 4.4.15), with 3 for Unix. */
const UNIX = 3;
const REGULAR_FILE = 0o100000;
const ZSTD_LEVEL = 12;

/** Packs files as `kind`. */
export function makeArchive(
  kind: "tar.gz" | "tar.zst" | "zip",
  files: readonly ArchiveFile[],
): Uint8Array {
  switch (kind) {
    case "tar.gz":
      return gzipSync(makeTar(files), { level: 9 });
    case "tar.zst":
      return zstdCompressSync(makeTar(files), {
        params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
      });
    case "zip":
      return makeZip(files);
  }
}

function makeTar(files: readonly ArchiveFile[]): Uint8Array {
  return createTar(files.map(({ name, bytes, isProgram }) => ({
    name,
    data: bytes,
    attrs: {
      mode: modeOf(isProgram).toString(8),
      mtime: 0,
      uid: 0,
      gid: 0,
    },
  })));
}

function makeZip(files: readonly ArchiveFile[]): Uint8Array {
  const entries = files.map(({ name, bytes, isProgram }) =>
    [name, [bytes, {
      level: 9,
      mtime: ZIP_DATE,
      os: UNIX,
      attrs: (REGULAR_FILE | modeOf(isProgram)) << 16,
    }]] as const
  );
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]);
}

function modeOf(isProgram: boolean): number {
  return isProgram ? PROGRAM_MODE : FILE_MODE;
}
