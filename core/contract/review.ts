/** A code review: what is reviewed, and the findings as the model and programs see them. */
import * as z from "zod/mini";

export const ReviewFinding = z.lazy(() =>
  z.object({
    title: z.string(),
    body: z.string().check(
      z.describe("Why it is a defect: trigger, place, effect"),
    ),
    confidence_score: z.number().check(z.describe("From 0 to 1")),
    priority: z._default(z.nullable(z.int()), null).check(
      z.describe("0 stops a release, 3 would be nice; null when not given"),
    ),
    code_location: z.object({
      absolute_file_path: z.string(),
      line_range: z.object({ start: z.int(), end: z.int() }),
    }),
  })
);
export type ReviewFinding = z.infer<typeof ReviewFinding>;

export const Review = z.lazy(() =>
  z.object({
    findings: z.array(ReviewFinding),
    overall_correctness: z.string().check(
      z.describe("`patch is correct` or `patch is incorrect`"),
    ),
    overall_explanation: z.string(),
    overall_confidence_score: z.number().check(z.describe("From 0 to 1")),
  })
);
export type Review = z.infer<typeof Review>;

export type ReviewTarget =
  | { readonly type: "uncommitted" }
  | { readonly type: "branch"; readonly base: string }
  | {
    readonly type: "commit";
    readonly commit: string;
    readonly title?: string;
  }
  /** In the user's own words. */
  | { readonly type: "custom"; readonly instructions: string };

/** What the words after `/review` mean; undefined when they mean nothing. */
export function parseReviewTarget(words: string): ReviewTarget | undefined {
  const text = words.trim();
  if (text === "" || text === "uncommitted") return { type: "uncommitted" };
  const [, verb, name] = /^(base|commit)(?:\s+(\S+))?$/.exec(text) ?? [];
  if (verb === undefined) {
    const isNamed = /^(base|commit)\s/.test(text);
    return isNamed ? undefined : { type: "custom", instructions: text };
  }
  if (name === undefined) return undefined;
  return verb === "base"
    ? { type: "branch", base: name }
    : { type: "commit", commit: name };
}
