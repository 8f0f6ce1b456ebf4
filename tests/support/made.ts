/** Made programs, run for a test: on this machine, and by qemu as if it were another. */
import { type Arch } from "../../core/util/program/call_program.ts";

export const ARCHES: readonly Arch[] = ["x86_64", "aarch64"];

export interface MadeRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What starts a program of that architecture; undefined where nothing can. */
export function starterOf(arch: Arch): readonly string[] | undefined {
  if (arch === Deno.build.arch) return [];
  const path = `/usr/bin/qemu-${arch}-static`;
  try {
    return Deno.statSync(path).isFile ? [path] : undefined;
  } catch {
    console.error(
      `\n  SKIPPED: ${arch} programs, for which ${path} is missing`,
    );
    return undefined;
  }
}

/** Runs the image, with an environment that it must not hand on. */
export async function runMade(
  image: Uint8Array,
  starter: readonly string[] = [],
  cwd = "/",
): Promise<MadeRun> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/made`;
  try {
    await Deno.writeFile(path, image, { mode: 0o755 });
    const [command = "", ...args] = [...starter, path];
    const options = { args, cwd, env: { STRAY: "1" }, stdin: "null" } as const;
    const { code, stdout, stderr } = await whenFree(() =>
      new Deno.Command(command, options).output()
    );
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// A child that another test starts just now still holds the file that was written (ETXTBSY).
async function whenFree<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!String(error).includes("Text file busy")) throw error;
    }
  }
}
