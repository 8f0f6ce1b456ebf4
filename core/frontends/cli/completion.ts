/** Completion scripts of bash, zsh and fish, from the command table. Pure. */
import { usageError } from "../../protocol/error.ts";
import { PROGRAM } from "../../protocol/version.ts";
import {
  type ArgSpec,
  commandNames,
  commandPaths,
  COMMANDS,
  type CommandSpec,
  GROUPS,
} from "../../contract/commands.ts";
import type { Completes, FlagSpec } from "../../contract/flags.ts";
import { renderFlagHelp, visibleFlags } from "./help.ts";

/** What can be typed after the words of a command. */
interface Node {
  /** `exec resume`; empty for the program itself. */
  readonly words: string;
  readonly commands: readonly {
    readonly word: string;
    readonly help: string;
  }[];
  readonly flags: readonly FlagSpec[];
  readonly args: readonly ArgSpec[];
}

export function renderCompletion(shell: string): string {
  const nodes = commandPaths().map(toNode);
  switch (shell) {
    case "bash":
      return renderBash(nodes);
    case "zsh":
      return renderZsh(nodes);
    case "fish":
      return renderFish(nodes);
    default:
      throw usageError(
        `Cannot complete for ${shell}: must be bash, zsh or fish`,
      );
  }
}

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

// The words of the command typed so far are found by walking the line from the left; a
// flag that takes a value swallows the next word.
function renderBash(nodes: readonly Node[]): string {
  const valued = valuedSpellings(nodes).join("|");
  const paths = nodes.filter(({ words }) => words !== "")
    .map(({ words }) => `"${words}"`).join("|");
  const cases = nodes.map((node) => {
    const words = [
      ...node.commands.map(({ word }) => word),
      ...node.args.flatMap(({ choices }) => choices ?? []),
      ...node.flags.flatMap(spellings),
      "--help",
    ];
    return `    ${quote(node.words)}) words=${quote(words.join(" "))} ;;`;
  });
  return `# bash completion of ${PROGRAM}
_${PROGRAM}() {
  local cur prev at path="" words="" try i
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    at="\${COMP_WORDS[i]}"
    case "$at" in
      --) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      ${valued}) [ "\${COMP_WORDS[i+1]}" = "=" ] && ((i++)); ((i++)); continue ;;
      -*) continue ;;
    esac
    [ "$at" = e ] && at=exec
    try="\${path:+$path }$at"
    case "$try" in
      ${paths}) path="$try" ;;
      *) break ;;
    esac
  done
  # --flag=value reaches us as three words.
  [ "$prev" = "=" ] && prev="\${COMP_WORDS[COMP_CWORD-2]}"
  [ "$cur" = "=" ] && cur=""
  case "$prev" in
${valueCases(nodes, bashValue).join("\n")}
  esac
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _${PROGRAM} ${PROGRAM}
`;
}

function renderZsh(nodes: readonly Node[]): string {
  const valued = valuedSpellings(nodes).join("|");
  const paths = nodes.filter(({ words }) => words !== "")
    .map(({ words }) => `"${words}"`).join("|");
  const cases = nodes.map((node) => {
    const rows = [
      ...node.commands.map(({ word, help }) => zshRow(word, help)),
      ...node.args.flatMap(({ choices, help }) =>
        (choices ?? []).map((word) => zshRow(word, help))
      ),
      ...node.flags.flatMap((flag) =>
        spellings(flag).map((word) => zshRow(word, renderFlagHelp(flag)))
      ),
      zshRow("--help", "Help"),
    ];
    return `    ${quote(node.words)}) rows=(${rows.join(" ")}) ;;`;
  });
  return `#compdef ${PROGRAM}
_${PROGRAM}() {
  local cur="\${words[CURRENT]}" prev="\${words[CURRENT-1]}" line="" at try i
  local -a rows
  for ((i = 2; i < CURRENT; i++)); do
    at="\${words[i]}"
    case "$at" in
      --) _files; return ;;
      ${valued}) ((i++)); continue ;;
      -*) continue ;;
    esac
    [[ "$at" = e ]] && at=exec
    try="\${line:+$line }$at"
    case "$try" in
      ${paths}) line="$try" ;;
      *) break ;;
    esac
  done
  if [[ "$cur" = --*=* ]]; then
    prev="\${cur%%=*}"
    compset -P "*="
  fi
  case "$prev" in
${valueCases(nodes, zshValue).join("\n")}
  esac
  case "$line" in
${cases.join("\n")}
  esac
  _describe -t words ${PROGRAM} rows || _files
}
if [ "$funcstack[1]" = "_${PROGRAM}" ]; then _${PROGRAM} "$@"; else compdef _${PROGRAM} ${PROGRAM}; fi
`;
}

function renderFish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap((node) => {
    const condition = `-n ${quote(`__${PROGRAM}_at ${quoteFish(node.words)}`)}`;
    const row = (rest: string, help: string): string =>
      `complete -c ${PROGRAM} ${condition} ${rest} -d ${quoteFish(help)}`;
    return [
      ...node.commands.map(({ word, help }) => row(`-f -a ${word}`, help)),
      ...node.args.flatMap(({ choices, help }) =>
        (choices ?? []).map((word) => row(`-f -a ${word}`, help))
      ),
      ...node.flags.map((flag) => row(fishFlag(flag), renderFlagHelp(flag))),
    ];
  });
  const valued = valuedSpellings(nodes).join(" ");
  const paths = nodes.filter(({ words }) => words !== "")
    .map(({ words }) => quoteFish(words)).join(" ");
  return `# fish completion of ${PROGRAM}
function __${PROGRAM}_at
  set -l path ""
  set -l skip 0
  for at in (commandline -opc)[2..-1]
    if test $skip -eq 1
      set skip 0
      continue
    end
    if contains -- $at ${valued}
      set skip 1
      continue
    end
    string match -q -- "-*" $at; and continue
    test $at = e; and set at exec
    set -l try (string trim -- "$path $at")
    contains -- $try ${paths}; or break
    set path $try
  end
  test "$path" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function fishFlag(flag: FlagSpec): string {
  const long = `-l ${flag.long.slice(2)}`;
  const short = flag.short === undefined ? "" : ` -s ${flag.short.slice(1)}`;
  if (flag.kind === "switch") return `${long}${short}`;
  if (flag.kind === "choice") {
    return `${long}${short} -x -a ${quote(flag.choices.join(" "))}`;
  }
  const kind = completesOf(flag);
  if (kind === "file") return `${long}${short} -r -F`;
  return kind === "dir"
    ? `${long}${short} -x -a ${quote("(__fish_complete_directories)")}`
    : `${long}${short} -x`;
}

function valueCases(
  nodes: readonly Node[],
  render: (flag: FlagSpec) => string,
): string[] {
  return flagsOf(nodes).filter(({ kind }) => kind !== "switch").map((flag) =>
    `    ${spellings(flag).join("|")}) ${render(flag)}; return ;;`
  );
}

function bashValue(flag: FlagSpec): string {
  if (flag.kind === "choice") {
    return `COMPREPLY=($(compgen -W ${
      quote(flag.choices.join(" "))
    } -- "$cur"))`;
  }
  const kind = completesOf(flag);
  if (kind === undefined) return "COMPREPLY=()";
  return `COMPREPLY=($(compgen ${kind === "dir" ? "-d" : "-f"} -- "$cur"))`;
}

function zshValue(flag: FlagSpec): string {
  if (flag.kind === "choice") return `compadd -- ${flag.choices.join(" ")}`;
  const kind = completesOf(flag);
  if (kind === undefined) return `_message ${quote(flag.long)}`;
  return kind === "dir" ? "_files -/" : "_files";
}

function valuedSpellings(nodes: readonly Node[]): string[] {
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

function completesOf(flag: FlagSpec): Completes | undefined {
  return flag.kind === "text" || flag.kind === "list"
    ? flag.completes
    : undefined;
}

function spellings(flag: FlagSpec): string[] {
  return flag.short === undefined ? [flag.long] : [flag.short, flag.long];
}

function zshRow(word: string, help: string): string {
  return quote(`${word.replaceAll(":", "\\:")}:${help}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quoteFish(text: string): string {
  return `"${text.replace(/[\\"$]/g, "\\$&")}"`;
}
