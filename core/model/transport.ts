/** A POST to the provider until its answer begins: headers, credentials, request-level retries. */
import { ModelError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { readStart } from "../util/bytes.ts";
import type { Auth, ProviderEndpoint } from "../protocol/provider.ts";
import { endWait } from "../util/async.ts";
import { NOTHING_SPENT } from "../util/retry.ts";
import {
  planNextAttempt,
  requestBudget,
  type RetryNotice,
  sharedWaitMs,
  spentError,
} from "./attempts.ts";
import {
  buildConnectError,
  buildNoConnectionError,
  buildSilenceError,
} from "./connect_error.ts";
import { buildHttpError } from "./errors/errors.ts";
import type { RequestBody } from "./request.ts";
import { Watchdog } from "./idle_timeout.ts";
import type { RequestGate } from "./request_gate.ts";

export interface ModelRequest {
  /** Sent as it is. */
  readonly body: RequestBody;
  readonly threadId: string;
  readonly signal: AbortSignal;
  /** Beside those that every request carries. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly onRetry?: (notice: RetryNotice) => void;
}

export interface TransportOptions {
  readonly host: Host;
  readonly provider: ProviderEndpoint;
  readonly auth: Auth;
  /** All that a provider learns about where the request comes from. */
  readonly program: {
    readonly name: string;
    readonly version: string;
    /** What started it, where that is another program. */
    readonly originator?: string;
    /** Where requests must be served; no configured header stands over it. */
    readonly residency?: string;
  };
  /** Of `Deno.createHttpClient`: own certificate authorities, client certificate. */
  readonly httpClient?: unknown;
  /** URL of the proxy that it connects through. */
  readonly proxy?: string;
  /** Whether the server's address responds at all; absent behind a proxy. */
  readonly probe?: ((url: string) => Promise<boolean>) | undefined;
  /** Shared with other runs; absent where this one is alone. */
  readonly gate?: RequestGate;
}

/** An answer that has begun; whoever holds it stops its watchdog. */
export interface OpenResponse {
  readonly response: Response;
  readonly watchdog: Watchdog;
}

interface PostRequest extends ModelRequest {
  /** Below the provider's base URL. */
  readonly path: string;
  readonly accept: string;
}

/** Sends the request and returns the answer once it has begun with a 2xx status. */
export async function openResponse(
  options: TransportOptions,
  request: PostRequest,
): Promise<OpenResponse> {
  const budget = requestBudget(options.provider);
  let spent = NOTHING_SPENT;
  let refreshed = false;
  while (true) {
    const answer = await attempt(options, request);
    if (!(answer instanceof ModelError)) return answer;
    if (answer.status === 401 && !refreshed) {
      refreshed = true;
      if (await options.auth.refresh()) continue;
    }
    const plan = planNextAttempt(answer, spent, { budget, host: options.host });
    if (isTooBusy(answer)) {
      const waitMs = plan?.delayMs ?? sharedWaitMs(answer, options);
      await options.gate?.slowDown(waitMs);
    }
    if (plan === undefined) {
      throw spentError(answer, spent, options);
    }
    spent = plan.spent;
    request.onRetry?.(plan.notice);
    await options.host.sleep(plan.delayMs, request.signal);
  }
}

/** What the server says to one of us holds for all. */
export function isTooBusy({ status, kind }: ModelError): boolean {
  return kind === "rate_limit" || status === 429 || status === 503;
}

async function attempt(
  options: TransportOptions,
  request: PostRequest,
): Promise<OpenResponse | ModelError> {
  const { host, provider } = options;
  const url = endpointUrl(provider, request.path);
  const token = await options.auth.token();
  const place = await options.gate?.enter(request.signal);
  const watchdog = new Watchdog({
    host,
    signal: request.signal,
    idleMs: provider.streamIdleMs,
    reason: () => buildSilenceError(provider.streamIdleMs),
    ...(place !== undefined && { onStop: () => place[Symbol.dispose]() }),
  });
  let kept = false;
  const answered = new AbortController();
  void watchConnection(options, { url, watchdog, answered: answered.signal });
  try {
    const response = await host.fetch(
      url,
      buildInit(options, request, { token, signal: watchdog.signal }),
    );
    watchdog.heard();
    if (!response.ok) return await readFailure(response, { host, url });
    kept = true;
    return { response, watchdog };
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    const reason = watchdog.signal.aborted ? watchdog.signal.reason : error;
    return reason instanceof ModelError
      ? reason
      : buildConnectError(reason, url, options.proxy);
  } finally {
    endWait(answered);
    if (!kept) watchdog.stop();
  }
}

// A model may take minutes to begin, a lost packet the system's minutes to be noticed:
// only a look at the address itself tells one from the other.
async function watchConnection(
  options: TransportOptions,
  attempt: {
    readonly url: string;
    readonly watchdog: Watchdog;
    readonly answered: AbortSignal;
  },
): Promise<void> {
  const { probe, host } = options;
  if (probe === undefined) return;
  try {
    await host.sleep(LIMITS.connectTimeoutMs, attempt.answered);
    if (await probe(attempt.url) || attempt.answered.aborted) return;
    attempt.watchdog.giveUp(buildNoConnectionError(attempt.url));
  } catch (error) {
    if (!attempt.answered.aborted) attempt.watchdog.giveUp(error);
  }
}

function buildInit(
  options: TransportOptions,
  request: PostRequest,
  per: { readonly token: string | undefined; readonly signal: AbortSignal },
): RequestInit {
  const client = options.httpClient;
  const init = {
    method: "POST",
    headers: buildHeaders(options, request, per.token),
    body: request.body,
    signal: per.signal,
    // Following one would carry the prompt to a place that is not configured.
    redirect: "manual",
    ...(client !== undefined && { client }),
  } as const;
  return init;
}

async function readFailure(
  response: Response,
  context: { readonly host: Host; readonly url: string },
): Promise<ModelError> {
  return buildHttpError({
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
    body: await readStart(response.body, LIMITS.errorBodyBytes),
    url: context.url,
    nowMs: context.host.now().getTime(),
  });
}

/** The address below the base URL, with the query of the provider. */
export function endpointUrl(provider: ProviderEndpoint, path: string): string {
  const query = new URLSearchParams(provider.queryParams).toString();
  const base = `${provider.baseUrl.replace(/\/+$/, "")}${path}`;
  return query === "" ? base : `${base}?${query}`;
}

/** What every request carries. */
export function buildHeaders(
  options: TransportOptions,
  request: Pick<PostRequest, "accept" | "threadId" | "headers">,
  token: string | undefined,
): Record<string, string> {
  const { name, version, originator = name, residency } = options.program;
  // So that a configured header replaces one of ours instead of standing beside it.
  return {
    accept: request.accept,
    "content-type": "application/json",
    originator,
    "user-agent": `${name}/${version}`,
    "session-id": request.threadId,
    "thread-id": request.threadId,
    ...request.headers,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...Object.fromEntries(
      Object.entries(options.provider.headers).map((
        [name, value],
      ) => [name.toLowerCase(), value]),
    ),
    // The name that Codex sends.
    ...(residency !== undefined && {
      "x-openai-internal-codex-residency": residency,
    }),
  };
}
