/** Finds out with a dozen small requests what an endpoint takes. */
import { LIMITS } from "../../protocol/limits.ts";
import type { TransportOptions } from "../transport.ts";
import { Asker, Meter, type ProbeFailure } from "./asker.ts";
import { plainBody } from "./bodies.ts";
import {
  briefly,
  type Finding,
  judgeStream,
  judgeUsage,
  supported,
} from "./findings.ts";
import { lookAtLeaving, LOOKS, type Probe } from "./looks.ts";
import { loadModels } from "./models.ts";
import { judgeLimits, judgeOverflow } from "./window.ts";

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
