/** Slash commands that put the agent to work, or show the work that was done. */
import { renderPlan } from "../render/diff.ts";
import { splitArgs } from "./slash.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";
import type { ReplReviewTarget } from "./services.ts";

export const WORK_COMMANDS: readonly SlashCommand[] = [
  {
    name: "diff",
    summary: "Show the changes of the working tree",
    whileBusy: true,
    run: runDiff,
  },
  {
    name: "review",
    args: "[base BRANCH|commit SHA|WHAT]",
    summary: "Have changes reviewed; the uncommitted ones by default",
    whileBusy: false,
    run: runReview,
    words: () => Promise.resolve(["uncommitted", "base", "commit"]),
  },
  {
    name: "plan",
    args: "[REQUEST]",
    summary: "Show the plan, or have one made before anything is done",
    whileBusy: true,
    run: runPlan,
  },
  {
    name: "init",
    summary: "Have the agent write an AGENTS.md for this project",
    whileBusy: false,
    run: async (context) => {
      const text = await context.services.initPrompt(context.cwd);
      context.send(text, "/init");
    },
  },
  {
    name: "last",
    args: "[N]",
    summary: "Show the whole output of the last (or Nth last) command or patch",
    whileBusy: true,
    run: (context, args) => {
      const number = args === "" ? 1 : Number(args);
      if (!Number.isInteger(number) || number < 1) {
        return context.say([`Cannot show ${args}: must be a number from 1`]);
      }
      if (!context.showActivity(number)) {
        context.say(["There is no such command or patch to show"]);
      }
    },
  },
  {
    name: "copy",
    summary: "Put the last answer on the clipboard",
    whileBusy: true,
    run: runCopy,
  },
];

/** What `/review` words mean. */
export function parseReviewTarget(args: string): ReplReviewTarget | undefined {
  const [verb, name, more] = splitArgs(args);
  if (verb === undefined) return { type: "uncommitted" };
  if (verb === "uncommitted" && name === undefined) {
    return { type: "uncommitted" };
  }
  const isNamed = verb === "base" || verb === "commit";
  if (!isNamed) return { type: "custom", instructions: args };
  if (name === undefined || more !== undefined) return undefined;
  return verb === "base"
    ? { type: "branch", base: name }
    : { type: "commit", commit: name };
}

async function runDiff(context: SlashContext): Promise<void> {
  const diff = await context.services.diff(context.cwd);
  if (diff.trim() === "") return context.say(["Nothing has changed"]);
  context.sayDiff(diff);
}

async function runReview(context: SlashContext, args: string): Promise<void> {
  const target = parseReviewTarget(args);
  if (target === undefined) {
    return context.say([
      `Cannot review "${args}": must be /review, /review base BRANCH, /review commit SHA or /review WHAT`,
    ]);
  }
  const text = await context.services.reviewPrompt(target);
  context.state.isReviewing = true;
  context.send(text, args === "" ? "/review" : `/review ${args}`);
}

async function runPlan(context: SlashContext, args: string): Promise<void> {
  if (args !== "") {
    const text = await context.services.planPrompt(args);
    return context.send(text, `/plan ${args}`);
  }
  const { plan } = context.state;
  context.say(
    plan.length === 0
      ? ["There is no plan yet; /plan REQUEST has one made"]
      : renderPlan(plan, { hasColor: false, width: Infinity }),
  );
}

async function runCopy(context: SlashContext): Promise<void> {
  const { lastMessage } = context.state;
  if (lastMessage === "") return context.say(["There is no answer yet"]);
  const how = await context.copy(lastMessage);
  context.say([
    how === undefined
      ? "Cannot copy: there is no clipboard here; /export writes a file"
      : `Copied ${lastMessage.length} characters (${how})`,
  ]);
}
