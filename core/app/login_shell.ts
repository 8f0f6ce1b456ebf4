/** `allow_login_shell = false`: a shell that is asked for starts without a login. */
import type { Gate } from "../protocol/command.ts";
import { basename } from "../util/path.ts";

const SHELLS: ReadonlySet<string> = new Set([
  "bash",
  "dash",
  "ksh",
  "sh",
  "zsh",
]);

/** The gate, which never runs a login shell: `bash -lc X` becomes `bash -c X`. */
export function withoutLoginShells(gate: Gate): Gate {
  return {
    run: async (request, context) => {
      const { action } = request;
      if (action.type !== "command") return await gate.run(request, context);
      const argv = withoutLogin(request.argv);
      const plain = { ...action, argv: withoutLogin(action.argv) };
      return await gate.run({ ...request, argv, action: plain }, context);
    },
  };
}

function withoutLogin(argv: readonly string[]): readonly string[] {
  const [program = "", ...words] = argv;
  if (!SHELLS.has(basename(program))) return argv;
  // Flags end with the one that takes the script, else with the first word that is none.
  const script = words.findIndex((word) => /^-[a-z]*c[a-z]*$/i.test(word)) + 1;
  const other = words.findIndex((word) => !/^[-+]/.test(word));
  const end = script || (other < 0 ? words.length : other);
  const flags = words.slice(0, end).flatMap((word) => {
    if (word === "--login") return [];
    const plain = /^-[a-z]+$/i.test(word) ? word.replaceAll("l", "") : word;
    return plain === "-" ? [] : [plain];
  });
  return [program, ...flags, ...words.slice(end)];
}
