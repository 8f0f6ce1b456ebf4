/** Stops from outside, before and after somebody listens. */
import assert from "node:assert/strict";
import type { Cause } from "../../../../core/frontends/jsonl/outcome.ts";
import { ExecStops } from "../../../../core/frontends/exec/stop_signals.ts";
import { manualClock, MemoryTerminal } from "../support.ts";

Deno.test("ExecStops keeps the stops that come before anybody listens", async () => {
  const terminal = new MemoryTerminal();
  const { host } = manualClock();
  const stops = new ExecStops(host, terminal);
  terminal.signal("SIGTERM");
  terminal.signal("SIGINT");
  assert.equal(await stops.first, "sigterm");
  const heard: Cause[] = [];
  stops.listen((cause) => heard.push(cause));
  assert.deepEqual(heard, ["sigterm", "sigint"]);
  terminal.signal("SIGHUP");
  assert.deepEqual(heard, ["sigterm", "sigint", "sigterm"]);
  stops.close();
  stops.close();
  assert.deepEqual(terminal.listened, []);
});

Deno.test("ExecStops holds the first time limit it is given", async () => {
  const { host, waits } = manualClock();
  const stops = new ExecStops(host, new MemoryTerminal());
  stops.setTimeout(undefined);
  stops.setTimeout(5_000);
  stops.setTimeout(9_000);
  assert.deepEqual(waits.map(({ ms }) => ms), [5_000]);
  waits[0]?.end();
  assert.equal(await stops.first, "timeout");
  stops.close();
});
