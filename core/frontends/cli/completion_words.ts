/** What can be typed where, for the completion of every shell. Pure. */
import {
  type ArgSpec,
  commandNames,
  commandPaths,
  COMMANDS,
  type CommandSpec,
  GROUPS,
} from "../../contract/commands.ts";
import type { Completes, FlagSpec } from "../../contract/flags.ts";
import { visibleFlags } from "./help.ts";
import { TOPICS } from "./topics.ts";

/** What can be typed after the words of a command. */
export interface Node {
  /** `exec resume`; empty for the program itself. */
  readonly words: string;
  readonly commands: readonly {
    readonly word: string;
    readonly help: string;
  }[];
  readonly flags: readonly FlagSpec[];
  readonly args: readonly ArgSpec[];
}

/** Every place of a command line where a command can stand: of the commands, and of `help`. */
export function listNodes(): Node[] {
  const nodes = commandPaths().map(toNode);
  return nodes.flatMap((node) => {
    const isProgram = node.words === "";
    const asked: Node = {
      words: isProgram ? "help" : `help ${node.words}`,
      commands: isProgram ? [...node.commands, ...topics()] : node.commands,
      flags: [],
      args: [],
    };
    const help = { word: "help", help: "Explain a command or a topic" };
    return [
      isProgram ? { ...node, commands: [...node.commands, help] } : node,
      ...(node.commands.length === 0 ? [] : [asked]),
    ];
  });
}

function topics(): Node["commands"] {
  return Object.entries(TOPICS).map(([word, help]) => ({ word, help }));
}

/** What stands behind the words of a path. */
function toNode(path: readonly string[]): Node {
  const words = path.join(" ");
  const name = commandNames().find((one) => one === (words || "repl"));
  const spec: CommandSpec | undefined = name && COMMANDS[name];
  const commands = commandPaths()
    .filter((other) =>
      other.length === path.length + 1 &&
      path.every((word, at) => other[at] === word)
    )
    .map((other) => ({
      word: other.at(-1) ?? "",
      help: summaryOf(other.join(" ")),
    }));
  return {
    words,
    commands,
    flags: spec === undefined ? [] : visibleFlags(spec),
    args: spec?.args ?? [],
  };
}

function summaryOf(words: string): string {
  const name = commandNames().find((one) => one === words);
  return name === undefined ? GROUPS[words] ?? "" : COMMANDS[name].summary;
}

/** One case for each flag with a value, as a shell's `case` has them. */
export function valueCases(
  nodes: readonly Node[],
  render: (flag: FlagSpec) => string,
): string[] {
  return flagsOf(nodes).filter(({ kind }) => kind !== "switch").map((flag) =>
    `    ${spellings(flag).join("|")}) ${render(flag)}; return ;;`
  );
}

/** Every spelling of a flag that swallows the next word. */
export function valuedSpellings(nodes: readonly Node[]): string[] {
  return flagsOf(nodes).filter(({ kind }) => kind !== "switch")
    .flatMap(spellings);
}

// A spelling means the same flag, or one with the same kind of value, everywhere; where
// one command takes it without a value, the others count.
function flagsOf(nodes: readonly Node[]): FlagSpec[] {
  const seen = new Map<string, FlagSpec>();
  for (const flag of nodes.flatMap(({ flags }) => flags)) {
    if (flag.kind === "switch" && seen.has(flag.long)) continue;
    seen.set(flag.long, flag);
  }
  return [...seen.values()];
}

/** The list of which an argument of the command is a word. */
export function listedOf({ args }: Node): string | undefined {
  return args.map(({ completes }) => completes)
    .find((kind) => kind !== undefined && kind !== "file" && kind !== "dir");
}

/** What the value of a flag is. */
export function completesOf(flag: FlagSpec): Completes | undefined {
  return flag.kind === "text" || flag.kind === "list"
    ? flag.completes
    : undefined;
}

/** `-m`, `--model` */
export function spellings(flag: FlagSpec): string[] {
  return flag.short === undefined ? [flag.long] : [flag.short, flag.long];
}

/** A word of bash and zsh. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
