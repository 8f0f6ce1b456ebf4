/** The model, settings, policies and provider that tests run with unless they say otherwise. */
import type { TransportOptions } from "../../core/model/transport.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import type { ProviderEndpoint } from "../../core/protocol/provider.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type {
  LoopLimits,
  ModelInfo,
  TurnSettings,
} from "../../core/protocol/settings.ts";

type ReadOnly = Extract<SandboxPolicy, { readonly mode: "read-only" }>;
type WorkspaceWrite = Extract<
  SandboxPolicy,
  { readonly mode: "workspace-write" }
>;

export const TEST_MODEL: ModelInfo = Object.freeze({
  slug: "test-model",
  known: true,
  contextWindow: 100_000,
  autoCompactLimit: 90_000,
  supportsReasoning: true,
  supportsImages: true,
  supportsVerbosity: false,
  parallelToolCalls: true,
  applyPatch: "freeform",
  toolOutputTokens: 10_000,
});

/** A model of today with its whole window. */
export const LARGE_MODEL: ModelInfo = Object.freeze({
  ...TEST_MODEL,
  slug: "gpt-test",
  contextWindow: 272_000,
  autoCompactLimit: 244_800,
  supportsVerbosity: true,
});

export const TEST_SETTINGS: TurnSettings = {
  model: TEST_MODEL,
  cwd: "/srv/project",
  approval: "never",
  sandbox: { mode: "danger-full-access" },
  shell: "bash",
};

export const TEST_LOOPS: LoopLimits = {
  stepsMax: LIMITS.stepsPerTurn,
  failing: LIMITS.failingLoop,
  idle: LIMITS.idleLoop,
};

export const READ_ONLY: ReadOnly = {
  mode: "read-only",
  networkAccess: false,
  denyRead: [],
};

/** The default workspace-write, changed where said. */
export function workspaceWrite(
  change: Partial<WorkspaceWrite> = {},
): WorkspaceWrite {
  return {
    mode: "workspace-write",
    writableRoots: [],
    networkAccess: false,
    excludeTmpdirEnvVar: false,
    excludeSlashTmp: false,
    gitCommits: false,
    allowUnixSockets: false,
    denyRead: [],
    ...change,
  };
}

/** An endpoint of the scripted server. */
export function testEndpoint(
  baseUrl: string,
  more: Partial<ProviderEndpoint> = {},
): ProviderEndpoint {
  return {
    id: "mock",
    name: "Mock",
    baseUrl,
    queryParams: {},
    headers: {},
    requestRetries: 2,
    streamRetries: 3,
    streamIdleMs: 5_000,
    waitMaxMs: 60_000,
    wireApi: "responses",
    supportsCompact: false,
    singleSystemMessage: false,
    pictures: {
      sideMax: LIMITS.imageSide,
      bytesMax: LIMITS.imageSentBytes,
      countMax: LIMITS.requestImages,
      requestBytesMax: LIMITS.requestBytes,
    },
    ...more,
  };
}

/** What the client of a model needs to ask a provider. */
export function testTransport(
  host: TransportOptions["host"],
  provider: ProviderEndpoint,
  token: string | undefined = "key",
): TransportOptions {
  return {
    host,
    provider,
    auth: {
      token: () => Promise.resolve(token),
      refresh: () => Promise.resolve(false),
    },
    program: { name: "rondo", version: "0.0.0" },
  };
}
