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

const TAKES_WORD = /^([-+][oO]|--rcfile|--init-file)$/;

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
  const flags: string[] = [];
  let at = 0;
  // Flags end with the first word that is none, and with the one that takes a script.
  while (/^[-+]/.test(words[at] ?? "")) {
    const word = words[at++] ?? "";
    const isShort = /^-[a-z]+$/i.test(word);
    const plain = isShort ? word.replaceAll("l", "") : word;
    if (plain !== "-" && word !== "--login") flags.push(plain);
    if (isShort && word.includes("c")) break;
    if (TAKES_WORD.test(word)) flags.push(words[at++] ?? "");
  }
  return [program, ...flags, ...words.slice(at)];
}
