/** Root file systems made by hand, and the built program inside of them. */

/** A folder that becomes `/` of a run. */
export interface Root extends AsyncDisposable {
  readonly path: string;
}

export interface RootRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** nobody: what is enforced does not stand on being root. */
const UID = "65534";
const TMP_BYTES = 64 * 1024 * 1024;

/** A root with these programs and every library they are linked with; nothing else is in it. */
export async function makeRoot(
  programs: Readonly<Record<string, string>>,
): Promise<Root> {
  const path = await Deno.makeTempDir({ prefix: "rondo-root-" });
  await Deno.chmod(path, 0o755);
  for (const folder of ["bin", "dev", "proc", "tmp"]) {
    await Deno.mkdir(`${path}/${folder}`);
  }
  for (const [name, source] of Object.entries(programs)) {
    await Deno.copyFile(source, `${path}/bin/${name}`);
    await Deno.chmod(`${path}/bin/${name}`, 0o755);
    for (const library of await findLibraries(source)) {
      const folder = library.replace(/\/[^/]*$/, "");
      await Deno.mkdir(`${path}${folder}`, { recursive: true });
      await Deno.copyFile(library, `${path}${library}`);
    }
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/**
 * A minimal Debian of its mirror, with musl beside its glibc. Takes root and a network; throws
 * with what debootstrap said.
 */
export async function makeDebian(): Promise<Root> {
  const path = await Deno.makeTempDir({ prefix: "rondo-debian-" });
  await Deno.chmod(path, 0o755);
  const { code, stdout } = await new Deno.Command(
    await findOnMachine("debootstrap"),
    {
      args: ["--variant=minbase", "--include=musl", "bookworm", path],
      env: { LC_ALL: "C" },
    },
  ).output();
  const root: Root = {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
  if (code === 0) return root;
  await root[Symbol.asyncDispose]();
  throw new Error(
    `Cannot make a Debian: ${new TextDecoder().decode(stdout).slice(-500)}`,
  );
}

/** Runs a program of the root as nobody: root read-only, some /tmp (64 MB), no variable but PATH. */
export async function runInRoot(
  root: Root,
  command: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    /** Folders of this machine, and where they are seen, read-only. */
    readonly binds?: Readonly<Record<string, string>>;
    readonly tmpBytes?: number;
    readonly hasProc?: boolean;
  } = {},
): Promise<RootRun> {
  const { env = {}, binds = {}, tmpBytes = TMP_BYTES, hasProc = true } =
    options;
  const { code, stdout, stderr } = await new Deno.Command("bwrap", {
    args: [
      ...["--unshare-user", "--unshare-pid", "--unshare-ipc"],
      ...["--uid", UID, "--gid", UID, "--die-with-parent", "--clearenv"],
      ...["--ro-bind", root.path, "/", "--dev", "/dev"],
      ...(hasProc ? ["--proc", "/proc"] : []),
      ...["--size", String(tmpBytes), "--tmpfs", "/tmp", "--chdir", "/tmp"],
      ...Object.entries(binds).flatMap(([to, from]) => ["--ro-bind", from, to]),
      ...Object.entries({ PATH: "/bin", ...env }).flatMap(
        ([name, value]) => ["--setenv", name, value],
      ),
      ...command,
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** The path of a program of this machine. Throws with the package that has it. */
export async function findOnMachine(name: string): Promise<string> {
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$1"', "sh", name],
  }).output();
  if (code === 0) return new TextDecoder().decode(stdout).trim();
  throw new Error(`Cannot run these tests: ${name} is missing, must be there`);
}

// ldd(1): "libm.so.6 => /lib/…/libm.so.6 (0x…)", and the loader's path alone.
async function findLibraries(program: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("ldd", {
    args: [program],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  return [...text.matchAll(/(?:=> |^\s)(\/\S+) \(/gm)].flatMap(([, path]) =>
    path === undefined ? [] : [path]
  );
}
