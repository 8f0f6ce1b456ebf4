/** The keys of config.toml as a page. Pure. */
import { wordsOfKey } from "../../config/file/key_words.ts";
import { MACHINE_KEYS, renderConfigSchema } from "../../config/file/schema.ts";
import type { Page, PageRow, PageSection } from "../../frontends/cli/page.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { pathText, rowsOf, type SchemaRow } from "./schema_rows.ts";

const IGNORED = "Accepted, without effect: ";
const YOURS = "yours alone";
const TOP = "Top level";
const REFUSED = "Ends the run: ";

/** Every key there is: those that work by their table, then the others by what becomes of them. */
export function buildConfigPage(): Page {
  const rows = rowsOf(renderConfigSchema());
  const works = rows.filter((row) => !isFated(row));
  const tables = Map.groupBy(works, tableOf);
  return {
    title: "Keys of config.toml",
    about:
      `The file is ~/.codex/config.toml ($CODEX_HOME/config.toml where that is set). A key can be given for one run with -c KEY=VALUE, and \`${PROGRAM} config explain\` says which file or flag set each value. A project's .codex/config.toml may set all but the keys marked "yours alone"; what loosens something there counts only once you have approved it.\n\nNAME stands for a name of your choice, [] for an element of a list. \`${PROGRAM} schema config\` prints the same as JSON Schema.`,
    sections: [
      ...[...tables].map(([title, keys]): PageSection => ({
        title,
        ...(title !== TOP && isYours(keys[0]) && { about: YOURS }),
        rows: keys.map((key) => keyRow(key, title === TOP)),
      })),
      fatedSection(
        rows,
        REFUSED,
        "Keys that end the run",
        "They would narrow what may be done, and cannot be held here",
      ),
      fatedSection(
        rows,
        IGNORED,
        "Keys without effect",
        "Read as in Codex, named when the file is read",
      ),
    ],
  };
}

function isFated({ text }: SchemaRow): boolean {
  return text.startsWith(IGNORED) || text.startsWith(REFUSED);
}

function tableOf({ path }: SchemaRow): string {
  const [first = ""] = path;
  if (path.length === 1) return TOP;
  return path[1] === "NAME" ? `[${first}.NAME]` : `[${first}]`;
}

function isYours(row: SchemaRow | undefined): boolean {
  return MACHINE_KEYS.has(row?.path[0] ?? "");
}

function keyRow(row: SchemaRow, saysYours: boolean): PageRow {
  const { path, type, fallback, text } = row;
  const words = text !== "" ? text : wordsOfKey(
    path.map((part) => part === "NAME" || part === "[]" ? "*" : part),
  ) ?? "";
  return {
    name: pathText(path),
    type: fallback === undefined ? type : `${type}; default ${fallback}`,
    text: saysYours && isYours(row) ? `${words} (${YOURS})` : words,
  };
}

// The keys of one reason are one row.
function fatedSection(
  rows: readonly SchemaRow[],
  start: string,
  title: string,
  about: string,
): PageSection {
  const groups = Map.groupBy(
    rows.filter(({ text }) => text.startsWith(start)),
    ({ text }) => text.slice(start.length),
  );
  return {
    title,
    about,
    rows: [...groups].map(([why, keys]) => ({
      name: keys.map(({ path }) => pathText(path)).join(" "),
      text: why,
    })),
  };
}
