/** The modes of a session: what each allows, and which of them are more than was given. Pure. */
import type { SessionMode } from "@agentclientprotocol/sdk";
import type { SandboxMode, SandboxPolicy } from "../../../protocol/policy.ts";
import type { TurnSettings } from "../../../protocol/settings.ts";

interface Mode extends SessionMode {
  readonly description: string;
  /** What it changes of the settings. */
  readonly patch: Pick<TurnSettings, "mode"> & Partial<TurnSettings>;
  /** More than the configuration allows: the person is asked. */
  readonly isWider: boolean;
}

interface ModeFacts {
  /** What the configuration and the command line allow. */
  readonly configured: SandboxPolicy;
  readonly modePolicy: (mode: SandboxMode) => SandboxPolicy;
}

/** How much each lets happen. */
const RANKS: Readonly<Record<SandboxMode, number>> = {
  "read-only": 0,
  "workspace-write": 1,
  "external-sandbox": 2,
  "danger-full-access": 3,
};

const WORDS = {
  "read-only": {
    id: "read-only",
    name: "Read only",
    description: "Files can be read, and nothing can be changed without asking",
  },
  "workspace-write": {
    id: "workspace",
    name: "Workspace",
    description: "Files of the working folder can be changed",
  },
  "danger-full-access": {
    id: "full",
    name: "Full access",
    description: "Commands run without a sandbox",
  },
  "external-sandbox": {
    id: "external",
    name: "External sandbox",
    description: "Commands run in the sandbox that is around this program",
  },
} satisfies Record<SandboxMode, SessionMode>;

/** All that can be chosen, the narrowest first. */
export function sessionModes(facts: ModeFacts): readonly Mode[] {
  const { configured } = facts;
  const modes: SandboxMode[] = ["workspace-write", "danger-full-access"];
  const all = modes.includes(configured.mode) || configured.mode === "read-only"
    ? modes
    : [...modes, configured.mode];
  return [
    modeOf("read-only", facts),
    {
      id: "plan",
      name: "Plan",
      description: "Nothing can be changed, and nobody is asked",
      patch: { mode: "plan" },
      isWider: false,
    },
    ...all.map((mode) => modeOf(mode, facts)),
  ];
}

/** The one that holds. */
export function currentMode(settings: TurnSettings): string {
  if (settings.mode === "plan") return "plan";
  const { mode } = settings.after?.sandbox ?? settings.sandbox;
  return WORDS[mode].id;
}

function modeOf(mode: SandboxMode, facts: ModeFacts): Mode {
  return {
    ...WORDS[mode],
    patch: { mode: undefined, sandbox: policyOf(mode, facts) },
    isWider: RANKS[mode] > RANKS[facts.configured.mode],
  };
}

// What the configured policy keeps from being read stays so in every mode with a sandbox.
function policyOf(
  mode: SandboxMode,
  { configured, modePolicy }: ModeFacts,
): SandboxPolicy {
  if (mode === configured.mode) return configured;
  const policy = modePolicy(mode);
  const readable = "readable" in configured ? configured.readable : undefined;
  return "denyRead" in policy && readable !== undefined
    ? { ...policy, readable }
    : policy;
}
