/** Completion scripts of bash, zsh and fish, from the command table. Pure. */
import { usageError } from "../../protocol/error.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { FlagSpec } from "../../contract/flags.ts";
import { renderBash } from "./completion_bash.ts";
import {
  completesOf,
  listedOf,
  listNodes,
  type Node,
  quote,
  spellings,
  valueCases,
  valuedSpellings,
} from "./completion_words.ts";
import { renderFlagHelp } from "./help.ts";

export function renderCompletion(shell: string): string {
  const nodes = listNodes();
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
    const kind = listedOf(node);
    const list = kind === undefined ? "" : ` list=${kind}`;
    return `    ${quote(node.words)}) rows=(${rows.join(" ")})${list} ;;`;
  });
  return `#compdef ${PROGRAM}
_${PROGRAM}_list() {
  local -a found
  found=("\${(@f)$("\${words[1]}" completion words "$1" 2>/dev/null)}")
  found=("\${(@)found%%$'\\t'*}")
  found=("\${(@)found:#}")
  (( $#found )) && compadd -- "\${found[@]}"
}
_${PROGRAM}() {
  local cur="\${words[CURRENT]}" prev="\${words[CURRENT-1]}" line="" list="" at try i
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
  [[ -n "$list" && "$cur" != -* ]] && _${PROGRAM}_list "$list"
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
      ...(listedOf(node) === undefined ? [] : [
        `complete -c ${PROGRAM} ${condition} -f -a ${
          quote(fishList(listedOf(node)))
        }`,
      ]),
      ...node.flags.map((flag) => row(fishFlag(flag), renderFlagHelp(flag))),
    ];
  });
  const valued = valuedSpellings(nodes).join(" ");
  const paths = nodes.filter(({ words }) => words !== "")
    .map(({ words }) => quoteFish(words)).join(" ");
  return `# fish completion of ${PROGRAM}
function __${PROGRAM}_list
  set -l program (commandline -opc)[1]
  command -q -- $program; and $program completion words $argv[1] 2>/dev/null
end
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
  if (kind !== undefined && kind !== "dir") {
    return `${long}${short} -x -a ${quote(fishList(kind))}`;
  }
  return kind === "dir"
    ? `${long}${short} -x -a ${quote("(__fish_complete_directories)")}`
    : `${long}${short} -x`;
}

function zshValue(flag: FlagSpec): string {
  if (flag.kind === "choice") return `compadd -- ${flag.choices.join(" ")}`;
  const kind = completesOf(flag);
  if (kind === undefined) return `_message ${quote(flag.long)}`;
  if (kind !== "dir" && kind !== "file") return `_${PROGRAM}_list ${kind}`;
  return kind === "dir" ? "_files -/" : "_files";
}

function fishList(kind: string | undefined): string {
  return `(__${PROGRAM}_list ${kind})`;
}

function zshRow(word: string, help: string): string {
  return quote(`${word.replaceAll(":", "\\:")}:${help}`);
}

function quoteFish(text: string): string {
  return `"${text.replace(/[\\"$]/g, "\\$&")}"`;
}
