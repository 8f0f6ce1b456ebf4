/** A real bash that tells which commands scripts would run, without running them. */

/**
 * For each script the argument lists of every command bash started. Every command
 * ends with `status`; none of them does anything.
 */
export async function runInBash(
  scripts: readonly string[],
  status: 0 | 1,
): Promise<string[][][]> {
  const folder = await Deno.makeTempDir({ prefix: "shell-words-" });
  try {
    const work = `${folder}/work`;
    await Deno.mkdir(work);
    // Something for globs to find.
    for (const name of ["a", "b1", "x1", "ls", "git"]) {
      await Deno.writeTextFile(`${work}/${name}`, "");
    }
    await Deno.writeTextFile(
      `${folder}/scripts`,
      scripts.map((one) => `${one}\0`).join(""),
    );
    await Deno.writeTextFile(`${folder}/driver.sh`, DRIVER);
    const { success, stderr } = await new Deno.Command("bash", {
      args: [
        "--norc",
        "--noprofile",
        `${folder}/driver.sh`,
        folder,
        String(status),
      ],
      cwd: work,
      clearEnv: true,
      env: {
        LC_ALL: "C.UTF-8",
        HOME: "/nowhere/home",
        a: "expanded value",
        IFS: " \t\n",
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    const entries = await Array.fromAsync(Deno.readDir(work));
    const left = entries.map((entry) => entry.name).sort();
    if (left.join() !== "a,b1,git,ls,x1") {
      throw new Error(`bash wrote files: ${left}`);
    }
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const told = await Deno.readTextFile(`${folder}/told`);
    return readTold(told, scripts.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// `S` begins a script; `C`, a count and that many words are a command.
function readTold(told: string, count: number): string[][][] {
  const parts = told.split("\0");
  const runs: string[][][] = [];
  for (let at = 0; at < parts.length - 1;) {
    if (parts[at] === "S") {
      runs.push([]);
      at++;
    } else {
      const words = Number(parts[at + 1]);
      runs.at(-1)?.push(
        parts.slice(at + 2, at + 2 + words)
          .map((word) => word.replaceAll("\x02", "\n")),
      );
      at += 2 + words;
    }
  }
  if (runs.length !== count) {
    throw new Error(`bash ran ${runs.length} of ${count}`);
  }
  return runs;
}

// Descriptor 9 takes the reports, so that pipes between commands do not matter. bash
// writes line by line, so a newline travels as \x02: each report is one write, and
// those of a pipeline do not mix. Names with a slash never reach the handler.
const DRIVER = `
folder=$1 status=$2
PATH=/nowhere
exec 9>>"$folder/told"
_tell() {
  builtin printf '%s\\0' C "$#" "\${@//$'\\n'/$'\\x02'}" >&9
  return "$status"
}
command_not_found_handle() { _tell "$@"; }
echo() { _tell echo "$@"; }
cd() { _tell cd "$@"; }
true() { _tell true "$@"; }
:() { _tell : "$@"; }
builtin mapfile -d '' -t scripts < "$folder/scripts"
for script in "\${scripts[@]}"; do
  builtin printf 'S\\0' >&9
  builtin eval "$script"
done
builtin exit 0
`;
