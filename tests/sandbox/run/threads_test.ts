/** Threads of one program have a sandbox each, and may work in one folder. */
import assert from "node:assert/strict";
import { workspaceWrite } from "../../support/settings.ts";
import { backendsHere, LINUX, openPlace, testHost } from "../support.ts";

const POLICY = workspaceWrite({ excludeSlashTmp: true });

/** A script that is told when to go on. */
interface Step {
  readonly ready: Promise<void>;
  readonly ended: Promise<readonly string[]>;
  goOn(): Promise<void>;
}

for (const backend of backendsHere().filter((name) => name !== "none")) {
  Deno.test(
    `what a command planted is not brought back by one of another thread (${backend})`,
    LINUX,
    async () => {
      const host = testHost();
      await using place = await openPlace({ backend, host });
      await using other = await openPlace({ backend, host });
      const { workspace } = place;
      const start = ({ run }: typeof place, name: string): Step => {
        const ready = Promise.withResolvers<void>();
        const ended = run(
          `mkfifo ${name}; mkdir -p .codex; echo evil > .codex/${name}; echo ready; read -r go < ${name}`,
          {
            threadId: name,
            policy: POLICY,
            onOutput: () => ready.resolve(),
            ...{ cwd: workspace, workspace },
          },
        ).then(({ notes }) => notes);
        const goOn = (): Promise<void> =>
          Deno.writeTextFile(`${workspace}/${name}`, "go\n");
        return { ready: ready.promise, ended, goOn };
      };
      const first = start(place, "one");
      await first.ready;
      const second = start(other, "two");
      await second.ready;
      await first.goOn();
      assert.match((await first.ended).join(), /moved protected files aside/);
      await assert.rejects(Deno.stat(`${workspace}/.codex`));
      await second.goOn();
      await second.ended;
      await assert.rejects(Deno.stat(`${workspace}/.codex`));
    },
  );
}
