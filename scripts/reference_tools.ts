/** The built-in tools as a page of reference: what the model is offered, with every argument. */
import { pathText, rowsOf } from "../core/app/reference/schema_rows.ts";
import type { Page, PageSection } from "../core/frontends/cli/page.ts";
import { denoHost } from "../core/host/host.ts";
import type { Tool } from "../core/protocol/tool.ts";
import { asObject, type JsonObject } from "../core/util/json/json.ts";
import { LiveSessions } from "../tools/live/sessions.ts";
import { builtinTools } from "../tools/mod.ts";

/** Every built-in tool in the order of the request. */
export function buildToolsPage(): Page {
  return {
    title: "Tools that the model is offered",
    about:
      "In this order, as far as configuration and model have them; then those of MCP servers, `mcp__SERVER__TOOL`, by name. `exec_command` and `write_stdin` stand in place of `shell` for models tuned to them, `read_file` is there where an editor gives files. `rondo debug prompt` prints the request with the tools as they are offered here.",
    sections: createTools().map(toolSection),
  };
}

// What a tool says of itself is known before anything can run.
function createTools(): readonly Tool[] {
  const host = denoHost();
  const refuse = (): Promise<never> =>
    Promise.reject(new Error("a page runs nothing"));
  return builtinTools({
    host,
    gate: { run: refuse },
    shell: "/bin/bash",
    sandbox: { readable: () => host.files },
    applyPatch: "freeform",
    webSearch: "live",
    live: {
      gate: { run: refuse, hold: refuse, admit: refuse },
      sessions: new LiveSessions(host),
      allowsLogin: true,
    },
    editor: { readText: refuse, writeText: refuse },
  });
}

function toolSection({ name, spec }: Tool): PageSection {
  const parameters = asObject(spec["parameters"]);
  const about = aboutOf(spec);
  return {
    title: name,
    ...(about !== "" && { about }),
    rows: rowsOf(parameters ?? {}).map(({ path, type, isRequired, text }) => ({
      name: pathText(path),
      type: isRequired ? type : `${type}, may be absent`,
      text: text.split("\n\n")[0] ?? "",
    })),
  };
}

function aboutOf({ type, description }: JsonObject): string {
  if (type === "web_search") return "Done by the server itself.";
  return String(description ?? "").split("\n\n")[0] ?? "";
}
