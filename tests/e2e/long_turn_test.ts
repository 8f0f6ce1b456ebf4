/** Thirty iterations with everything that can happen in one: the prompt only ever grows. */
import assert from "node:assert/strict";
import {
  call,
  customCall,
  cut,
  type Part,
  say,
  type Step,
  think,
  unknownItem,
  webSearch,
} from "../support/mock_script.ts";
import { openInput } from "../support/laws.ts";
import { topLevelTexts } from "../support/raw_json.ts";
import {
  eventsOf,
  hasBubblewrap,
  itemsOf,
  lastEvent,
  stage,
} from "./support.ts";

const ITERATIONS = 30;

Deno.test("a turn of thirty iterations keeps every byte it has sent", async () => {
  await runLongTurn("danger-full-access");
});

Deno.test(
  "a turn of thirty iterations keeps every byte it has sent, in the sandbox",
  {
    ignore: !hasBubblewrap(),
  },
  async () => {
    await runLongTurn("workspace-write");
  },
);

async function runLongTurn(sandbox: string): Promise<void> {
  await using s = await stage({
    config: { provider: "stream_max_retries = 3" },
    script: [
      ...Array.from({ length: ITERATIONS }, (_, at) => iteration(at)),
      say("Finished."),
    ],
  });
  const run = await s.json("work long", { sandbox });
  assert.equal(run.code, 0, run.stdout.slice(-2_000));
  assert.equal(lastEvent(run)["type"], "turn.completed");
  assert.equal(s.model.requests.length, ITERATIONS + 1);
  // The laws check this too; here it is spelled out, over the bodies as they travelled.
  for (let at = 1; at < s.model.requests.length; at++) {
    const before = topLevelTexts(s.model.request(at - 1).text);
    const after = topLevelTexts(s.model.request(at).text);
    for (const key of ["instructions", "tools", "model", "prompt_cache_key"]) {
      assert.equal(after.get(key), before.get(key), `${key} of request ${at}`);
    }
    const start = openInput(s.model.request(at - 1));
    const whole = openInput(s.model.request(at));
    assert.ok(whole.startsWith(start), `request ${at} extends the one before`);
  }
  const cuts = eventsOf(run, "stream.retry");
  assert.equal(cuts.length, 2);
  assert.equal(new Set(s.model.requests.map((one) => one.connection)).size, 3);
  for (const event of eventsOf(run, "request.completed")) {
    const cache = event["cache"] as { prefix_broken?: boolean } | null;
    assert.equal(cache?.prefix_broken, false);
  }
  // What a broken answer had not committed was not said.
  const texts = itemsOf(run, "agent_message").map((item) => item["text"]);
  assert.equal(texts.filter((text) => text === "Lost words.").length, 0);
  const last = s.model.request(ITERATIONS).text;
  assert.doesNotMatch(last, /Lost words/);
  assert.equal(last.split('"hologram"').length - 1, 6);
  assert.equal(itemsOf(run, "tool_call").length, 12);
}

// One answer; which kind goes by its number.
function iteration(at: number): Step {
  const echo = (text: string): Part =>
    call("shell", { command: ["echo", text] });
  switch (at % 5) {
    case 0:
      return [
        think(`Thought ${at}.`, `cipher-${at}`),
        unknownItem({
          at,
          nested: { b: 1, a: [null, 1.5, "\u2028é\ud83d\ude00"] },
        }),
        echo(`a${at}`),
        echo(`b${at}`),
        call("shell", { command: ["sh", "-c", `echo c${at}; exit 7`] }),
      ];
    case 1:
      // Neither of these can run; both are answered and shown.
      return [call("no_such_tool", { at }), call("shell", "{not json")];
    case 2:
      return [
        customCall(
          "apply_patch",
          `*** Begin Patch\n*** Add File: f${at}.txt\n+${at}\n*** End Patch\n`,
        ),
        webSearch(`query ${at}`),
        say(`Comment ${at}.`, { phase: "commentary" }),
      ];
    case 3:
      // Cut after a committed call: the work goes on from it.
      return at === 13 || at === 23
        ? [echo(`d${at}`), say("Lost words.", { deltas: 4 }), cut()]
        : [think(["One.", "Two."]), echo(`d${at}`)];
    default:
      return call("update_plan", {
        plan: [{ step: `step ${at}`, status: "in_progress" }],
      });
  }
}
