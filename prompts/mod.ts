/** The texts that the model reads, as typed values. Nothing here does anything. */
import common from "./base/common.md" with { type: "text" };
import full from "./base/full.md" with { type: "text" };
import headless from "./base/headless.md" with { type: "text" };
import small from "./base/small.md" with { type: "text" };
import terse from "./base/terse.md" with { type: "text" };
import compact from "./compact.md" with { type: "text" };
import init from "./init.md" with { type: "text" };
import modelSwitch from "./model_switch.md" with { type: "text" };
import dangerFullAccess from "./permissions/danger_full_access.md" with {
  type: "text",
};
import escalation from "./permissions/escalation.md" with { type: "text" };
import externalSandbox from "./permissions/external_sandbox.md" with {
  type: "text",
};
import granular from "./permissions/granular.md" with { type: "text" };
import never from "./permissions/never.md" with { type: "text" };
import noEscalation from "./permissions/no_escalation.md" with { type: "text" };
import onFailure from "./permissions/on_failure.md" with { type: "text" };
import onRequest from "./permissions/on_request.md" with { type: "text" };
import planMode from "./permissions/plan.md" with { type: "text" };
import readOnly from "./permissions/read_only.md" with { type: "text" };
import reviewMode from "./permissions/review.md" with { type: "text" };
import untrusted from "./permissions/untrusted.md" with { type: "text" };
import workspaceWrite from "./permissions/workspace_write.md" with {
  type: "text",
};
import plan from "./plan.md" with { type: "text" };
import planAccepted from "./plan_accepted.md" with { type: "text" };
import review from "./review.md" with { type: "text" };
import reviewSchema from "./review_schema.json" with { type: "json" };
import schemaRepair from "./schema_repair.md" with { type: "text" };
import skills from "./skills.md" with { type: "text" };
import summaryPrefix from "./summary_prefix.md" with { type: "text" };
import turnAborted from "./turn_aborted.md" with { type: "text" };

/**
 * The `instructions` by what kind of model reads them. Those of large models begin alike;
 * a small one gets a text of its own, with less to keep in mind. What is `headless` follows
 * any of them where nobody is there to answer.
 */
export const BASE_INSTRUCTIONS: Readonly<
  Record<"full" | "terse" | "small" | "headless", string>
> = Object.freeze({
  full: `${common.trimEnd()}\n\n${full.trimEnd()}`,
  terse: `${common.trimEnd()}\n\n${terse.trimEnd()}`,
  small: small.trimEnd(),
  headless: headless.trimEnd(),
});

/** Asks for the summary that replaces a conversation. */
export const COMPACT_PROMPT: string = compact.trimEnd();

/** How a summary begins. It is known by its bracketed first words: those must stay. */
export const SUMMARY_PREFIX: string = summaryPrefix.trimEnd();

/** Sends a final message back; `{problems}`. */
export const SCHEMA_REPAIR: string = schemaRepair.trimEnd();

/** Follows the list of skills. */
export const SKILLS_USAGE: string = skills.trimEnd();

/** Asks for a code review; `{target}` and `{schema}`. */
export const REVIEW_PROMPT: string = review.trimEnd();

/** What a review answers, as JSON Schema. */
export const REVIEW_SCHEMA: typeof reviewSchema = reviewSchema;

/** Asks for an AGENTS.md. */
export const INIT_PROMPT: string = init.trimEnd();

/** Asks for a plan of `{request}`, and hands an accepted `{plan}` over to the work. */
export const PLAN_PROMPTS: Readonly<Record<"request" | "accepted", string>> =
  Object.freeze({
    request: plan.trimEnd(),
    accepted: planAccepted.trimEnd(),
  });

/** Says that another model answers from now on; `{model}` and `{instructions}`. */
export const MODEL_SWITCH: string = modelSwitch.trimEnd();

/** Follows an interrupted turn. */
export const TURN_ABORTED: string = turnAborted.trimEnd();

/** The sections of the permissions message, each with the names it fills in. */
export const PERMISSION_TEXTS: Readonly<
  Record<
    | "readOnly"
    | "workspaceWrite"
    | "dangerFullAccess"
    | "externalSandbox"
    | "untrusted"
    | "onFailure"
    | "onRequest"
    | "never"
    | "granular"
    | "escalation"
    | "noEscalation"
    | "plan"
    | "review",
    string
  >
> = Object.freeze({
  readOnly: readOnly.trimEnd(),
  workspaceWrite: workspaceWrite.trimEnd(),
  dangerFullAccess: dangerFullAccess.trimEnd(),
  externalSandbox: externalSandbox.trimEnd(),
  untrusted: untrusted.trimEnd(),
  onFailure: onFailure.trimEnd(),
  onRequest: onRequest.trimEnd(),
  never: never.trimEnd(),
  granular: granular.trimEnd(),
  escalation: escalation.trimEnd(),
  noEscalation: noEscalation.trimEnd(),
  plan: planMode.trimEnd(),
  review: reviewMode.trimEnd(),
});
