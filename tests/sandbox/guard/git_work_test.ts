/** What git does for a person works under `git_commits`: worktrees and submodules. */
import assert from "node:assert/strict";
import { workspaceWrite } from "../../support/settings.ts";
import { backendsHere, LINUX, openPlace, type Place } from "../support.ts";
import { asPerson, GIT_ENV } from "./git_person.ts";

/** Runs it as a command that may commit, which must end well and leave nothing to put back. */
async function asCommand(
  place: Place,
  script: string,
  cwd: string = place.workspace,
): Promise<void> {
  const { exitCode, output, notes } = await place.run(script, {
    cwd,
    workspace: cwd,
    policy: workspaceWrite({ excludeSlashTmp: true, gitCommits: true }),
    env: GIT_ENV,
  });
  assert.equal(exitCode, 0, output.head);
  assert.deepEqual(notes, []);
}

for (const backend of backendsHere().filter((name) => name !== "none")) {
  Deno.test(
    `worktrees are made one after the other, and committed to (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { workspace } = place;
      await asPerson(
        workspace,
        "git init -q; echo 1 > a; git add .; git commit -qm one",
      );
      for (const name of ["one", "two"]) {
        await asCommand(place, `git worktree add -q ./${name} -b b-${name}`);
        await asCommand(
          place,
          `cd ${name} && echo ${name} > a && git commit -qam ${name}`,
        );
      }
      const said = await asPerson(
        workspace,
        "for b in one two; do git log -1 --format=%s b-$b; git -C $b status --porcelain -uno; done",
      );
      assert.equal(said, "one\ntwo\n");
    },
  );

  Deno.test(
    `a submodule is committed to, as the workspace and below it (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { workspace, base } = place;
      await asPerson(
        base,
        "git init -q source; cd source; echo 1 > a; git add .; git commit -qm one",
      );
      await asPerson(
        workspace,
        "git init -q; git -c protocol.file.allow=always submodule add -q ../source sub; git commit -qm sub",
      );
      const commit = "echo 2 >> a && git commit -qam";
      await asCommand(place, `cd sub && ${commit} below`);
      await asCommand(place, `${commit} itself`, `${workspace}/sub`);
      const said = await asPerson(
        `${workspace}/sub`,
        "git log --format=%s",
      );
      assert.equal(said, "itself\nbelow\none\n");
    },
  );
}

/** Two branches that both change the one line of `a`. */
const DIVERGED =
  `git init -q -b main; echo 0 > a; git add .; git commit -qm zero
git checkout -q -b side
for at in one two; do echo $at > a; git commit -qam $at; done
git checkout -q main; echo other > a; git commit -qam other; git checkout -q side`;

/** By what stops at a conflict, how it is gone on with, and what comes of it. */
const STOPPED: Readonly<Record<string, readonly [string, string]>> = {
  "git rebase main": ["git rebase --continue", "two\none\nother\nzero\n"],
  "git rebase --apply main": [
    "git rebase --continue",
    "two\none\nother\nzero\n",
  ],
  "git rebase -i main": ["git rebase --skip", "other\nzero\n"],
  "git checkout -q main && git cherry-pick side~1 side": [
    "git cherry-pick --continue",
    "two\none\nother\nzero\n",
  ],
};

for (const backend of backendsHere().filter((name) => name !== "none")) {
  for (const [start, [goOn, log]] of Object.entries(STOPPED)) {
    Deno.test(
      `${start} stops at a conflict, and a later command goes on with it (${backend})`,
      LINUX,
      async () => {
        await using place = await openPlace({ backend });
        const { workspace } = place;
        await asPerson(workspace, DIVERGED);
        const editors = "GIT_EDITOR=true GIT_SEQUENCE_EDITOR=true";
        await asCommand(
          place,
          `export ${editors}; { ${start}; } > /dev/null 2>&1 && exit 1; git status | grep -i currently`,
        );
        await asCommand(
          place,
          `export ${editors}; for at in one two; do echo $at > a; git add a; ${goOn} || :; done; git status`,
        );
        const branch = start.includes("cherry-pick") ? "main" : "side";
        assert.equal(
          await asPerson(workspace, `git log --format=%s ${branch}`),
          log,
        );
      },
    );
  }

  Deno.test(
    `a rebase that would run a program is no business of a command (${backend})`,
    LINUX,
    async () => {
      const policy = workspaceWrite({
        excludeSlashTmp: true,
        gitCommits: true,
      });
      await using place = await openPlace({ backend });
      const { workspace } = place;
      const todo = `${workspace}/.git/rebase-merge/git-rebase-todo`;
      await asPerson(workspace, DIVERGED);
      await asCommand(place, "git rebase main > /dev/null 2>&1 && exit 1; :");
      const plant = async (script: string): Promise<readonly string[]> =>
        (await place.run(`cd .git/rebase-merge; ${script}`, { policy })).notes;
      for (
        const script of [
          "echo 'exec evil' >> git-rebase-todo",
          "printf '  x\\tevil' > git-rebase-todo",
          "echo ../../evil > strategy",
          "echo '--a `evil`' > strategy_opts",
          'echo "GIT_AUTHOR_NAME=a; evil" > author-script',
          "rm end; ln -s ../HEAD end",
          "mkdir new",
          "echo > unheard-of",
        ]
      ) {
        const notes = await plant(script);
        assert.match(notes.join("\n"), /moved protected files aside/, script);
        await assert.rejects(Deno.stat(todo), script);
        // As the person puts it back, without what was added.
        await asPerson(
          workspace,
          "rm -rf .git/rebase-merge.*; git rebase --quit 2>/dev/null || :; git reset -q --hard; git checkout -q side; ! git rebase main >/dev/null 2>&1",
        );
      }
      // The person's own stays as it is, whatever a command tries.
      await asPerson(workspace, `echo "exec mine" >> ${todo}`);
      await plant(
        "echo 'exec evil' >> git-rebase-todo; rm -rf ../rebase-merge",
      );
      assert.match(await Deno.readTextFile(todo), /exec mine\n$/);
    },
  );
}

Deno.test(
  "a worktree that a command removes where no mount holds it is gone as a whole (landlock)",
  LINUX,
  async () => {
    await using place = await openPlace({ backend: "landlock" });
    const { workspace } = place;
    await asPerson(
      workspace,
      "git init -q; echo 1 > a; git add .; git commit -qm one; git worktree add -q ./one",
    );
    await asCommand(place, "git worktree remove ./one");
    await assert.rejects(Deno.stat(`${workspace}/.git/worktrees/one`));
    // One that comes back under the name is looked at like any other.
    const { notes } = await place.run(
      "mkdir -p .git/worktrees/one; echo ../../../evil > .git/worktrees/one/commondir",
      { policy: workspaceWrite({ excludeSlashTmp: true, gitCommits: true }) },
    );
    assert.match(notes.join(), /moved protected files aside/);
  },
);
