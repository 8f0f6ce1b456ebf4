/** `policy test`: checks the policy against a file of commands and expected verdicts. */
import * as z from "zod/mini";
import type { Verdict } from "../../protocol/policy.ts";
import { decide } from "../../policy/decide.ts";
import { quoteWords } from "../../policy/shell/quote.ts";
import {
  type CommandOutput,
  type Policies,
  scriptWords,
  verdictText,
} from "./explain.ts";
import { checkedJson } from "../../util/json/json.ts";

const Case = z.strictObject({
  /** A list of words, or a script for `bash -lc`. */
  command: z.union([z.string(), z.array(z.string()).check(z.minLength(1))]),
  expect: z.enum([
    "run",
    "run-sandboxed",
    "run-outside",
    "ask",
    "refuse",
    // The words of rules files.
    "allow",
    "prompt",
    "forbidden",
  ]),
  escalated: z.optional(z.boolean()),
  name: z.optional(z.string()),
});
type Case = z.infer<typeof Case>;

/**
 * Judges every case of a JSONL text. Exit code 0 when all are as expected, 1 when one
 * is not, 2 when the file itself is wrong; each problem with its line number.
 */
export function testPolicy(
  text: string,
  options: Policies & {
    /** For messages. */
    readonly file: string;
    readonly cwd: string;
  },
): CommandOutput {
  const failures: string[] = [];
  const broken: string[] = [];
  let count = 0;
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const place = `${options.file}:${at + 1}`;
    const one = parseCase(line);
    if (typeof one === "string") broken.push(`${place}: ${one}`);
    else {
      count++;
      const failure = checkCase(one, options);
      if (failure !== undefined) failures.push(`${place}: ${failure}`);
    }
  }
  if (count === 0 && broken.length === 0) {
    broken.push(`${options.file}: no cases`);
  }
  const summary = `${count} cases, ${failures.length} not as expected`;
  return {
    exitCode: broken.length > 0 ? 2 : failures.length > 0 ? 1 : 0,
    stdout: [...failures, summary].map((line) => `${line}\n`).join(""),
    stderr: broken.map((line) => `${line}\n`).join(""),
    report: { cases: count, failures, broken },
  };
}

function checkCase(
  one: Case,
  options: Policies & { readonly cwd: string },
): string | undefined {
  const argv = typeof one.command === "string"
    ? scriptWords(one.command)
    : one.command;
  const verdict = decide({
    ...options,
    action: {
      type: "command",
      argv,
      cwd: options.cwd,
      escalated: one.escalated ?? false,
    },
  });
  if (isExpected(verdict, one.expect)) return undefined;
  const why = verdict.type === "run" ? "" : ` (${verdict.reason})`;
  const name = one.name ?? quoteWords(argv);
  return `expected ${one.expect}, got ${verdictText(verdict)}${why}: ${name}`;
}

function isExpected(verdict: Verdict, expect: Case["expect"]): boolean {
  switch (expect) {
    case "run":
    case "allow":
      return verdict.type === "run";
    case "run-sandboxed":
      return verdict.type === "run" && verdict.sandboxed;
    case "run-outside":
      return verdict.type === "run" && !verdict.sandboxed;
    case "ask":
    case "prompt":
      return verdict.type === "ask";
    case "refuse":
    case "forbidden":
      return verdict.type === "refuse";
  }
}

// A case, or what is wrong with the line.
function parseCase(line: string): Case | string {
  let value: unknown;
  try {
    value = checkedJson(line);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  const parsed = Case.safeParse(value);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map((issue) =>
    issue.path.join(".") || "keys"
  );
  return `"${
    names.join('", "')
  }" does not fit, must be {"command": "…" or ["…"], "expect": "run" | "run-sandboxed" | "run-outside" | "ask" | "refuse"}`;
}
