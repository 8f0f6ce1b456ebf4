/** Data. What is known of programs when a rule is to be offered. */

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

// Shells, interpreters and programs that start others, or destroy: a longer prefix says
// no more about what they will do, so none is offered.
export const NEVER_OFFERED = wordSet(
  "bash sh zsh dash ksh fish csh tcsh pwsh powershell cmd " +
    "python python2 python3 pythonw pypy pypy3 node perl ruby php lua java " +
    "osascript tclsh Rscript jshell groovy scala guile sqlite3 psql mysql " +
    "expect busybox ssh scp sftp rsync socat nc ncat tar cpio zip find fd " +
    "awk gawk mawk sed vi vim nvim emacs ed less more man top rm dd tee cp mv " +
    "ln link install truncate rename patch m4 nano rbash mksh pdksh yash nu " +
    "elvish xonsh toybox ipython jupyter nodejs luajit ts-node tsx electron " +
    "erl elixir iex ghci runghc ocaml julia octave R swift dlv irb pry " +
    "cmake ninja bazel ant sbt lein rake scons meson ansible ansible-playbook " +
    "vagrant systemctl launchctl loginctl machinectl openssl gpg " +
    // The shell's own words: no program of that name is meant.
    ". source exit export set trap alias",
);
// Those that run the very command behind their own words: not even saved.
export const RUNS_COMMANDS = wordSet(
  "env sudo doas su runuser pkexec xargs parallel nice ionice chrt taskset " +
    "nohup timeout time command exec builtin eval stdbuf setsid setarch " +
    "setpriv unshare nsenter chroot bwrap firejail proot fakeroot flock script " +
    "screen tmux watch entr strace ltrace gdb lldb valgrind perf prlimit " +
    "capsh systemd-run at batch crontab ld.so hyperfine rlwrap unbuffer " +
    "dbus-run-session dbus-launch xvfb-run faketime fakechroot eatmydata " +
    "start-stop-daemon daemonize flatpak-spawn toolbox distrobox ssh-agent " +
    "systemd-nspawn nsjail runc crun apptainer singularity wine mono rr " +
    "proxychains proxychains4 torify torsocks tsocks numactl cgexec chpst " +
    "softlimit cpulimit runcon sg newgrp catchsegv heaptrack pre-commit " +
    "direnv dotenv mise asdf nix nix-shell coverage pipenv corepack tini " +
    "dumb-init gosu su-exec busctl gdbus dbus-send qdbus run-parts",
);
// Programs whose next words say what they do: a rule for one of them alone, or with
// nothing but an option, allows everything.
export const NEED_MORE = wordSet(
  "git make just deno bun npm pnpm yarn npx bunx uvx uv pipx pip pip3 poetry " +
    "pdm conda gem bundle composer brew apt apt-get dnf apk cargo go dotnet " +
    "mvn gradle docker podman kubectl gh glab terraform aws gcloud az",
);
export const VERSIONED =
  /^((python|pypy|ruby|perl|php|lua|node|gdb|lldb)[\d.-]+|(ld-|ld64|qemu-).*)$/;
// Words after which the next one is started, or what starts programs is set: they say
// nothing before it.
export const RUNS_NEXT = new Set([
  ...["run", "exec", "create", "compose", "compose run", "compose exec"]
    .flatMap((verb) => [`docker ${verb}`, `podman ${verb}`]),
  ...["exec", "x", "dlx", "eval", "repl", "tool run"].flatMap((verb) =>
    "npm pnpm yarn bun deno uv poetry pdm hatch rye conda mamba".split(" ")
      .map((program) => `${program} ${verb}`)
  ),
  ...["bun", "deno", "go", "uv", "poetry", "pdm", "hatch", "rye", "conda"]
    .map((program) => `${program} run`),
  ...["bundle exec", "gem exec", "dotnet exec", "dotnet tool"],
  ...["kubectl exec", "kubectl run", "kubectl debug", "kubectl cp"],
  ...["gh alias", "gh extension", "gh codespace", "gcloud compute"],
  ...("bisect config difftool mergetool filter-branch maintenance submodule " +
    "hook worktree remote for-each-repo gc repack archive daemon shell var " +
    "send-email instaweb credential update-index").split(" ")
    .map((verb) => `git ${verb}`),
  ...["git bisect run", "git submodule foreach", "git hook run"],
  ...["terraform apply", "terraform console", "terraform init"],
]);

// Subcommands that mean the same whatever follows them, by program.
export const SUBCOMMANDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["git", wordSet("add commit fetch pull")],
  ["cargo", wordSet("bench build check clippy doc fetch fmt nextest test")],
  ["go", wordSet("build fmt test vet")],
  ["deno", wordSet("check fmt lint test")],
  ["npm", wordSet("ci test")],
  ["pnpm", wordSet("test")],
  ["yarn", wordSet("test")],
  ["bun", wordSet("test")],
  ["dotnet", wordSet("build restore test")],
  ["gradle", wordSet("assemble build check test")],
  ["mvn", wordSet("compile package test verify")],
  ["docker", wordSet("build images inspect logs ps pull version")],
  ["podman", wordSet("build images inspect logs ps pull version")],
  ["playwright", wordSet("test")],
]);
// Those where one more word says it.
export const GROUPS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["gh issue", wordSet("comment create list status view")],
  ["gh pr", wordSet("checks comment create diff list status view")],
  ["gh release", wordSet("list view")],
  ["gh repo", wordSet("list view")],
  ["gh run", wordSet("list view watch")],
  ["gh workflow", wordSet("list view")],
  ["docker compose", wordSet("build config down logs ps pull up")],
]);
// Those that run what a file of the project calls by the next word.
export const RUNS_NAMED: ReadonlyMap<string, string> = new Map([
  ["npm", "run"],
  ["pnpm", "run"],
  ["yarn", "run"],
  ["bun", "run"],
  ["deno", "task"],
]);
// Those that need no word in between.
export const NAMES_FIRST = wordSet("make just npx bunx uvx");
// Test runners, compilers, checkers: the words that follow choose files.
export const WHOLE = wordSet(
  "pytest tox nox jest vitest mocha ava rspec phpunit ctest tsc eslint " +
    "prettier biome ruff black mypy pyright flake8 shellcheck rubocop",
);
// What reaches its service by a socket, a key ring or the repository's own files: no
// opening of the sandbox serves it.
export const OUTSIDE_ONLY = wordSet("git docker podman gh glab");
