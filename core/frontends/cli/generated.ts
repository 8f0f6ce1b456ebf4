/** Texts generated from the tables: no disk, network or configuration. */
import type { CommandName } from "../../contract/command_line.ts";
import { renderCompletion } from "./completion.ts";
import { renderManPage } from "./man_page.ts";
import { renderSchema } from "../../contract/schema.ts";

/** What the command prints; undefined when that is not known here. */
export function renderGenerated(
  command: CommandName,
  topic: string,
): string | undefined {
  switch (command) {
    case "completion":
      return renderCompletion(topic);
    case "man":
      return renderManPage();
    case "schema":
      // That of the configuration is with the configuration.
      return renderSchema(topic);
    default:
      return undefined;
  }
}
