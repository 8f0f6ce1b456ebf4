/** The door to the YAML package, for writing; loaded only when there is YAML to write. */
import { stringify } from "yaml";

/** Documents in one text, each under its comment. Readers of YAML 1.1 read the same. */
export function renderYaml(
  documents: readonly {
    /** Lines, without their marks. */
    readonly comment: readonly string[];
    readonly value: unknown;
  }[],
): string {
  return documents.map(({ comment, value }) => {
    const lines = comment.map((line) => `# ${line}`.trimEnd() + "\n").join("");
    return lines + stringify(value, { version: "1.1", lineWidth: 0 });
  }).join("---\n");
}
