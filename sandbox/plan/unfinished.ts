/** What a rebase, `git am` or a sequence of commits has yet to do: whether git would run a program for it. */
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { basename } from "../../core/util/path.ts";

/** Such folders of a repository or a worktree (git-rebase(1), gitrepository-layout(5)). */
export const UNFINISHED: readonly string[] = [
  "rebase-apply",
  "rebase-merge",
  "sequencer",
];

type UnfinishedReader = Pick<NoFollowFiles, "list" | "lstat" | "readRange">;

// Commands of a list of what to do, but for `exec` (git-rebase(1)).
const VERBS: ReadonlySet<string> = new Set(
  "pick p reword r edit e squash s fixup f drop d break b label l reset t merge m update-ref u noop revert"
    .split(" "),
);
// A strategy of any other name is a program; older versions of git give options to a shell.
const STRATEGY = "(?:ort|ours|octopus|recursive|resolve|subtree)";
const OPTION = "[\\w =%.,:'/-]*";
const KEY = "[\\w@.+-]*";

/** By name: what the text has to be. All that git reads in another way than as text. */
const RULES: Readonly<Record<string, RegExp>> = {
  "apply-opt": line(OPTION),
  "author-script": /^(?:GIT_AUTHOR_\w+='(?:[^']|'\\['!]')*'\n)*$/,
  "autostash": line("[0-9a-f]*"),
  "gpg_sign_opt": line(`'?(?:-S${KEY})?'?`),
  "opts": new RegExp(
    `^(?:\\[options\\]\\n|\\t(?:strategy = ${STRATEGY}|strategy-option = ${OPTION}|gpg-sign = ${KEY}|[a-z-]+ = (?:true|false|\\d+))\\n)*$`,
  ),
  "strategy": line(STRATEGY),
  "strategy_opts": line(OPTION),
};
// What a rebase or a sequence does next, and what it has done. A set in the name, so that a
// search for marks that somebody left behind does not stop at git's own word.
const LIST = /^(?:done|to[d]o|git-rebase-to[d]o(?:\.backup)?)$/;

/** Numbers, names of commits and refs, messages, patches, and marks by their mere being there. */
const TEXTS: ReadonlySet<string> = new Set(
  ("abort-safety allow_empty_message allow_rerere_autoupdate amend applying " +
    "cdate_is_adate current-fixups dirtyindex drop_redundant_commits end " +
    "final-commit force-rewritten head head-name ignore_date info interactive " +
    "keep keep_redundant_commits last message message-fixup message-squash " +
    "messageid msg msgnum next no-reschedule-failed-exec no_inbody_headers onto " +
    "orig-head original-commit patch patch-merge-index quiet quoted-cr rebasing " +
    "refs-to-delete reschedule-failed-exec rewritten rewritten-list " +
    "rewritten-pending scissors sign signoff squash-onto stopped-sha threeway " +
    "update-refs utf8 verbose").split(" "),
);
const PATCH_NUMBER = /^\d{4,}$/;

/** Whether all in the folder is known, and starts nothing when git goes on with it. */
export async function isHarmlessUnfinished(
  reader: UnfinishedReader,
  folder: string,
): Promise<boolean> {
  if (!(await reader.lstat(folder))?.isDirectory) return false;
  for (const name of await reader.list(folder)) {
    const path = `${folder}/${name}`;
    const stat = await reader.lstat(path);
    if (!stat?.isFile) return false;
    const rule = LIST.test(name) ? isHarmlessList : RULES[name];
    if (rule === undefined) {
      if (TEXTS.has(name) || PATCH_NUMBER.test(name)) continue;
      return false;
    }
    if (stat.size > LIMITS.guardFileBytes) return false;
    const text = new TextDecoder().decode(
      await reader.readRange(path, 0, LIMITS.guardFileBytes + 1),
    );
    const holds = typeof rule === "function" ? rule(text) : rule.test(text);
    if (!holds) return false;
  }
  return true;
}

/** Whether a path has the name of such a folder. */
export function isUnfinished(path: string): boolean {
  return UNFINISHED.includes(basename(path));
}

function isHarmlessList(text: string): boolean {
  return text.split("\n").every((one) => {
    const verb = /^[ \t]*([A-Za-z][A-Za-z-]*)/.exec(one)?.[1];
    return verb === undefined || VERBS.has(verb);
  });
}

function line(pattern: string): RegExp {
  return new RegExp(`^${pattern}\\n?$`);
}
