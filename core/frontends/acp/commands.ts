/** Slash commands of a session. */
import type { AvailableCommand } from "@agentclientprotocol/sdk";
import {
  renderPlanPrompt,
  renderReviewPrompt,
} from "../../context/requests.ts";
import { parseReviewTarget } from "../../contract/review.ts";
import type { Op } from "../../protocol/op.ts";
import { INIT_PROMPT } from "../../../prompts/mod.ts";
import { requestError } from "./errors.ts";

/** What a command may need of its session. */
export interface CommandPlace {
  /** Throws RequestError while a turn runs. */
  readonly checkIdle: (command: string) => void;
  readonly setMode: (id: string) => Promise<void>;
  /** Whether the file is in the working folder. */
  readonly hasFile: (name: string) => Promise<boolean>;
  readonly say: (text: string) => Promise<void>;
  /** Model, mode and folder, in lines. */
  readonly status: () => string;
}

interface Command extends AvailableCommand {
  /** What the thread is to do; undefined when all is done. Throws RequestError. */
  readonly run: (args: string, place: CommandPlace) => Promise<Op | undefined>;
}

const COMMANDS: readonly Command[] = [
  {
    name: "plan",
    description: "Plan while nothing can be changed; another mode ends it",
    input: { hint: "what to plan" },
    run: async (args, { setMode }) => {
      await setMode("plan");
      return args === "" ? undefined : input(renderPlanPrompt(args));
    },
  },
  {
    name: "review",
    description: "Review changes; nothing can be changed meanwhile",
    input: { hint: "base BRANCH, commit SHA, or what to look at" },
    run: (args, { checkIdle }) => {
      checkIdle("review");
      const target = parseReviewTarget(args);
      if (target === undefined) {
        throw requestError(
          "invalidParams",
          `Cannot review "${args}": must be /review, /review base BRANCH, /review commit SHA or /review WHAT`,
        );
      }
      const text = renderReviewPrompt(target);
      return Promise.resolve({ ...input(text), mode: "review" });
    },
  },
  {
    name: "init",
    description: "Let the agent write an AGENTS.md for this project",
    run: async (_args, { hasFile }) => {
      if (await hasFile("AGENTS.md")) {
        throw requestError(
          "invalidRequest",
          "Cannot write AGENTS.md: it exists already; ask for the change you want",
        );
      }
      return input(INIT_PROMPT);
    },
  },
  {
    name: "compact",
    description: "Make the conversation shorter",
    run: (_args, { checkIdle }) => {
      checkIdle("compact");
      return Promise.resolve({ type: "compact" });
    },
  },
  {
    name: "status",
    description: "Show model, mode, sandbox and folder",
    run: async (_args, { say, status }) => {
      await say(status());
      return undefined;
    },
  },
];

/** As clients list them. */
export function availableCommands(): AvailableCommand[] {
  return COMMANDS.map(({ run: _run, ...words }) => words);
}

/** The command of a line; undefined for ordinary text, such as a path. */
export function findCommand(
  line: string,
): ((place: CommandPlace) => Promise<Op | undefined>) | undefined {
  const [, name, args = ""] = /^\/([a-z]+)(?:\s+([^]*))?$/.exec(line.trim()) ??
    [];
  const command = COMMANDS.find((one) => one.name === name);
  return command && ((place) => command.run(args.trim(), place));
}

function input(text: string): Extract<Op, { type: "user.input" }> {
  return { type: "user.input", parts: [{ type: "text", text }] };
}
