/** Slash commands that start work of the agent, or show it. */
import { parseReviewTarget } from "../../contract/review.ts";
import { renderReviewPrompt } from "../../context/requests.ts";
import { usageError } from "../../protocol/error.ts";
import { INIT_PROMPT } from "../../../prompts/mod.ts";
import { PLAN_COMMAND } from "./slash_plan.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";

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
    summary: "Review changes (default: uncommitted); nothing can be changed",
    run: runReview,
    words: () => ["uncommitted", "base", "commit"],
  },
  PLAN_COMMAND,
  {
    name: "init",
    summary: "Let the agent write an AGENTS.md for this project",
    run: runInit,
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
        context.say(["No such command or patch"]);
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

async function runDiff(context: SlashContext): Promise<void> {
  const diff = await context.services.diff(context.cwd);
  if (diff.trim() === "") return context.say(["No changes"]);
  context.sayDiff(diff);
}

function runReview(context: SlashContext, args: string): void {
  const target = parseReviewTarget(args);
  if (target === undefined) {
    return context.say([
      `Cannot review "${args}": must be /review, /review base BRANCH, /review commit SHA or /review WHAT`,
    ]);
  }
  context.state.isReviewing = true;
  context.send(
    renderReviewPrompt(target),
    args === "" ? "/review" : `/review ${args}`,
    "review",
  );
}

async function runInit({ host, cwd, send }: SlashContext): Promise<void> {
  const path = `${cwd}/AGENTS.md`;
  if (await host.files.stat(path) !== undefined) {
    throw usageError(
      `Cannot write ${path}: it exists already; ask for the change you want`,
    );
  }
  send(INIT_PROMPT, "/init");
}

async function runCopy(context: SlashContext): Promise<void> {
  const { lastMessage } = context.state;
  if (lastMessage === "") return context.say(["No answer yet"]);
  const how = await context.copy(lastMessage);
  context.say([
    how === undefined
      ? "Cannot copy: no clipboard here; /export writes a file"
      : `Copied ${lastMessage.length} characters (${how})`,
  ]);
}
