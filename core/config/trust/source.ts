/** One file of a project that asks for something, and how an approval knows it again. */
import type { JsonObject } from "../../util/json/json.ts";

/** `settings` is a config.toml, `servers` a `.mcp.json`, `own` what the person starts. */
export type SourceKind = "settings" | "servers" | "hooks" | "rules" | "own";

/** What a person looks at and decides about. */
export interface Request {
  /** Only what needs an approval, in one form for all ways of writing it. */
  readonly content: JsonObject;
  /** SHA-256 of the files in writable folders that it names, by path in the project. */
  readonly programs: Readonly<Record<string, string>>;
}

export interface ProjectSource extends Request {
  /** Absolute. */
  readonly file: string;
  readonly kind: SourceKind;
  /** What was read and decided about: it counts, whatever the file says by now. */
  readonly text: string;
  /** SHA-256 of the content. */
  readonly sha256: string;
  readonly decision: "approved" | "refused" | undefined;
  /** What was approved last, when that was something else. */
  readonly before?: Request;
}

/** The sources of that kind which count. */
export function approvedSources(
  { sources }: { readonly sources: readonly ProjectSource[] },
  kind: SourceKind,
): readonly ProjectSource[] {
  return sources.filter((one) =>
    one.kind === kind && one.decision === "approved"
  );
}
