/** How a batch is ended by signals. */
import assert from "node:assert/strict";
import { listenForStop } from "../../../../core/app/batch/stop.ts";
import type { Child } from "../../../../core/protocol/host.ts";
import type { Terminal } from "../../../../core/protocol/terminal.ts";

Deno.test("a second interrupt ends the runs of a batch at once", async () => {
  const signals: string[] = [];
  const ended = Promise.withResolvers<{ code: number; signal: null }>();
  const child = {
    status: ended.promise,
    kill: (signal: string, { group = false } = {}) => {
      signals.push(group ? `${signal} to all` : signal);
      if (signal === "SIGKILL") ended.resolve({ code: 137, signal: null });
    },
  } as unknown as Child;
  const handlers = new Map<string, () => void>();
  const terminal = {
    onSignal: (signal: string, handler: () => void) => {
      handlers.set(signal, handler);
      return () => {};
    },
  } as unknown as Terminal;
  const never = new Promise<void>(() => {});
  const batch = {
    stop: new AbortController(),
    children: new Set([child]),
    host: { sleep: () => never },
  } as unknown as Parameters<typeof listenForStop>[0];
  const stopped = listenForStop(batch, terminal);
  handlers.get("SIGINT")?.();
  assert.deepEqual(signals, ["SIGINT"]);
  handlers.get("SIGINT")?.();
  assert.deepEqual(signals, ["SIGINT", "SIGKILL to all"]);
  await stopped.ending();
  assert.equal(stopped.exitCode(), 130);
});
