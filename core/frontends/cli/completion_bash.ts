/** The completion script of bash; any from 3.2 on. Pure. */
import type { FlagSpec } from "../../contract/flags.ts";
import { PROGRAM } from "../../protocol/version.ts";
import {
  completesOf,
  listedOf,
  type Node,
  quote,
  spellings,
  valueCases,
  valuedSpellings,
} from "./completion_words.ts";

// The words of the command typed so far are found by walking the line from the left; a
// flag that takes a value swallows the next word.
export function renderBash(nodes: readonly Node[]): string {
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
    const kind = listedOf(node);
    const list = kind === undefined ? "" : ` list=${kind}`;
    return `    ${quote(node.words)}) words=${
      quote(words.join(" "))
    }${list} ;;`;
  });
  return `# bash completion of ${PROGRAM}
# One word a line, which may hold spaces.
_${PROGRAM}_take() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done
}
_${PROGRAM}_list() {
  local line
  "\${COMP_WORDS[0]}" completion words "$1" 2>/dev/null | while IFS= read -r line; do
    line="\${line%%$'\\t'*}"
    case "$line" in "$cur"*) printf '%s\\n' "$line" ;; esac
  done
}
_${PROGRAM}() {
  local cur prev at path="" words="" list="" try i
  COMPREPLY=()
  cur="\${COMP_WORDS[COMP_CWORD]}"
  # As it is, not as it was typed.
  case "$cur" in [\\"\\']*) cur="\${cur:1}" ;; esac
  cur="\${cur//\\\\/}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    at="\${COMP_WORDS[i]}"
    case "$at" in
      --) _${PROGRAM}_take < <(compgen -f -- "$cur"); return ;;
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
  _${PROGRAM}_take < <(compgen -W "$words" -- "$cur")
  case "$cur" in
    -*) ;;
    *) [ -n "$list" ] && _${PROGRAM}_take < <(_${PROGRAM}_list "$list") ;;
  esac
  [ \${#COMPREPLY[@]} -eq 0 ] && _${PROGRAM}_take < <(compgen -f -- "$cur")
}
complete -o filenames -F _${PROGRAM} ${PROGRAM}
`;
}

function bashValue(flag: FlagSpec): string {
  if (flag.kind === "choice") {
    return `_${PROGRAM}_take < <(compgen -W ${
      quote(flag.choices.join(" "))
    } -- "$cur")`;
  }
  const kind = completesOf(flag);
  if (kind === undefined) return "COMPREPLY=()";
  if (kind !== "dir" && kind !== "file") {
    return `_${PROGRAM}_take < <(_${PROGRAM}_list ${kind})`;
  }
  const option = kind === "dir" ? "-d" : "-f";
  return `_${PROGRAM}_take < <(compgen ${option} -- "$cur")`;
}
