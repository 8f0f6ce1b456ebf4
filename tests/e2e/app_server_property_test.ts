/** Random talks with `rondo app-server`: every turn, item and question comes to its end. */
import fc from "fast-check";
import { AppClient } from "../support/app_client.ts";
import { TALK, Talks } from "../support/app_scripts.ts";

Deno.test("app-server brings every turn, item and question to its end, whatever a client answers", async () => {
  await using talks = await Talks.open((home, answer) =>
    AppClient.open({ home, answer })
  );
  const numRuns = Number(Deno.env.get("APP_SERVER_RUNS") ?? 20);
  await fc.assert(
    fc.asyncProperty(TALK, (steps) => talks.talk(steps)),
    { numRuns },
  );
});
