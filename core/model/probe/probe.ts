/** Finds out with a dozen small requests what an endpoint takes. */
import { LIMITS } from "../../protocol/limits.ts";
import type { RateLimit } from "../../protocol/provider.ts";
import type { TransportOptions } from "../transport.ts";
import { type Asked, Asker, Meter, type ProbeFailure } from "./asker.ts";
import {
  type BodyOptions,
  hugeOutputBody,
  longBody,
  plainBody,
} from "./bodies.ts";
import {
  briefly,
  type Finding,
  judgeStream,
  judgeUsage,
  notSupported,
  supported,
  unknown,
} from "./findings.ts";
import { lookAtLeaving, LOOKS, type Probe } from "./looks.ts";
import { type ListedModels, loadModels } from "./models.ts";

export interface ProbeReport {
  readonly wireApi: "responses" | "chat";
  readonly findings: readonly Finding[];
  /** The window of the model in tokens, as the server says. */
  readonly windowTokens?: number;
  readonly requests: number;
  readonly durationMs: number;
  /** Why nothing could be asked. */
  readonly failure?: ProbeFailure;
}

/** Asks the provider for all of it. Throws what no server can be blamed for. */
export async function runProbe(
  options: TransportOptions,
  model: string,
): Promise<ProbeReport> {
  const meter = new Meter(options.host);
  const opened = await openProbe(options, { model, meter });
  const spent = (): Pick<ProbeReport, "requests" | "durationMs"> => ({
    requests: meter.count,
    durationMs: meter.spentMs,
  });
  if ("failure" in opened) return { ...opened, ...spent() };
  const { probe, findings } = opened;
  const { wireApi } = probe.asker;
  const all = [...findings];
  for (const look of LOOKS) all.push(...await look(probe));
  const { windowTokens, finding } = await judgeOverflow(
    probe.asker,
    probe.body,
    probe.listed,
  );
  all.push(
    finding,
    judgeLimits(probe.listed, {
      windowTokens,
      rateLimits: probe.asker.rateLimits,
    }),
  );
  all.push(await lookAtLeaving(probe));
  return {
    wireApi,
    findings: all,
    ...(windowTokens !== undefined && { windowTokens }),
    ...spent(),
  };
}

type Opened =
  | { readonly probe: Probe; readonly findings: readonly Finding[] }
  | Required<Pick<ProbeReport, "wireApi" | "findings" | "failure">>;

// On the wire that is configured; on the other one where the server does not know it.
async function openProbe(
  options: TransportOptions,
  { model, meter }: { readonly model: string; readonly meter: Meter },
): Promise<Opened> {
  const first = options.provider.wireApi;
  const other = first === "chat" ? "responses" : "chat";
  const listed = await loadModels(options, { model, meter });
  let failure: ProbeFailure | undefined;
  for (const wireApi of [first, other] as const) {
    const asker = new Asker(options, meter, wireApi);
    for (const bounded of [true, false]) {
      const body = { model, bounded };
      const asked = await asker.ask(plainBody(body));
      if (asked.ok) {
        const path = wireApi === "chat" ? "/chat/completions" : "/responses";
        const why = failure === undefined
          ? ""
          : `; the other one: ${briefly(failure.error.message)}`;
        return {
          probe: { asker, body, listed },
          findings: [
            supported("endpoint", `POST ${path}${why}`),
            listed.finding,
            judgeStream(asked, wireApi),
            judgeUsage(asked),
          ],
        };
      }
      // A path that is not there says less than what the other one answers.
      if (failure === undefined || isPathUnknown(failure)) failure = asked;
      if (!/max_\w*tokens/.test(asked.error.message)) break;
    }
    if (failure?.isRefusal !== true) break;
  }
  if (failure === undefined) {
    throw new Error("Broken invariant: nothing failed");
  }
  return { wireApi: first, failure, findings: [listed.finding] };
}

function isPathUnknown({ error }: ProbeFailure): boolean {
  return error.status === 404 || error.status === 405;
}

/** For people, before anything is sent. */
export function describeCost(): string {
  const tokens = LIMITS.probeRequests * LIMITS.probeOutputTokens;
  return `at most ${LIMITS.probeRequests} small requests, ${tokens} tokens of output and ${
    LIMITS.probeWholeMs / 1_000
  } s`;
}

interface Overflow extends Pick<ListedModels, "windowTokens"> {
  readonly finding: Finding;
}

/**
 * First by an output that cannot be, which costs nothing where it is refused; then by a
 * prompt that is too long, where the window is small enough to be paid for.
 */
async function judgeOverflow(
  asker: Asker,
  body: BodyOptions,
  listed: ListedModels,
): Promise<Overflow> {
  const huge = await asker.ask(hugeOutputBody(body));
  const known = judgeRefusal(huge);
  if (known !== undefined) {
    return { ...listed, ...known };
  }
  const { windowTokens } = listed;
  const name = "overflow_words";
  if (windowTokens === undefined) {
    return {
      finding: unknown(name, "the size of the window is not told"),
    };
  }
  if (windowTokens > LIMITS.probePromptTokens) {
    return {
      windowTokens,
      finding: unknown(
        name,
        `that would take a prompt of more than ${windowTokens} tokens`,
      ),
    };
  }
  const long = await asker.ask(longBody(body, windowTokens * 1.25));
  const said = judgeRefusal(long);
  if (said !== undefined) return { windowTokens, ...said };
  return {
    windowTokens,
    finding: long.ok
      ? notSupported(
        name,
        "a prompt that is too long is taken, and cut in silence",
      )
      : long.isRefusal
      ? notSupported(name, `not understood: ${briefly(long.error.message)}`)
      : unknown(name, briefly(long.error.message)),
  };
}

function judgeRefusal(asked: Asked): Overflow | undefined {
  if (asked.ok || asked.error.kind !== "context_window") return undefined;
  const { windowTokens, message } = asked.error;
  return {
    finding: supported("overflow_words", `understood: ${briefly(message)}`),
    ...(windowTokens !== undefined && { windowTokens }),
  };
}

/** Sizes and rates, as far as they are told. */
function judgeLimits(
  { outputTokens }: ListedModels,
  { windowTokens, rateLimits }: {
    readonly windowTokens: number | undefined;
    readonly rateLimits: readonly RateLimit[];
  },
): Finding {
  const told = [
    ...windowTokens === undefined ? [] : [`window ${windowTokens} tokens`],
    ...outputTokens === undefined ? [] : [`output ${outputTokens} tokens`],
    ...rateLimits.map(({ name, left, usedShare }) =>
      left === undefined
        ? `${name} ${Math.round(usedShare * 100)} % used`
        : `${name} ${left.count} of ${left.of} left`
    ),
  ];
  return told.length === 0
    ? unknown("limits", "the server tells none")
    : supported("limits", told.join(", "));
}
