/** What git or an agent would later run or obey, changed or planted in a writable root. */
import {
  allowed,
  denied,
  type EscapeCase,
  type Gap,
  type RootLayout,
} from "./cases.ts";

/** The rest of .git is restored by nobody: it runs nothing, and a person may use it. */
const REST_GAP: readonly Gap[] = ["landlock"];

function attack(
  id: string,
  script: string,
  layout: RootLayout = "repository",
  gaps: readonly Gap[] = [],
): EscapeCase {
  return denied(id, `cd "$ROOT"; ${script}`, { judge: "root", layout, gaps });
}

/** One on what lies deeper in a root. */
function nested(
  id: string,
  script: string,
  layout: RootLayout = "nested",
): EscapeCase {
  return attack(id, `cd sub; ${script}`, layout);
}

/** The same, where commits are allowed. */
function commitAttack(
  id: string,
  script: string,
  gaps: readonly Gap[] = [],
): EscapeCase {
  return denied(id, `cd "$ROOT"; ${script}`, {
    judge: "root",
    layout: "repository",
    policy: "commits",
    gaps,
  });
}

const AUTHOR = "git -c user.name=a -c user.email=a@b.c";

export const GIT_CASES: readonly EscapeCase[] = [
  attack("G01 plant a hook", "echo x > .git/hooks/pre-commit"),
  attack("G02 append to the configuration", "echo x >> .git/config"),
  attack("G03 remove the repository", "rm -rf .git", "repository", REST_GAP),
  attack("G04 move the repository", "mv .git elsewhere"),
  attack(
    "G05 swap in another repository",
    "mv .git old; mkdir .git; echo x > .git/config",
  ),
  attack("G06 swap in a link", "mv .git old; mkdir evil; ln -s evil .git"),
  attack(
    "G07 exchange folders",
    'mkdir evil; echo x > evil/config; "$T" swap .git evil',
  ),
  attack("G08 write through a hard link", "ln .git/config c; echo x >> c"),
  attack("G09 write through a link", "ln -s .git g; echo x >> g/config"),
  attack("G10 make a hook executable", "chmod 755 .git/hooks/sample"),
  attack("G11 set a command", "git config core.fsmonitor evil"),
  attack("G12 set a remote command", "git config core.sshCommand evil"),
  attack("G13 write attributes", "echo '* filter=x' > .git/info/attributes"),
  attack("G14 move the shared folder", "echo ../evil > .git/commondir"),
  attack("G15 plant a worktree configuration", "echo x > .git/config.worktree"),
  attack(
    "G16 change a submodule's configuration",
    "echo x >> .git/modules/sub/config",
  ),
  attack(
    "G17 plant a submodule's hook",
    "mkdir -p .git/modules/sub/hooks; echo x > .git/modules/sub/hooks/h",
  ),
  attack(
    "G18 replace the hooks by a link",
    "mkdir evil; mv .git/hooks h; ln -s ../evil .git/hooks",
  ),
  attack(
    "G19 write through /proc/self/root",
    'echo x >> "/proc/self/root$ROOT/.git/config"',
  ),
  attack(
    "G20 write through /proc/self/cwd",
    "echo x >> /proc/self/cwd/.git/config",
  ),
  attack(
    "G21 move the head",
    "echo ref: refs/heads/evil > .git/HEAD",
    "repository",
    REST_GAP,
  ),
  attack(
    "G22 make a branch",
    "echo 1 > .git/refs/heads/evil",
    "repository",
    REST_GAP,
  ),
  attack(
    "G23 write an object",
    "mkdir .git/objects/zz",
    "repository",
    REST_GAP,
  ),
  attack("G24 write the index", "echo x > .git/index", "repository", REST_GAP),
  denied(
    "G25 mount over the repository",
    'mount -t tmpfs none "$ROOT/.git"; umount "$ROOT/.git"',
    { layout: "repository", rootOnly: true },
  ),
  attack(
    "G26 set times of a hook's folder",
    "rm -rf .git/hooks; mkdir .git/hooks; echo x > .git/hooks/pre-push",
  ),
  attack(
    "G27 make a repository that runs a command",
    "git init -q .; git config core.fsmonitor evil",
    "none",
  ),
  attack(
    "G28 make a repository with a hook",
    "git init -q .; echo evil > .git/hooks/pre-commit",
    "none",
  ),
  attack("G29 plant a pointer file", "echo 'gitdir: /tmp/evil' > .git", "none"),
  attack("G30 plant a link", "ln -s /tmp .git", "none"),
  attack(
    "G31 clear the way first",
    "rmdir .git 2>/dev/null || true; mkdir .git; printf '[core] pager = evil' > .git/config",
    "none",
  ),
  attack(
    "G53 make a repository with attributes",
    "mkdir -p .git/info; echo '* diff=evil' > .git/info/attributes",
    "none",
  ),
  attack(
    "G54 make one with settings elsewhere",
    "mkdir .git; printf '[extensions]\\n\\tworktreeConfig = true\\n' > .git/config; printf '[alias]\\n\\tst = !evil\\n' > .git/config.worktree",
    "none",
  ),
  attack(
    "G55 make one that leads to another",
    "mkdir .git; echo ../evil > .git/commondir",
    "none",
  ),
  attack(
    "G56 make one with a submodule that runs a command",
    "mkdir -p .git/modules/a/b; echo > .git/modules/a/b/HEAD; printf '[core]\\n\\tsshCommand = evil\\n' > .git/modules/a/b/config",
    "none",
  ),
  attack(
    "G57 make one in the middle of a rebase",
    "mkdir -p .git/rebase-merge; echo exec evil > .git/rebase-merge/git-rebase-todo",
    "none",
  ),
  attack("G58 plant servers", "echo evil > .mcp.json", "none"),
  attack(
    "G32 plant a configuration folder",
    "mkdir .codex; echo x > .codex/config.toml",
    "none",
  ),
  attack("G33 plant a configuration file", "echo x > .codex", "none"),
  attack(
    "G34 link a configuration folder",
    "mkdir evil; ln -s evil .codex",
    "none",
  ),
  attack(
    "G35 plant skills",
    "mkdir -p .agents/skills; echo x > .agents/skills/s",
    "none",
  ),
  attack(
    "G36 move a folder in its place",
    "mkdir evil; mv evil .agents",
    "none",
  ),
  attack(
    "G37 edit the configuration",
    "echo x >> .codex/config.toml",
    "configured",
  ),
  attack(
    "G38 add rules",
    "mkdir -p .codex/rules; echo x > .codex/rules/a.rules",
    "configured",
  ),
  attack("G39 remove the configuration", "rm -rf .codex", "configured"),
  attack(
    "G40 edit a skill",
    "echo x >> .agents/skills/one/SKILL.md",
    "configured",
  ),
  attack(
    "G41 exchange the configuration",
    'mkdir evil; "$T" swap .codex evil',
    "configured",
  ),
  attack(
    "G42 change the pointer file",
    "echo 'gitdir: /tmp/evil' > .git",
    "worktree",
  ),
  attack("G43 remove the pointer file", "rm .git; git init -q .", "worktree"),
  attack(
    "G44 change the worktree's way back",
    "echo /tmp > main/.git/worktrees/w/commondir",
    "worktree",
  ),
  attack(
    "G45 plant a hook of the main repository",
    "echo x > main/.git/hooks/pre-commit",
    "worktree",
  ),
  attack(
    "G46 change the main configuration",
    "echo x >> main/.git/config",
    "worktree",
  ),
  attack(
    "G47 write behind a linked repository",
    "echo x >> real/config",
    "link",
  ),
  attack(
    "G48 lead the link elsewhere",
    "mkdir evil; rm .git; ln -s evil .git",
    "link",
  ),
  attack("G49 remove the link", "rm .git", "link"),
  attack("G50 move what the link leads to", "mv real moved", "link"),
  nested("G60 plant a hook", "echo evil > a/.git/hooks/pre-commit"),
  nested("G61 set a command", "git -C a config core.fsmonitor evil"),
  nested(
    "G62 plant under a name with a newline",
    "echo evil >> 'new\nline/.git/config'",
    "nested-links",
  ),
  nested(
    "G63 swap the repository's folder",
    "mv a z; mkdir a; cp -r z/.git a/.git; git -C a config core.fsmonitor evil",
  ),
  nested(
    "G64 swap a folder above it",
    'cd ..; mv sub old; mkdir sub; cp -r old/a sub/a; mv old/b.git old/c sub; printf "[core]\\nfsmonitor = evil\\n" >> sub/a/.git/config',
  ),
  nested(
    "G65 exchange its folder",
    'cp -r a x; git -C x config core.fsmonitor evil; "$T" swap a x',
  ),
  nested(
    "G66 write through a hard link",
    "ln a/.git/config x; echo evil >> x; rm x",
  ),
  nested(
    "G67 lead a submodule elsewhere",
    "echo gitdir: /evil > main/m/.git",
    "nested-links",
  ),
  nested(
    "G68 change a submodule",
    "printf '[core]\\npager = evil\\n' >> main/.git/modules/m/config",
    "nested-links",
  ),
  nested(
    "G69 lead a worktree elsewhere",
    "echo gitdir: /evil > w/.git",
    "nested-links",
  ),
  nested(
    "G70 lead a worktree's repository elsewhere",
    "echo /evil > main/.git/worktrees/w/commondir",
    "nested-links",
  ),
  nested("G71 plant a bare one's hook", "echo evil > b.git/hooks/update"),
  nested("G72 set a bare one's command", "echo evil >> b.git/config"),
  nested(
    "G73 swap a bare one",
    "cp -r b.git x; echo evil >> x/config; mv b.git y; mv x b.git",
  ),
  nested(
    "G74 write behind a link",
    "echo evil >> link/.git/config",
    "nested-links",
  ),
  nested(
    "G75 swap a link",
    "rm link/.git; cp -r real link/.git; echo evil >> link/.git/config",
    "nested-links",
  ),
  nested(
    "G76 give a lost link something to lead to",
    "rm lost/.git; git init -q lost; git -C lost config core.fsmonitor evil",
    "nested-links",
  ),
  nested("G77 edit settings", "echo evil >> c/.codex/config.toml"),
  nested("G78 edit servers", "echo evil > c/.mcp.json"),
  nested("G79 add a skill", "echo evil > c/.agents/skills/two"),
  nested(
    "G80 make a repository that runs a command",
    "git init -q d/e/f; git -C d/e/f config core.fsmonitor evil; echo evil > d/e/f/.git/hooks/pre-push",
  ),
  nested(
    "G81 make a bare one that runs a command",
    "git init -q --bare d/e.git; git -C d/e.git config core.fsmonitor evil",
  ),
  nested(
    "G82 make one in a folder that nobody can list",
    "git init -q d/e; git -C d/e config core.fsmonitor evil; chmod 111 d",
  ),
  nested("G83 plant servers", "mkdir d; echo evil > d/.mcp.json"),
  nested("G84 plant settings", "mkdir -p d/.codex; echo evil > d/.codex/x"),
  nested("G85 plant a pointer file", "mkdir d; echo gitdir: evil > d/.git"),
  nested(
    "G86 rename what is under another name",
    "git init -q d; git -C d config core.pager evil; mv d/.git d/g; mv d/g d/.git",
  ),
  nested("G87 plant a pipe", "mkdir d; mkfifo d/.git"),
  denied(
    "G51 rename the root away",
    'cd /; mv "$ROOT" "$ROOT-moved"; mv "$ROOT-moved" "$ROOT"',
    { layout: "repository" },
  ),
  denied(
    "G52 leave a hook above the workspace",
    'echo x > "$OUT/dir/pre-commit"',
  ),

  commitAttack("C01 plant a hook", "echo x > .git/hooks/pre-commit"),
  commitAttack("C02 append to the configuration", "echo x >> .git/config"),
  commitAttack(
    "C03 move the repository",
    "mv .git old; mkdir .git; echo x > .git/config",
  ),
  commitAttack("C04 move the shared folder", "echo ../evil > .git/commondir"),
  commitAttack("C05 write attributes", "echo x > .git/info/attributes"),
  commitAttack(
    "C06 replace the hooks",
    "mv .git/hooks h; mkdir .git/hooks; echo x > .git/hooks/pre-commit",
  ),
  commitAttack("C07 change a submodule", "echo x >> .git/modules/sub/config"),
  commitAttack(
    "C08 swap a submodule",
    "mv .git/modules/sub .git/modules/s; mkdir .git/modules/sub; echo x > .git/modules/sub/config",
    REST_GAP,
  ),
  commitAttack("C09 let git write configuration", "git config alias.x '!evil'"),
  allowed(
    "C10 commit",
    `cd "$ROOT"; echo x > file; git add file; ${AUTHOR} commit -qm x; git log --oneline | grep x`,
    { policy: "commits", layout: "repository", needs: "git" },
  ),
  allowed(
    "C11 branch",
    'cd "$ROOT"; git checkout -qb other; git branch | grep other',
    { policy: "commits", layout: "repository", needs: "git" },
  ),
  allowed(
    "C12 stash and clean up",
    `cd "$ROOT"; echo y > file; git add file; ${AUTHOR} stash -q; git gc -q`,
    { policy: "commits", layout: "repository", needs: "git" },
  ),
  allowed(
    "C13 read a protected repository",
    'cd "$ROOT"; git status --short; git log -1 --format=%s',
    { layout: "repository", needs: "git" },
  ),
  allowed(
    "C14 show differences",
    'cd "$ROOT"; echo more >> seed; git diff --stat | grep seed',
    { layout: "repository", needs: "git" },
  ),
  allowed(
    "C16 make a repository and commit",
    `cd "$ROOT"; git init -q .; echo x > f; git add f; ${AUTHOR} commit -qm x; echo y > g; ${AUTHOR} stash -qu; git clean -fdxq; tar cf ../../ws/$ID/t.tar .; git log --oneline | grep x`,
    { layout: "none", needs: "git" },
  ),
  allowed(
    "C17 clone into an empty root",
    `cd "$ROOT"; git -c safe.directory='*' clone -q "$BASE/template" .; git log -1 --format=%s | grep first`,
    { layout: "none", needs: "git" },
  ),
  allowed(
    "C18 see nothing that is not there",
    'cd "$ROOT"; test -z "$(ls -A)"',
    { layout: "none" },
  ),
  allowed(
    "C19 work in a nested repository",
    'cd "$ROOT/sub/a"; echo x > f; git status --short | grep f; git diff; mkdir d; mv f d/g; mv d ../d; rm -r ../d',
    { layout: "nested", needs: "git" },
  ),
  allowed(
    "C20 push to a bare repository",
    `cd "$ROOT/sub"; d=$(mktemp -d); git clone -q b.git "$d"; cd "$d"; echo x > f; git add f; ${AUTHOR} commit -qm x; git push -q origin HEAD; cd /; rm -rf "$d"; git -C "$ROOT/sub/b.git" log --all --format=%s | grep x`,
    // What was received is moved from one folder to another.
    { layout: "nested", needs: "git", gaps: ["landlock<2"] },
  ),
  allowed(
    "C21 make, use and remove a repository",
    `cd "$ROOT"; git init -q n/m; cd n/m; echo x > f; git add f; ${AUTHOR} commit -qm x; cd ../..; rm -r n/m/.git n`,
    { layout: "nested", needs: "git" },
  ),
  allowed(
    "C15 work beside a protected repository",
    'cd "$ROOT"; echo x > f; mkdir d; mv f d/g; rm -r d',
    { layout: "repository" },
  ),
];
