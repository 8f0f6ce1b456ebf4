/** What git does for a person works under `git_commits`: worktrees and submodules. */
import assert from "node:assert/strict";
import { workspaceWrite } from "../../support/settings.ts";
import { backendsHere, LINUX, openPlace, type Place } from "../support.ts";

const NAMED = {
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@example.com",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

async function asPerson(cwd: string, script: string): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command("sh", {
    args: ["-ec", script],
    cwd,
    env: NAMED,
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

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
    env: { PATH: Deno.env.get("PATH") ?? "", ...NAMED },
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
