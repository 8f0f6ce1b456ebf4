/** A writable folder whose name a command can make is no way out of the others. */
import assert from "node:assert/strict";
import type { SandboxPolicy } from "../../../core/protocol/policy.ts";
import { workspaceWrite } from "../../support/settings.ts";
import {
  backendsHere,
  LINUX,
  openPlace,
  type Place,
  testHost,
} from "../support.ts";

interface Case {
  readonly policy: (base: string) => SandboxPolicy;
  /** The name that leads to `away`, below the workspace. */
  readonly link: string;
}

const CASES: Readonly<Record<string, Case>> = {
  "a configured folder that is not there yet": {
    link: "out",
    policy: (base) =>
      workspaceWrite({
        excludeSlashTmp: true,
        writableRoots: [`${base}/ws/out`],
      }),
  },
  "one further below": {
    link: "a",
    policy: (base) =>
      workspaceWrite({
        excludeSlashTmp: true,
        writableRoots: [`${base}/ws/a/out`],
      }),
  },
  "a configured folder where the workspace is not writable": {
    link: "in/out",
    policy: (base) =>
      workspaceWrite({
        excludeSlashTmp: true,
        excludeWorkspace: true,
        writableRoots: [`${base}/ws/in/out`, `${base}/ws/in`],
      }),
  },
  "$TMPDIR": {
    link: "tmp",
    policy: () =>
      workspaceWrite({ excludeSlashTmp: true, excludeTmpdirEnvVar: false }),
  },
  "a cache in a home that is the workspace": {
    link: ".cache/pip",
    policy: () => workspaceWrite({ excludeSlashTmp: true, buildCaches: true }),
  },
};

async function attack(
  { base, run }: Place,
  { policy, link }: Case,
  sandboxed: boolean,
): Promise<boolean> {
  const away = `${base}/away`;
  await Deno.mkdir(`${away}/out`, { recursive: true });
  await Deno.mkdir(`${base}/ws/in`);
  const more = { sandboxed, policy: policy(base) };
  const planted = await run(
    `mkdir -p "$(dirname ${link})" && ln -s ${away} ${link}`,
    more,
  );
  assert.equal(planted.exitCode, 0, planted.output.head);
  await run(`echo owned > ${away}/owned; echo owned > ${away}/out/owned`, more);
  const names = await Array.fromAsync(Deno.readDir(away));
  const below = await Array.fromAsync(Deno.readDir(`${away}/out`));
  return [...names, ...below].some(({ name }) => name === "owned");
}

for (const backend of backendsHere()) {
  for (const [what, one] of Object.entries(CASES)) {
    Deno.test(
      `a command does not lead ${what} to another folder (${backend})`,
      LINUX,
      async () => {
        let base = "";
        const host = testHost({
          env: (name) => name === "TMPDIR" ? `${base}/ws/tmp` : undefined,
          homeDir: () => `${base}/ws`,
        });
        await using place = await openPlace({ backend, host });
        base = place.base;
        const isOut = await attack(place, one, backend !== "none");
        assert.equal(isOut, backend === "none");
      },
    );
  }
}

Deno.test(
  "a folder in another one that is where its name says is writable",
  LINUX,
  async () => {
    let base = "";
    const host = testHost({
      env: (name) => name === "TMPDIR" ? `${base}/ws/tmp` : undefined,
      homeDir: () => `${base}/ws`,
    });
    for (const backend of backendsHere().filter((name) => name !== "none")) {
      await using place = await openPlace({ backend, host });
      base = place.base;
      await Deno.mkdir(`${base}/ws/tmp`);
      await Deno.mkdir(`${base}/far`);
      // The person's own link lies where no command can change it.
      await Deno.symlink(`${base}/far`, `${base}/near`);
      const { exitCode, output } = await place.run(
        `touch tmp/a ${base}/near/a`,
        { policy: workspaceWrite({ writableRoots: [`${base}/near`] }) },
      );
      assert.equal(exitCode, 0, output.head);
    }
  },
);
