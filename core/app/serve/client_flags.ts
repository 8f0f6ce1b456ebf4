/** What a client asks for a thread, as flags over those of the command line. */
import { renderTomlValue, type TomlValue } from "../../config/file/toml.ts";
import type { Flags } from "../../contract/command_line.ts";

/** Settings of a client; what is absent or null is not asked for. */
interface ClientSettings {
  readonly model?: string | null | undefined;
  readonly profile?: string | null | undefined;
  readonly cwd?: string | null | undefined;
  readonly sandbox?: Exclude<Flags["sandbox"], undefined> | null | undefined;
  readonly approval?: unknown;
  readonly ephemeral?: boolean | null | undefined;
  /** Settings by key, over those of config.toml. */
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
  /** Settings of one name each. */
  readonly texts?: Readonly<Record<string, string | null | undefined>>;
}

/** The flags of the command line with what the client says over them. */
export function clientFlags(base: Flags, asked: ClientSettings): Flags {
  const { model, profile, cwd, sandbox, approval } = asked;
  const isWord = typeof approval === "string";
  const config = [
    ...(base.config ?? []),
    ...settings(asked.config ?? {}),
    ...settings(asked.texts ?? {}),
    ...(isWord ? [] : settings({ approval_policy: approval })),
  ];
  return {
    ...base,
    ...(config.length > 0 && { config }),
    ...(model && { model }),
    ...(profile && { profile }),
    ...(cwd && { cd: cwd }),
    ...(sandbox && { sandbox }),
    ...(isWord &&
      {
        askForApproval: approval as Exclude<Flags["askForApproval"], undefined>,
      }),
    ...(asked.ephemeral && { ephemeral: true }),
  };
}

function settings(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const toml = tomlOf(value);
    return toml === undefined ? [] : [`${key}=${renderTomlValue(toml)}`];
  });
}

/** JSON as TOML, which has no null: what is null is not set. */
function tomlOf(value: unknown): TomlValue | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) {
    return value.map(tomlOf).filter((one) => one !== undefined);
  }
  if (typeof value !== "object") return value as TomlValue;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const toml = tomlOf(member);
      return toml === undefined ? [] : [[key, toml]];
    }),
  );
}
