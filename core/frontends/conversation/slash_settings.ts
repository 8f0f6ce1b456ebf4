/** Slash commands about the model and permissions. */
import { approvalText } from "../render/format.ts";
import type { SandboxMode } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";
import { splitArgs } from "./slash.ts";

const APPROVALS = ["untrusted", "on-request", "never", "on-failure"] as const;
const MODES: readonly SandboxMode[] = [
  "read-only",
  "workspace-write",
  "danger-full-access",
  "external-sandbox",
];

export const SETTINGS_COMMANDS: readonly SlashCommand[] = [
  {
    name: "model",
    args: "[MODEL [EFFORT]]",
    summary: "Show or choose the model and its reasoning effort",
    run: runModel,
    words: ({ services }) => services.models().map(({ slug }) => slug),
  },
  {
    name: "approvals",
    aliases: ["permissions"],
    args: "[PRESET|PROFILE|POLICY]",
    summary:
      "Show or choose a permission profile, when to ask for approval, or both",
    run: runApprovals,
    words: ({ services }) => [
      ...services.presets().map(({ name }) => name),
      ...services.profiles(),
      ...APPROVALS,
    ],
  },
  {
    name: "sandbox",
    args: "[MODE]",
    summary: "Show or choose what commands may touch",
    run: runSandbox,
    words: () => MODES,
  },
  {
    name: "rules",
    args: "[revoke N]",
    summary: "List saved command rules, or revoke one",
    whileBusy: true,
    run: runRules,
    words: () => ["revoke"],
  },
];

function runModel(context: SlashContext, args: string): void {
  const [wanted, effort] = splitArgs(args);
  const models = context.services.models();
  const present = context.state.settings;
  if (wanted === undefined) {
    const name = present?.model.slug ?? "unknown";
    return context.say([
      `Model: ${name}${effortText(present?.reasoningEffort)}`,
      ...models.map(({ slug, efforts }, at) => {
        const how = efforts.length === 0 ? "" : ` (${efforts.join(", ")})`;
        return `  ${at + 1}  ${slug}${how}`;
      }),
      "Choose with /model NAME [EFFORT] or its number",
    ]);
  }
  const number = /^\d+$/.test(wanted) ? Number(wanted) : 0;
  const slug = models[number - 1]?.slug ?? wanted;
  context.changeSettings(context.services.modelPatch(slug, effort));
  context.say([
    `Model: ${slug}${effortText(effort)}, from the next request`,
  ]);
}

export function effortText(effort: string | undefined): string {
  return effort === undefined ? "" : `, effort ${effort}`;
}

async function runApprovals(
  context: SlashContext,
  args: string,
): Promise<void> {
  const presets = context.services.presets();
  const [word] = splitArgs(args);
  if (word === undefined) return sayApprovals(context);
  const preset = presets.find(({ name }, at) =>
    name === word || String(at + 1) === word
  );
  if (preset !== undefined) {
    const text = permissionsText(preset.patch);
    return change(context, preset.patch, [`Approvals: ${text}`]);
  }
  const { services } = context;
  if (services.profiles().includes(word)) {
    const sandbox = services.profilePolicy(word);
    const lines = await services.describeSandbox(sandbox);
    return change(context, { sandbox }, [
      `Permissions: ${word} (${sandbox.mode})`,
      ...lines.map((line) => `  ${line}`),
    ]);
  }
  const policy = APPROVALS.find((one) => one === word);
  if (policy === undefined) {
    const names = [
      ...presets.map(({ name }) => name),
      ...services.profiles(),
      ...APPROVALS,
    ];
    return context.say([
      `Cannot set approvals to ${word}: must be one of ${names.join(", ")}`,
    ]);
  }
  change(context, { approval: policy }, [`Approvals: ${policy}`]);
}

// What is refused is not told as if it held.
function change(
  context: SlashContext,
  patch: Partial<TurnSettings>,
  lines: readonly string[],
): void {
  const refusal = context.services.refuseSettings(patch);
  if (refusal === undefined) context.changeSettings(patch);
  context.say(
    refusal !== undefined
      ? [`Settings stay as they were: ${refusal}`]
      : context.state.isPlanning
      ? [
        ...lines,
        "From the end of plan mode on; until then nothing can be changed",
      ]
      : lines,
  );
}

function sayApprovals(context: SlashContext): void {
  const { settings } = context.state;
  const now = settings === undefined ? "unknown" : permissionsText(settings);
  context.say([
    `Approvals: ${now}`,
    ...context.services.presets().map(({ name, description }, at) =>
      `  ${at + 1}  ${name.padEnd(12)} ${description}`
    ),
    `Permission profiles: ${context.services.profiles().join(", ")}`,
    "Choose with /approvals NAME; /approvals never, on-request or untrusted keeps the sandbox",
  ]);
}

function permissionsText(
  { approval, sandbox }: Pick<TurnSettings, "approval" | "sandbox">,
): string {
  return `${approvalText(approval)}; sandbox: ${sandbox.mode}`;
}

/** The mode, and the back end that holds it. */
export async function sandboxText(
  { services, state: { settings } }: Pick<SlashContext, "services" | "state">,
): Promise<string> {
  if (settings === undefined) return "unknown";
  // Another mode may have another back end, and one that failed was given up.
  const backend = await services.sandboxBackend(settings);
  return `${settings.sandbox.mode} (${backend})`;
}

async function runSandbox(context: SlashContext, args: string): Promise<void> {
  const { services, state } = context;
  const [word] = splitArgs(args);
  if (word === undefined) {
    const policy = state.settings?.sandbox;
    const lines = policy === undefined
      ? []
      : await services.describeSandbox(policy);
    return context.say([
      `Sandbox: ${await sandboxText(context)}`,
      ...lines.map((line) => `  ${line}`),
      `Choose with /sandbox MODE: ${MODES.join(", ")}`,
    ]);
  }
  const mode = MODES.find((one) => one === word);
  if (mode === undefined) {
    return context.say([
      `Cannot set the sandbox to ${word}: must be one of ${MODES.join(", ")}`,
    ]);
  }
  const sandbox = services.sandboxPolicy(mode);
  const lines = await services.describeSandbox(sandbox);
  change(context, { sandbox }, [
    `Sandbox: ${mode}`,
    ...lines.map((line) => `  ${line}`),
  ]);
}

async function runRules(context: SlashContext, args: string): Promise<void> {
  const [verb, number] = splitArgs(args);
  const rules = context.services.rules();
  if (verb === undefined) {
    if (rules.length === 0) return context.say(["No rules are saved"]);
    return context.say([
      ...rules.map(({ rule, source, isRevocable }, at) =>
        `  ${at + 1}  ${rule}  (${source}${isRevocable ? "" : ", fixed"})`
      ),
      "Revoke one with /rules revoke N",
    ]);
  }
  const rule = rules[Number(number) - 1];
  if (verb !== "revoke" || rule === undefined) {
    return context.say([
      `Cannot do /rules ${args}: must be /rules or /rules revoke N, with N from 1 to ${rules.length}`,
    ]);
  }
  if (!rule.isRevocable) {
    return context.say([
      `Cannot revoke rule ${number}: it is not yours, edit ${rule.source}`,
    ]);
  }
  await context.services.revokeRule(Number(number));
  context.say([`Revoked: ${rule.rule}`]);
}
