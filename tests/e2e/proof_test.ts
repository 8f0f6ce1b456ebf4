/** What a run says of the sandbox before it has proved it, and what becomes of it. */
import assert from "node:assert/strict";
import { call, say } from "../support/mock_script.ts";
import type { AgentRun } from "../support/run_agent.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";
import { errorOf, hasBubblewrap, type Stage, stage } from "./support.ts";

const BWRAP = { ignore: !hasBubblewrap() };
const ROOT_BWRAP = { ignore: Deno.uid() !== 0 || !hasBubblewrap() };

const CONFINED = { sandbox: "workspace-write" };

function receiptOf({ events }: AgentRun): Record<string, unknown> {
  return events[0]?.["sandbox"] as Record<string, unknown>;
}

function proofFile({ home }: Stage): string {
  return `${home.codexHome}/proofs/sandbox.json`;
}

/** The permissions messages of a request, in their order. */
function permissionsOf(s: Stage, request: number): string[] {
  return s.model.request(request).input
    .map((item) => JSON.stringify(item))
    .filter((text) => text.includes("<permissions instructions>"));
}

Deno.test(
  "the second run says what the first one proved, and its prompts begin as those did",
  BWRAP,
  async () => {
    await using s = await stage({ script: () => say("ok") });
    const first = await s.json("go", CONFINED);
    assert.equal(receiptOf(first)["proof"], "this_run");
    const second = await s.json("go", CONFINED);
    assert.deepEqual(receiptOf(second), {
      ...receiptOf(first),
      proof: "earlier_run",
    });
    assert.deepEqual(permissionsOf(s, 1), permissionsOf(s, 0));
    const more = { ...CONFINED, command: ["resume", "--last"] };
    const third = await s.json("go on", more);
    assert.equal(receiptOf(third)["proof"], "earlier_run");
    assert.deepEqual(third.events[0]?.["resume"], {
      exact: true,
      cause: "",
      lost_tokens: 0,
    });
    assert.equal(permissionsOf(s, 2).length, 1);
  },
);

Deno.test("a run with full access keeps no proof", async () => {
  await using s = await stage({ script: () => say("ok") });
  const run = await s.json("go");
  assert.equal(run.code, 0);
  assert.equal(receiptOf(run)["proof"], undefined);
  await assert.rejects(Deno.stat(proofFile(s)));
});

Deno.test(
  "a machine whose bubblewrap has changed is proved before anything is said",
  ROOT_BWRAP,
  async () => {
    await using s = await stage({ script: () => say("ok") });
    await s.json("go", CONFINED);
    const run = await s.json("go", { ...CONFINED, under: WITHOUT_BWRAP });
    assert.equal(receiptOf(run)["backend"], "landlock");
    assert.equal(receiptOf(run)["proof"], "this_run");
  },
);

Deno.test(
  "a proof that this run cannot repeat ends the turn before a command, and person and model are told",
  BWRAP,
  async () => {
    await using s = await stage({
      script: [
        say("ok"),
        call("shell", { command: ["touch", "ran"] }),
        call("shell", { command: ["touch", "ran"] }),
        say("done"),
      ],
    });
    await s.json("go", CONFINED);
    const kept = JSON.parse(await Deno.readTextFile(proofFile(s)));
    const { name, hint, isProved, backend } = kept.attempts[0];
    const forged = {
      ...{ name: "bwrap-noproc", hint, isProved, detail: "" },
      backend: { ...backend, name: "bwrap-noproc" },
    };
    assert.equal(name, "bwrap");
    await Deno.writeTextFile(
      proofFile(s),
      JSON.stringify({ ...kept, attempts: [forged] }),
    );
    const failed = await s.json("go", CONFINED);
    assert.equal(receiptOf(failed)["backend"], "bwrap-noproc");
    assert.equal(failed.code, 8);
    assert.match(
      String(errorOf(failed)["message"]),
      /^Cannot run a command: the sandbox is bwrap with .*, must be bwrap-noproc/,
    );
    await assert.rejects(Deno.stat(`${s.home.work}/ran`));
    const again = await s.json("again", {
      ...CONFINED,
      command: ["resume", "--last"],
    });
    assert.equal(again.code, 0);
    const [before, after] = permissionsOf(s, 3);
    assert.match(String(before), /Enforced by `bwrap-noproc`/);
    assert.match(String(after), /Enforced by `bwrap`/);
    assert.equal((await Deno.stat(`${s.home.work}/ran`)).isFile, true);
  },
);
