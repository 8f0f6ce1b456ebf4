/** Random talks with `rondo acp`: every prompt, call and question comes to its end, in valid messages. */
import fc from "fast-check";
import { ACP_TALK, AcpTalks } from "../support/acp_scripts.ts";

Deno.test("acp brings every prompt, call and question to its end, whatever an editor does", async () => {
  await using talks = await AcpTalks.open();
  const numRuns = Number(Deno.env.get("ACP_RUNS") ?? 20);
  await fc.assert(
    fc.asyncProperty(ACP_TALK, (steps) => talks.talk(steps)),
    { numRuns },
  );
});
