/** The door to the YAML package; loaded only when there is YAML to read. */
import { errorText } from "../../protocol/error.ts";
import { parseDocument } from "yaml";

/** A document's value, or why it cannot be read, in one line with its place. */
export function parseYaml(
  text: string,
): { readonly value: unknown } | { readonly problem: string } {
  try {
    const document = parseDocument(text, { logLevel: "silent" });
    const error = document.errors[0];
    if (error !== undefined) {
      const line = error.linePos?.[0].line;
      const place = line === undefined ? "" : `line ${line}: `;
      return { problem: `${place}${error.message.split("\n")[0]}` };
    }
    // Aliases are for configuration files; here a few are more than enough.
    return { value: document.toJS({ maxAliasCount: 10 }) };
  } catch (error) {
    return { problem: errorText(error) };
  }
}
