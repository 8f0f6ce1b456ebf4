/** A link that a command makes in a repository leads git to no file outside of it. */
import assert from "node:assert/strict";
import { workspaceWrite } from "../../support/settings.ts";
import { openNoFollowFiles } from "../../../core/host/files/no_follow_files.ts";
import { findLinksOut, linkOf } from "../../../sandbox/guard/git_links.ts";
import { backendsHere, LINUX, openPlace, type Place } from "../support.ts";
import { asPerson, GIT_ENV } from "./git_person.ts";

/** What a command does in `.git`; `$AWAY` is a file elsewhere. */
const LINKS: Readonly<Record<string, string>> = {
  "the message of a commit":
    'rm -f COMMIT_EDITMSG; ln -s "$AWAY" COMMIT_EDITMSG; echo evil > MERGE_MSG',
  "by a name from here":
    "rm -f COMMIT_EDITMSG; ln -s ../../away/file COMMIT_EDITMSG; echo evil > MERGE_MSG",
  "by another link":
    "rm -f COMMIT_EDITMSG; ln -s ../.. refs/heads/up; ln -s refs/heads/up/../../away/file COMMIT_EDITMSG; echo evil > MERGE_MSG",
  "the log of a branch":
    'rm -f logs/refs/heads/main; ln -s "$AWAY" logs/refs/heads/main',
  "the log of a branch that is called as what was moved aside":
    'git branch x.rondo-moved-1; git symbolic-ref HEAD refs/heads/x.rondo-moved-1; rm -f logs/refs/heads/x*; ln -s "$AWAY" logs/refs/heads/x.rondo-moved-1',
  "a folder of logs":
    'rm -rf logs/refs; mkdir -p "$(dirname "$AWAY")"; ln -s "$(dirname "$AWAY")" logs/refs; :',
};

async function filesBelow(folder: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    count += isDirectory ? await filesBelow(`${folder}/${name}`) : 1;
  }
  return count;
}

/** How many files git has made elsewhere for a link that a command made. */
async function follow(
  { base, workspace, run }: Place,
  script: string,
  sandboxed: boolean,
): Promise<number> {
  await Deno.mkdir(`${base}/away`);
  await asPerson(
    workspace,
    "git init -q -b main; echo 1 > a; git add .; git commit -qm one",
  );
  await run(`cd .git; ${script}`, {
    sandboxed,
    policy: workspaceWrite({ excludeSlashTmp: true, gitCommits: true }),
    env: { ...GIT_ENV, AWAY: `${base}/away/file` },
  });
  await asPerson(
    workspace,
    "echo 2 > a; git commit -qa 2>/dev/null || git commit -qam two",
  );
  return await filesBelow(`${base}/away`);
}

for (const [what, script] of Object.entries(LINKS)) {
  for (const backend of backendsHere()) {
    Deno.test(
      `git writes nothing elsewhere for a link that a command made: ${what} (${backend})`,
      LINUX,
      async () => {
        await using place = await openPlace({ backend });
        const count = await follow(place, script, backend !== "none");
        if (backend === "none") assert.notEqual(count, 0);
        else assert.equal(count, 0);
      },
    );
  }
}

for (const backend of backendsHere().filter((name) => name !== "none")) {
  Deno.test(
    `links that the person has in a repository stay, and so do those that stay in it (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { base, workspace } = place;
      await asPerson(
        workspace,
        `git init -q -b main; ln -s ${base}/codex-notes .git/description.link`,
      );
      for (let times = 0; times < 3; times++) {
        const { notes } = await place.run(
          "cd .git; ln -sf refs/heads inside; ln -sf ../HEAD refs/back",
          {
            policy: workspaceWrite({ excludeSlashTmp: true, gitCommits: true }),
          },
        );
        assert.deepEqual(notes, []);
      }
      await Deno.lstat(`${workspace}/.git/description.link`);
      await Deno.lstat(`${workspace}/.git/refs/back`);
    },
  );
}

Deno.test(
  "git writes nothing elsewhere for a link behind more folders than are searched",
  LINUX,
  async () => {
    await using place = await openPlace({ backend: "landlock" });
    const count = await follow(
      place,
      'mkdir many; cd many; seq 1 4000 | xargs mkdir; cd ../logs/refs/heads; ln -sf "$AWAY" main',
      true,
    );
    assert.equal(count, 0);
  },
);

Deno.test(
  "a link is found by its whole path, whatever is in the names of folders",
  LINUX,
  async () => {
    const folder = await Deno.makeTempDir();
    const repository = `${folder}/a -> b`;
    await Deno.mkdir(repository);
    await Deno.symlink("/elsewhere", `${repository}/c -> d`);
    const files = openNoFollowFiles() ?? assert.fail("no libc");
    const found = await findLinksOut(files, repository);
    assert.deepEqual(found.map(linkOf), [`${repository}/c -> d`]);
    await Deno.remove(folder, { recursive: true });
  },
);
