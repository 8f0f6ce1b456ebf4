/** The last look before something is started, and one after: are its files what was approved? */
import type { Host } from "../../protocol/host.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { hashPrograms, type ProgramPlace, UNCHECKED } from "./programs.ts";
import type { ProjectSource } from "./source.ts";

interface StartCheck {
  /** The first file that a command leads to now and that is not as approved. */
  readonly changed: string | undefined;
  /** Variables it must be started with. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Looks again, once the program has read its files: nobody can keep a command that runs
   * beside it from exchanging one in between, but then it is told.
   */
  readonly recheck: () => Promise<string | undefined>;
}

/** Looks at a command that settings name. */
export type CheckPrograms = (
  command: JsonObject,
  owner: { readonly isOwn: boolean },
) => Promise<StartCheck>;

export interface Checks {
  readonly checkPrograms: CheckPrograms;
  /** Of the command line: its files count as they are now; resolves to a later look. */
  readonly pinPrograms: (
    command: JsonObject,
  ) => Promise<() => Promise<string | undefined>>;
}

interface Side {
  readonly place: ProgramPlace;
  readonly sources: readonly ProjectSource[];
}

// `python -m` and `-c` look for every module in the folder they start in first: there a
// command could put one of any name (docs.python.org, PYTHONSAFEPATH, 3.11).
const OUTSIDE_ONLY = { PYTHONSAFEPATH: "1" };

/** What is the person's own and what comes with the project is looked for in other folders. */
export function createChecks(
  host: Pick<Host, "files" | "env" | "homeDir">,
  sides: { readonly own: Side; readonly project: Side },
): Checks {
  return {
    checkPrograms: async (command, { isOwn }) => {
      const { place, sources } = isOwn ? sides.own : sides.project;
      const approved = sources.filter((one) => one.decision === "approved");
      const now = await hashPrograms(host, command, place);
      const before = Object.assign({}, ...approved.map((one) => one.programs));
      const isOutside = Object.keys(now).length === 0;
      return {
        changed: differing(now, before),
        env: isOutside ? OUTSIDE_ONLY : {},
        recheck: async () =>
          isOutside
            ? undefined
            : differing(await hashPrograms(host, command, place), now),
      };
    },
    pinPrograms: async (command) => {
      const { place } = sides.own;
      const before = await hashPrograms(host, command, place);
      return async () =>
        differing(await hashPrograms(host, command, place), before);
    },
  };
}

function differing(
  now: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
): string | undefined {
  return Object.entries(now).find(([path, hash]) =>
    hash === UNCHECKED || before[path] !== hash
  )?.[0];
}
