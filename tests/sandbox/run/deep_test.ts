import assert from "node:assert/strict";
import { LIMITS } from "../../../core/protocol/limits.ts";
import {
  backendsHere,
  LINUX,
  namesIn,
  openPlace,
  type Place,
} from "../support.ts";

async function makeRepository(folder: string): Promise<void> {
  for (const name of ["hooks", "objects", "refs"]) {
    await Deno.mkdir(`${folder}/.git/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${folder}/.git/HEAD`, "ref: refs/heads/main\n");
  await Deno.writeTextFile(`${folder}/.git/config`, "[core]\n\tbare = false\n");
}

async function readConfig(
  { workspace }: Place,
  folder: string,
): Promise<string> {
  return await Deno.readTextFile(`${workspace}/${folder}/.git/config`);
}

for (const backend of backendsHere().filter((name) => name !== "none")) {
  Deno.test(
    `a repository in a subfolder is protected, also one of an earlier command (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      await makeRepository(`${place.workspace}/a/b`);
      const plant = (folder: string) =>
        place.run(
          `echo evil > ${folder}/.git/hooks/pre-push; echo evil >> ${folder}/.git/config; true`,
        );
      await plant("a/b");
      const hooks = await namesIn(`${place.workspace}/a/b/.git/hooks`);
      assert.ok(!hooks.includes("pre-push"));
      assert.doesNotMatch(await readConfig(place, "a/b"), /evil/);
      await place.run("git init -q c/d");
      await plant("c/d");
      assert.doesNotMatch(await readConfig(place, "c/d"), /evil/);
      await assert.rejects(
        Deno.stat(`${place.workspace}/c/d/.git/hooks/pre-push`),
      );
    },
  );

  Deno.test(
    `a new repository in a subfolder keeps nothing that runs, and that is told (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { notes } = await place.run(
        "git init -q a/b; git -C a/b config core.fsmonitor evil; mkdir -p c/.codex; chmod 0 a",
      );
      assert.match(
        notes.join(),
        /moved protected files aside: .*a\/b\/\.git\/config/,
      );
      assert.match(notes.join(), /c\/\.codex\.rondo-moved-/);
      assert.doesNotMatch(await readConfig(place, "a/b"), /evil/);
    },
  );

  Deno.test(
    `a repository in what is moved aside is disarmed as well (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      await place.run(
        "git init -q .codex/r; git -C .codex/r config core.fsmonitor evil",
      );
      const [moved = ""] = await namesIn(place.workspace);
      assert.match(moved, /^\.codex\.rondo-moved-/);
      assert.doesNotMatch(await readConfig(place, `${moved}/r`), /evil/);
    },
  );

  Deno.test(
    `what the person makes between two commands is protected and left alone (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      await place.run("true");
      await makeRepository(`${place.workspace}/mine`);
      const hook = `${place.workspace}/mine/.git/hooks/pre-push`;
      await Deno.writeTextFile(hook, "person\n");
      const { notes } = await place.run(
        "echo evil > mine/.git/hooks/pre-push; true",
      );
      assert.equal(await Deno.readTextFile(hook), "person\n");
      assert.doesNotMatch(notes.join(), /aside: [^ ]*mine\/\.git(,|$)/);
    },
  );

  Deno.test(
    `more repositories than mounts can hold are protected (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const folders = Array.from(
        { length: LIMITS.protectedMounts + 2 },
        (_, at) => `r${at}`,
      );
      for (const name of folders) {
        await makeRepository(`${place.workspace}/${name}`);
      }
      await place.run(
        "for r in r*; do echo evil >> $r/.git/config; done; true",
      );
      for (const name of folders) {
        assert.doesNotMatch(await readConfig(place, name), /evil/, name);
      }
    },
  );
}

Deno.test(
  "a command runs where links, pipes, closed folders and very long names are in the way",
  LINUX,
  async () => {
    await using place = await openPlace();
    const { workspace } = place;
    await Deno.mkdir(`${workspace}/pipe`);
    await new Deno.Command("mkfifo", { args: [`${workspace}/pipe/.git`] })
      .output();
    await Deno.mkdir(`${workspace}/lost`);
    await Deno.symlink("/nowhere", `${workspace}/lost/.git`);
    await Deno.symlink(workspace, `${workspace}/round`);
    await Deno.mkdir(`${workspace}/shut`, { mode: 0 });
    const deep = await place.run(
      `perl -e 'for (1..30) { mkdir "n" x 200; chdir "n" x 200 } mkdir ".git"; print "done\\n"'`,
    );
    assert.equal(deep.output.head, "done\n");
    assert.equal((await place.run("echo on")).output.head, "on\n");
    await place.run("rm -r n*");
    await Deno.chmod(`${workspace}/shut`, 0o700);
  },
);
