/** What a person does beside commands that live on stays; what commands do is put back. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { workspaceWrite } from "../../support/settings.ts";
import {
  backendsHere,
  eventually,
  LINUX,
  openPlace,
  type Place,
  testHost,
} from "../support.ts";

/** Of a command, which is no pause. */
const TIMEOUT_MS = 60_000;
const POLICY = workspaceWrite({ excludeSlashTmp: true });

interface Live {
  /** Resolves when what the person did has been looked at several times. */
  looked(): Promise<void>;
  readonly told: readonly string[];
  end(): Promise<readonly string[]>;
}

interface Watched extends AsyncDisposable {
  readonly place: Place;
  live(script: string): Promise<Live>;
}

/** A place where the pauses between two looks are short, and counted. */
async function watched(backend: "bwrap" | "landlock"): Promise<Watched> {
  let looks = 0;
  const { sleep } = denoHost();
  const host = testHost({
    sleep: async (ms, signal) => {
      const isPause = ms >= LIMITS.putBackMs && ms < TIMEOUT_MS;
      if (!isPause) return await sleep(ms, signal);
      looks++;
      await sleep(50, signal);
    },
  });
  const place = await openPlace({ backend, host });
  return {
    place,
    live: async (script) => {
      const ready = Promise.withResolvers<void>();
      const stop = new AbortController();
      const told: string[] = [];
      const ended = place.run(script, {
        threadId: "one",
        policy: POLICY,
        signal: stop.signal,
        timeoutMs: TIMEOUT_MS,
        onStart: () => {},
        onPutBack: (lines) => void told.push(...lines),
        onOutput: () => ready.resolve(),
      });
      await ready.promise;
      const looked = async (): Promise<void> => {
        const from = looks;
        await eventually(
          () => Promise.resolve(looks > from + 3),
          "another look",
        );
      };
      await looked();
      return {
        told,
        looked,
        end: async () => {
          stop.abort();
          return (await ended).notes;
        },
      };
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

for (const backend of backendsHere().filter((name) => name !== "none")) {
  const test = (
    what: string,
    fn: (one: Watched, ws: string) => Promise<void>,
  ): void =>
    Deno.test(`${what} (${backend})`, LINUX, async () => {
      await using one = await watched(backend);
      await fn(one, one.place.workspace);
    });

  test(
    "what a person makes beside a command that waits stays where it is",
    async (one, ws) => {
      await Deno.mkdir(`${ws}/.agents`);
      await Deno.writeTextFile(`${ws}/.agents/known`, "old");
      const live = await one.live("echo ready; sleep 60");
      await Deno.mkdir(`${ws}/.codex`);
      await Deno.writeTextFile(`${ws}/.codex/config.toml`, "mine");
      await live.looked();
      await Deno.writeTextFile(`${ws}/.codex/config.toml`, "mine again");
      await Deno.writeTextFile(`${ws}/.agents/known`, "new");
      await Deno.mkdir(`${ws}/sub/.git/hooks`, { recursive: true });
      await Deno.writeTextFile(`${ws}/sub/.git/hooks/pre-commit`, "mine");
      await live.looked();
      await Deno.writeTextFile(`${ws}/sub/.git/HEAD`, "git's own");
      await live.looked();
      assert.deepEqual([live.told, await live.end()], [[], []]);
      const read = (path: string) => Deno.readTextFile(`${ws}/${path}`);
      assert.equal(await read(".codex/config.toml"), "mine again");
      assert.equal(await read(".agents/known"), "new");
      assert.equal(await read("sub/.git/hooks/pre-commit"), "mine");
      assert.equal(await read("sub/.git/HEAD"), "git's own");
    },
  );

  test(
    "what a command does to what a person made is put back to it",
    async (one, ws) => {
      const waits = await one.live(
        "mkfifo go; echo ready; read -r x < go; echo evil > .codex/config.toml; echo evil > .codex/new; echo evil > sub/.git/hooks/post-commit; sleep 60",
      );
      await Deno.mkdir(`${ws}/.codex`);
      await Deno.writeTextFile(`${ws}/.codex/config.toml`, "mine");
      await Deno.mkdir(`${ws}/sub/.git/hooks`, { recursive: true });
      await Deno.writeTextFile(`${ws}/sub/.git/config`, "[core]\n");
      await waits.looked();
      await Deno.writeTextFile(`${ws}/go`, "go\n");
      await eventually(
        () => Promise.resolve(waits.told.join("\n").includes("post-commit")),
        "it is put back",
      );
      assert.equal(
        await Deno.readTextFile(`${ws}/.codex/config.toml`),
        "mine",
      );
      await assert.rejects(Deno.stat(`${ws}/.codex/new`));
      await assert.rejects(Deno.stat(`${ws}/sub/.git/hooks/post-commit`));
      await waits.end();
    },
  );

  const PLANTS: Readonly<Record<string, string>> = {
    "wakes for a moment": "echo ready; sleep 0.5; mkdir .codex; sleep 60",
    "leaves it to a child that nobody waits for":
      `echo ready; perl -e '$SIG{CHLD} = "IGNORE"; fork || (select(undef, undef, undef, 0.5), mkdir(".codex"), exit); sleep 60'`,
    "leaves it to a session of its own":
      "echo ready; (env -i setsid sh -c 'sleep 0.5; mkdir .codex') & sleep 60",
  };
  for (const [how, script] of Object.entries(PLANTS)) {
    test(
      `what a command plants is moved aside when it ${how}`,
      async (one, ws) => {
        const live = await one.live(script);
        await eventually(
          () => Promise.resolve(live.told.join("\n").includes(".codex")),
          "it is moved aside",
        );
        await assert.rejects(Deno.stat(`${ws}/.codex`));
        await live.end();
      },
    );
  }

  test(
    "what a short command plants beside one that waits is moved aside",
    async (one, ws) => {
      const live = await one.live("echo ready; sleep 60");
      for (let times = 0; times < 10; times++) {
        const { notes } = await one.place.run("mkdir .codex", {
          threadId: "one",
          policy: POLICY,
        });
        assert.match(`${notes}${live.told}`, /moved protected files aside/);
        await assert.rejects(Deno.stat(`${ws}/.codex`));
      }
      await live.end();
    },
  );
}
