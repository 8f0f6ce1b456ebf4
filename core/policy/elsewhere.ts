/** Data. Arguments that name programs or lead out of the folder: no prefix covers them. */
import { basename } from "../util/path.ts";

interface Leads {
  /** Long options without dashes; every beginning of three letters or more counts. */
  readonly names?: string;
  /** Letters of short options, alone, glued or in a cluster. */
  readonly letters?: string;
  /** First letters of short options, where a word with one dash is no cluster. */
  readonly starts?: string;
  /** Options with a single dash and a whole word, as Go and Java have them. */
  readonly words?: string;
  /** The first operand must be the name of a remote: an address leads elsewhere. */
  readonly namesRemote?: true;
  /** `X=Y` sets a variable, and behind one task every operand is another one. */
  readonly namesTasks?: true;
}

/** For any program. */
const ALWAYS: Leads = {
  names: "exec config config-env config-file directory chdir cwd prefix " +
    "working-dir working-directory workdir project-dir project-directory " +
    "rsh pager editor shell script-shell interpreter loader require import " +
    "plugin init-script node-options ext-diff textconv rootdir root-dir " +
    "use-compress-program to-command ssh-command hostname-bin pre",
};

/** By the words a command begins with; all rows that fit hold. */
const BY_COMMAND: ReadonlyMap<string, Leads> = new Map<string, Leads>([
  // git(1), git-fetch(1), git-push(1), git-clone(1), git-rebase(1), git-grep(1).
  ["git", {
    letters: "cC",
    names: "git-dir work-tree exec-path namespace super-prefix bare " +
      "upload-pack receive-pack template separate-git-dir attr-source " +
      "open-files-in-pager output",
  }],
  ["git fetch", { namesRemote: true }],
  ["git pull", { namesRemote: true }],
  ["git push", { namesRemote: true, names: "repo" }],
  ["git clone", { letters: "u" }],
  ["git rebase", { letters: "x" }],
  ["git grep", { letters: "O" }],
  // make(1), GNU 4.4 and FreeBSD 14.
  ["make", {
    letters: "CfIEJm",
    names: "file makefile include-dir eval",
    namesTasks: true,
  }],
  ["just", {
    letters: "fd",
    names: "justfile set dotenv-path",
    namesTasks: true,
  }],
  // npm-config(7), `pnpm help`, `yarn --help`, `bun --help`.
  ["npm", {
    letters: "gC",
    names: "userconfig globalconfig git registry location global",
  }],
  ["pnpm", { letters: "gC", names: "dir global registry" }],
  ["yarn", { names: "use-yarnrc modules-folder global-folder registry" }],
  ["bun", { letters: "cgr", names: "global preload registry" }],
  ["npx", { letters: "pcC", names: "package call registry" }],
  ["deno", { letters: "c", names: "import-map lock" }],
  // `cargo help`, `go help build`, `go help testflag`.
  ["cargo", { letters: "CZ", names: "manifest-path target-dir" }],
  ["go", { words: "C exec toolexec modfile overlay vettool pkgdir o" }],
  ["mvn", { starts: "fst", names: "file settings toolchains" }],
  ["gradle", { starts: "bcpIg", names: "build-file include-build" }],
  ["dotnet", { letters: "o", names: "output runtime-config source" }],
  ["pytest", { letters: "cp", names: "confcutdir basetemp" }],
  ["tsc", { starts: "pb", names: "project build" }],
  ["eslint", { starts: "c", names: "rulesdir parser resolve-plugins" }],
  ["docker", { letters: "HcfvV", names: "host context file volume mount" }],
  ["gh", { letters: "R", names: "repo hostname web" }],
]);

const BEGINNING_MIN = 3;

/** The first of the words after `from` that no prefix covers; undefined when there is none. */
export function findElsewhere(
  words: readonly string[],
  from: number,
): string | undefined {
  const named = [basename(words[0] ?? ""), ...words.slice(1)];
  const rows = [
    ALWAYS,
    ...[1, 2].flatMap((count) =>
      count > named.length
        ? []
        : BY_COMMAND.get(named.slice(0, count).join(" ")) ?? []
    ),
  ];
  const firstOperand = words.findIndex((word, at) =>
    at > 1 && !word.startsWith("-")
  );
  return words.find((word, at) =>
    at >= from &&
    rows.some((row) =>
      leads(row, word, { isFirst: at === firstOperand, isMore: from > 1 })
    )
  );
}

function leads(
  row: Leads,
  word: string,
  { isFirst, isMore }: { readonly isFirst: boolean; readonly isMore: boolean },
): boolean {
  if (word.startsWith("--")) {
    const name = word.slice(2).split("=")[0] ?? "";
    return name.length >= BEGINNING_MIN &&
      listOf(row.names).some((one) => one.startsWith(name));
  }
  if (word.startsWith("-") && word !== "-") {
    const name = word.slice(1).split("=")[0] ?? "";
    const cluster = /^[A-Za-z]*/.exec(name)?.[0] ?? "";
    return listOf(row.words).includes(name) ||
      row.starts?.includes(name.charAt(0)) === true ||
      [...row.letters ?? ""].some((letter) => cluster.includes(letter));
  }
  if (row.namesTasks) {
    return word.includes("=") || (isMore && !/^\d+$/.test(word));
  }
  return row.namesRemote === true && isFirst &&
    !/^[\w][\w.-]*$/.test(word);
}

function listOf(words: string | undefined): readonly string[] {
  return words?.split(" ") ?? [];
}
