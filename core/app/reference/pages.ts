/** The pages of `rondo help TOPIC`, made from the tables that the program runs by. Pure. */
import {
  type CommandName,
  commandNames,
  COMMANDS,
  pathOf,
} from "../../contract/commands.ts";
import { EXIT_CODES, FOREIGN_EXIT_CODES } from "../../contract/exit_code.ts";
import { type FlagName, FLAGS } from "../../contract/flags.ts";
import { renderFlag, renderFlagHelp } from "../../frontends/cli/help.ts";
import {
  type Page,
  type PageRow,
  renderPageMarkdown,
  renderPageText,
} from "../../frontends/cli/page.ts";
import type { ReferenceTopic } from "../../frontends/cli/topics.ts";
import { SLASH_COMMANDS } from "../../frontends/conversation/slash_table.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { unreachable } from "../../util/assert.ts";
import { buildConfigPage } from "./config_page.ts";
import { buildEventsPage } from "./events_page.ts";

/** The text of a topic, for a terminal. */
export function renderTopic(topic: ReferenceTopic): string {
  return renderPageText(buildPage(topic));
}

/** The text of a topic, as a file in Markdown. */
export function renderTopicFile(topic: ReferenceTopic): string {
  return renderPageMarkdown(buildPage(topic));
}

function buildPage(topic: ReferenceTopic): Page {
  switch (topic) {
    case "config":
      return buildConfigPage();
    case "events":
      return buildEventsPage();
    case "exit-codes":
      return exitCodesPage();
    case "flags":
      return flagsPage();
    case "slash-commands":
      return slashPage();
    default:
      return unreachable(topic);
  }
}

function exitCodesPage(): Page {
  return {
    title: `Exit codes of ${PROGRAM}`,
    about:
      `They are frozen. With --json the last line says the same number in \`exit_code\`. \`${PROGRAM} schema exit-codes\` prints them as JSON Schema.`,
    sections: [
      {
        title: "Exit codes",
        rows: Object.entries(EXIT_CODES).map(([name, { code, meaning }]) => ({
          name: String(code),
          type: name,
          text: meaning,
        })),
      },
      {
        title: "Not ours",
        about: "the program did not get to say its last line",
        rows: FOREIGN_EXIT_CODES.map(({ code, meaning }) => ({
          name: String(code),
          text: meaning,
        })),
      },
    ],
  };
}

function flagsPage(): Page {
  const names = Object.keys(FLAGS) as FlagName[];
  const agent = COMMANDS.repl.flags;
  const row = (name: FlagName): PageRow => ({
    name: renderFlag(FLAGS[name]),
    text: renderFlagHelp(FLAGS[name]),
  });
  const visible = names.filter((name) => !FLAGS[name].isHidden);
  return {
    title: `Flags of ${PROGRAM}`,
    about:
      `A flag stands before or after the words of a command; what follows -- is never a flag. \`${PROGRAM} COMMAND --help\` shows those of one command.`,
    sections: [
      {
        title: "Common",
        about: "of every command that starts an agent",
        rows: visible.filter((name) => agent.includes(name)).map(row),
      },
      {
        title: "Others",
        about: "with the commands that take them",
        rows: visible.filter((name) => !agent.includes(name)).map((name) => ({
          ...row(name),
          type: takers(name),
        })),
      },
    ],
  };
}

function takers(flag: FlagName): string {
  return commandNames().filter((name) => COMMANDS[name].flags.includes(flag))
    .map(commandText).join(", ");
}

function commandText(name: CommandName): string {
  return pathOf(name).join(" ") || PROGRAM;
}

function slashPage(): Page {
  return {
    title: "Slash commands of a conversation",
    about:
      "They begin a line; Tab completes them. A line with a space before the slash is text for the model, and so is a path. `/SERVER:PROMPT` uses a prompt of an MCP server.",
    sections: [{
      title: "Slash commands",
      rows: SLASH_COMMANDS.map(({ name, args, aliases = [], summary }) => ({
        name: args === undefined ? `/${name}` : `/${name} ${args}`,
        text: aliases.length === 0
          ? summary
          : `${summary} (also ${aliases.map((one) => `/${one}`).join(", ")})`,
      })),
    }],
  };
}
