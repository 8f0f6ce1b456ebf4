/** What `rondo policy … --json` prints: one JSON value each. */
import * as z from "zod/mini";

const Text = z.string();
const Decision = z.enum(["allow", "prompt", "forbidden"]);

/** A rule as it stands in a file. */
const RuleReport = z.object({
  pattern: Text,
  decision: Decision,
  sandbox: z.optional(z.array(Text)).check(
    z.describe("What the sandbox opens; absent, there is none for an allow"),
  ),
  justification: z.optional(Text),
  source: Text.check(z.describe("FILE:LINE")),
});

/** `policy rules` */
const RulesReport = z.object({
  rules: z.array(z.object({ ...RuleReport.shape, number: z.int() })),
  network: z.array(
    z.object({ host: Text, decision: Decision, source: Text }),
  ),
});

/** `policy rules --revoke` */
const RevokeReport = z.object({ revoked: RuleReport });

/** `policy explain` */
const ExplainReport = z.object({
  command: z.array(Text),
  kind: z.enum(["argv", "plain", "heredoc", "opaque"]),
  cwd: Text,
  left_out: z.array(Text),
  parts: z.array(z.object({
    words: z.array(Text),
    rule: z.optional(RuleReport),
    only_reads: z.boolean(),
    danger: z.optional(Text),
  })),
  approval: Text,
  sandbox: Text,
  verdict: z.enum(["run", "ask", "refuse"]),
  sandboxed: z.boolean(),
  reason: z.optional(Text),
});

/** `policy test` */
const TestReport = z.object({
  cases: z.int(),
  failures: z.array(Text),
  broken: z.array(Text),
});

/** `policy lint` */
const LintReport = z.object({
  findings: z.array(
    z.object({ kind: z.enum(["asks", "risk", "note"]), text: Text }),
  ),
  problems: z.int(),
});

/** Any of them. */
export const PolicyReport = z.union([
  ExplainReport,
  TestReport,
  LintReport,
  RulesReport,
  RevokeReport,
]);

export type RuleReport = z.infer<typeof RuleReport>;
export type PolicyReport = z.infer<typeof PolicyReport>;
