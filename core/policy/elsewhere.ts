/** Data. Arguments that name programs or lead out of the folder: no prefix covers them. */
import { basename } from "../util/path.ts";

interface Leads {
  /** Long options without their two dashes; every beginning of one counts. */
  readonly names?: string;
  /** Letters of short options, alone, glued or in a cluster. */
  readonly letters?: string;
  /** First letters of short options, where a word with one dash is no cluster. */
  readonly starts?: string;
  /** Options with a single dash and a whole word, as Go and Java have them. */
  readonly words?: string;
  /** The first operand must be the name of a remote: an address leads elsewhere. */
  readonly namesRemote?: true;
  /** An operand with a scheme is another place. */
  readonly namesAddress?: true;
  /** `X=Y` sets a variable, and behind one task every operand is another one. */
  readonly namesTasks?: true;
}

/** For any program. */
const ALWAYS: Leads = {
  names: "exec config config-env config-file directory chdir cwd prefix " +
    "working-dir working-directory workdir project-dir project-directory " +
    "rsh pager editor shell script-shell interpreter loader require import " +
    "plugin init-script node-options ext-diff textconv rootdir root-dir " +
    "config-path preload " +
    "use-compress-program to-command ssh-command hostname-bin pre " +
    "output output-file output-dir output-path out out-file out-dir " +
    "declaration-dir ts-build-info-file generate-trace generate-cpu-profile " +
    "cache-file cache-location cache-dir junitxml junit-xml html-report " +
    "log-file report-log",
};

// docker(1), docker-build(1): what a build reads, writes and may do outside of its folder.
const CONTAINERS: Leads = {
  letters: "HcfvV",
  names: "host context file volume mount",
};
const IMAGES: Leads = {
  letters: "o",
  names: "add-host allow build-context builder cgroup-parent device iidfile " +
    "metadata-file network output push secret security-opt ssh",
  namesAddress: true,
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
  ["deno", {
    letters: "cA",
    names: "import-map lock allow-all allow-run allow-ffi v8-flags env-file",
  }],
  // `cargo help`, `go help build`, `go help testflag`.
  ["cargo", { letters: "CZ", names: "manifest-path target-dir" }],
  ["go", {
    words: "C exec toolexec modfile overlay vettool pkgdir o " +
      "compiler gccgoflags ldflags outputdir",
  }],
  ["mvn", { starts: "fst", names: "file settings toolchains" }],
  ["gradle", { starts: "bcpIg", names: "build-file include-build" }],
  ["dotnet", { letters: "o", names: "output project runtime-config source" }],
  ["pytest", {
    letters: "cop",
    names: "confcutdir basetemp override-ini pdbcls",
  }],
  ["jest", {
    starts: "c",
    names: "dependency-extractor env filter global-setup global-teardown " +
      "haste module-paths preset prettier-path projects reporters resolver " +
      "runner setup-files setup-files-after-env snapshot-serializers " +
      "test-environment test-results-processor test-runner test-sequencer " +
      "transform watch-plugins",
  }],
  ["mocha", { letters: "Rru", names: "file package reporter ui" }],
  ["tsc", { starts: "pb", names: "project build" }],
  ["eslint", {
    starts: "cf",
    names: "rulesdir parser resolve-plugins-relative-to format inspect-config",
  }],
  // sort(1), GNU 9.1; gcc(1) 13, clang(1).
  ["sort", { letters: "oT", names: "compress-program files0-from" }],
  ...["cc", "gcc", "g++", "clang", "clang++"].map((name): [string, Leads] => [
    name,
    { starts: "oBs@", words: "wrapper", names: "specs sysroot" },
  ]),
  // curl(1) 8.5, wget(1) 1.21: what is written, read or sent, and other addresses.
  ["curl", {
    letters: "oOJKTDcdFxEbqu",
    names: "remote-name remote-name-all remote-header-name upload-file " +
      "cookie-jar dump-header trace trace-ascii stderr data data-binary " +
      "data-raw data-urlencode form json libcurl hsts alt-svc etag-save " +
      "unix-socket abstract-unix-socket netrc-file engine key cert proxy " +
      "preproxy url next",
    namesAddress: true,
  }],
  ["wget", {
    letters: "OPoaieUBFN",
    names: "append-output execute use-askpass post-file post-data " +
      "body-file body-data save-cookies load-cookies input-file base " +
      "warc-file hsts-file rejected-log",
    namesAddress: true,
  }],
  ["docker", CONTAINERS],
  ["docker build", IMAGES],
  ["podman", CONTAINERS],
  ["podman build", IMAGES],
  ["gh", { letters: "Rw", names: "repo hostname web", namesAddress: true }],
]);

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
    // Go takes two dashes for one; some readers know `rootDir` for `root-dir`.
    return name !== "" && (listOf(row.words).includes(name) ||
      listOf(row.names).some((one) =>
        one.startsWith(name) ||
        withoutDashes(one).startsWith(withoutDashes(name))
      ));
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
  const isAddress = /:\/\/|::|^[^/:]*@[^/]*:/.test(word);
  if (row.namesAddress && isAddress) return true;
  // What stands before the remote may be the value of an option.
  return row.namesRemote === true &&
    (isAddress || /^[./~]/.test(word) ||
      (isFirst && !/^[\w][\w.-]*$/.test(word)));
}

function withoutDashes(name: string): string {
  return name.replaceAll("-", "").toLowerCase();
}

function listOf(words: string | undefined): readonly string[] {
  return words?.split(" ") ?? [];
}
