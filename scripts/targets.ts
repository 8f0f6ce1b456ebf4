/** The systems rondo is built for, and what each is called where it is handed out. */

export interface Target {
  /** In file names and for `--target`. */
  readonly name: string;
  /** As Deno and LLVM say it. */
  readonly triple: string;
  /** `os` and `cpu` of package.json. */
  readonly npm: { readonly os: string; readonly cpu: string };
  readonly suffix: "" | ".exe";
  /** How a program of it begins: bytes in hexadecimal, and where they stand. */
  readonly head: readonly (readonly [offset: number, hex: string])[];
  readonly archives: readonly ("tar.gz" | "tar.zst" | "zip")[];
}

/** Data. Heads: elf(5), e_machine; mach-o/loader.h, cputype; the PE format's MZ. */
export const TARGETS: readonly Target[] = [
  {
    name: "linux-x64",
    triple: "x86_64-unknown-linux-gnu",
    npm: { os: "linux", cpu: "x64" },
    suffix: "",
    head: [[0, "7f454c46"], [18, "3e00"]],
    archives: ["tar.gz", "tar.zst"],
  },
  {
    name: "linux-arm64",
    triple: "aarch64-unknown-linux-gnu",
    npm: { os: "linux", cpu: "arm64" },
    suffix: "",
    head: [[0, "7f454c46"], [18, "b700"]],
    archives: ["tar.gz", "tar.zst"],
  },
  {
    name: "macos-x64",
    triple: "x86_64-apple-darwin",
    npm: { os: "darwin", cpu: "x64" },
    suffix: "",
    head: [[0, "cffaedfe"], [4, "07000001"]],
    archives: ["tar.gz"],
  },
  {
    name: "macos-arm64",
    triple: "aarch64-apple-darwin",
    npm: { os: "darwin", cpu: "arm64" },
    suffix: "",
    head: [[0, "cffaedfe"], [4, "0c000001"]],
    archives: ["tar.gz"],
  },
  {
    name: "windows-x64",
    triple: "x86_64-pc-windows-msvc",
    npm: { os: "win32", cpu: "x64" },
    suffix: ".exe",
    head: [[0, "4d5a"]],
    archives: ["zip"],
  },
];

/** The target of this machine. Throws where rondo is not built for it. */
export function localTarget(): Target {
  const found = TARGETS.find(({ triple }) => triple === Deno.build.target);
  if (found === undefined) {
    throw new Error(
      `Cannot build for ${Deno.build.target}: it is not among the targets, must be ${targetNames()}`,
    );
  }
  return found;
}

/** The target of a name or a triple. Throws when there is none. */
export function findTarget(name: string): Target {
  const found = TARGETS.find((target) =>
    target.name === name || target.triple === name
  );
  if (found === undefined) {
    throw new Error(
      `Cannot build for "${name}": unknown target, must be ${targetNames()}`,
    );
  }
  return found;
}

function targetNames(): string {
  return TARGETS.map(({ name }) => name).join(", ");
}
