/** Runs the user's hooks: JSON on stdin, an answer by exit code and stdout. */
import type { Host } from "../../protocol/host.ts";
import {
  type HookEvent,
  type HookEventName,
  type HookPlace,
  type Hooks,
  type HookVerdict,
  NO_VERDICT,
} from "../../protocol/hooks.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { buildHookInput, matchesEvent } from "./input.ts";
import { joinVerdicts, parseHookOutput } from "./output.ts";
import { runProgram } from "./run_program.ts";

/** Asked before each start. */
export type CheckStart = () => Promise<{
  readonly changed: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** A script of it that was exchanged since; asked once it has been read. */
  readonly recheck: () => Promise<string | undefined>;
}>;

/** One command for one kind of event. */
export interface HookHandler {
  readonly event: HookEventName;
  readonly matcher?: string;
  /** For `sh -c`. */
  readonly command: string;
  readonly timeoutMs: number;
  /** A script of it that is no longer what was approved; variables it must be run with. */
  readonly check?: CheckStart;
}

/** Hooks that run these commands, all of an event side by side. */
export function createHooks(
  host: Pick<Host, "spawn" | "sleep">,
  options: {
    readonly handlers: readonly HookHandler[];
    readonly env: Readonly<Record<string, string>>;
    /** Where they are started; the folder of the thread when absent. */
    readonly folder?: string | undefined;
  },
): Hooks {
  const { handlers } = options;
  return {
    has: (name) => handlers.some((one) => one.event === name),
    run: async (event, place) => {
      const meant = withoutDoubles(
        handlers.filter((one) =>
          one.event === event.name && matchesEvent(one.matcher, event)
        ),
      );
      if (meant.length === 0) return NO_VERDICT;
      const input = `${JSON.stringify(buildHookInput(event, place))}\n`;
      const verdicts = await Promise.all(
        meant.map((handler) =>
          runHandler(host, handler, { ...options, input, event, place })
        ),
      );
      place.signal.throwIfAborted();
      return joinVerdicts(verdicts);
    },
  };
}

async function runHandler(
  host: Pick<Host, "spawn" | "sleep">,
  { command, timeoutMs, check }: HookHandler,
  { input, event, place, env, folder }: {
    readonly input: string;
    readonly event: HookEvent;
    readonly place: HookPlace;
    readonly env: Readonly<Record<string, string>>;
    readonly folder?: string | undefined;
  },
): Promise<HookVerdict> {
  const start = await check?.();
  if (start?.changed !== undefined) {
    const message =
      `Skipped the ${event.name} hook "${command}": ${start.changed} is not what you approved; ` +
      `to see it and decide: ${PROGRAM} trust`;
    return { ...NO_VERDICT, messages: [message] };
  }
  // Others wait for the end of a session.
  const bound = event.name === "SessionEnd" ? LIMITS.hookEndMs : Infinity;
  const result = await runProgram(host, {
    argv: ["/bin/sh", "-c", command],
    cwd: folder ?? place.settings.cwd,
    env: { ...env, ...start?.env },
    stdin: input,
    timeoutMs: Math.min(timeoutMs, bound),
    outputBytesMax: LIMITS.hookOutputBytes,
    signal: place.signal,
  });
  const exchanged = await start?.recheck();
  if (exchanged !== undefined) {
    const message =
      `The answer of the ${event.name} hook "${command}" does not count: ${exchanged} was changed while it ran, ` +
      "so it may not be what you approved";
    return { ...NO_VERDICT, messages: [message] };
  }
  return parseHookOutput(event.name, command, result);
}

// The same command may stand in several files; once is enough.
function withoutDoubles(
  handlers: readonly HookHandler[],
): readonly HookHandler[] {
  const seen = new Set<string>();
  return handlers.filter(({ command }) => {
    const isNew = !seen.has(command);
    seen.add(command);
    return isNew;
  });
}
