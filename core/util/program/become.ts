/** The last steps of a made program: it becomes another one, found as a shell finds it. Pure. */
import { type Argument, endWith, goTo, type Step } from "./call_program.ts";

interface Becoming {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const NOT_FOUND = 127;
const NOT_RUN = 126;
/** Where commands are where no PATH says so. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// <asm-generic/errno-base.h>
const ENOENT = -2;
const E2BIG = -7;
const ENOEXEC = -8;
const ENOTDIR = -20;
/** What argv and environment may take together on every machine (execve(2)). */
const ARGUMENT_BYTES = 128 * 1024;

/** Whether the kernel takes that many words and variables, wherever it runs. */
export function fitsArguments({ argv, env }: Becoming): boolean {
  const words = [...argv, ...Object.entries(env).flat()];
  const bytes = words.reduce((sum, word) => sum + word.length * 3 + 10, 0);
  return bytes < ARGUMENT_BYTES;
}

/**
 * Tries the command in each folder of its PATH and ends with 127 where there is none, with
 * 126 where it cannot be run. A file that is no program is one for /bin/sh.
 */
export function becomeCommand({ argv, env }: Becoming): readonly Step[] {
  const [name = "", ...words] = argv;
  const list: Argument[] = [...argv, 0];
  const variables: Argument[] = [
    ...Object.entries(env).map(([key, value]) => `${key}=${value}`),
    0,
  ];
  const say = (state: string, code: number) =>
    endWith(`${name}: cannot be run: ${state}`, code);
  const tooLong = say("its arguments are too long", NOT_RUN);
  const noProgram = say("no program", NOT_RUN);
  // From the last folder to the first: what each goes on with is there already. Once
  // something was found that cannot be run, that is what is said at the end.
  let missing = say("not found", NOT_FOUND);
  let refused = say("not permitted", NOT_RUN);
  for (const path of findPlaces(name, env.PATH ?? PATH).reverse()) {
    const become: Step = { call: "execve", args: [path, list, variables] };
    const script: Step = {
      call: "execve",
      args: ["/bin/sh", ["/bin/sh", path, ...words, 0], variables],
    };
    const onResult = (result: number, block: readonly Step[]) => [
      { ...become, from: result, to: result, otherwise: 1 },
      goTo(block),
    ];
    refused = [
      ...onResult(ENOEXEC, [script, goTo(noProgram)]),
      ...onResult(E2BIG, tooLong),
      goTo(refused),
    ];
    missing = [
      {
        ...become,
        from: ENOENT,
        to: ENOENT,
        otherwise: [...onResult(ENOTDIR, missing), goTo(refused)],
      },
      goTo(missing),
    ];
  }
  return missing;
}

function findPlaces(name: string, path: string): string[] {
  if (name === "") return [];
  if (name.includes("/")) return [name];
  return path.split(":").map((folder) => `${folder || "."}/${name}`);
}
