/** What git is started with when rondo asks: nothing that a repository names is run, fetched or written. */
import type { Host } from "../protocol/host.ts";
import { dirname } from "../util/path.ts";

export type GitSetting = readonly [name: string, value: string];

/** For questions in the repository itself, over what its own configuration says. */
const SAFE_SETTINGS: readonly GitSetting[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", "/dev/null"],
];

/** The whole environment of one call. */
export function buildGitEnvironment(
  host: Pick<Host, "homeDir">,
  program: string,
  more: readonly GitSetting[] = [],
): Readonly<Record<string, string>> {
  const home = host.homeDir();
  const settings = [...more, ...SAFE_SETTINGS];
  return {
    PATH: `${dirname(program)}:/usr/bin:/bin`,
    ...(home !== undefined && { HOME: home }),
    LC_ALL: "C.UTF-8",
    // No refreshed index, no question, nothing fetched by any protocol (git(1)).
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(settings.flatMap(([name, value], at) => [
      [`GIT_CONFIG_KEY_${at}`, name],
      [`GIT_CONFIG_VALUE_${at}`, value],
    ])),
  };
}

/** `git config -z`: name, newline, value; a name alone is true. */
export function parseGitSettings(text: string): readonly GitSetting[] {
  return text.split("\0").filter((line) => line !== "").map((line) => {
    const [name = "", ...value] = line.split("\n");
    return [name, value.length === 0 ? "true" : value.join("\n")];
  });
}
