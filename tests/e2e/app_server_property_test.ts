/** Random talks with `rondo app-server`: every turn, item and question comes to its end. */
import fc from "fast-check";
import { AppClient } from "../support/app_client.ts";
import { HARD_TALK, TALK, Talks } from "../support/app_scripts.ts";

const numRuns = Number(Deno.env.get("APP_SERVER_RUNS") ?? 20);

Deno.test("app-server brings every turn, item and question to its end, whatever a client answers", async () => {
  await using talks = await Talks.open((options) => AppClient.open(options));
  await fc.assert(
    fc.asyncProperty(TALK, (steps) => talks.talk(steps)),
    { numRuns },
  );
});

Deno.test("app-server goes on with clients that answer late, twice, never, or die", async () => {
  await using talks = await Talks.open((options) => AppClient.open(options), {
    onSocket: true,
  });
  await fc.assert(
    fc.asyncProperty(HARD_TALK, (steps) => talks.talk(steps)),
    { numRuns },
  );
});
