/** The last look before something is started: are its files still what was approved? */
import type { Host } from "../../protocol/host.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { hashPrograms, type ProgramPlace, UNCHECKED } from "./programs.ts";
import type { ProjectSource } from "./source.ts";

/** The first file that a command leads to now and that is not as approved. */
export type CheckPrograms = (
  command: JsonObject,
  owner: { readonly isOwn: boolean },
) => Promise<string | undefined>;

interface Side {
  readonly place: ProgramPlace;
  readonly sources: readonly ProjectSource[];
}

/** What is the person's own and what comes with the project is looked for in other folders. */
export function createCheck(
  host: Pick<Host, "files" | "env" | "homeDir">,
  sides: { readonly own: Side; readonly project: Side },
): CheckPrograms {
  return async (command, { isOwn }) => {
    const { place, sources } = isOwn ? sides.own : sides.project;
    const approved: Readonly<Record<string, string>> = Object.assign(
      {},
      ...sources.filter(({ decision }) => decision === "approved")
        .map(({ programs }) => programs),
    );
    const now = await hashPrograms(host, command, place);
    return Object.entries(now).find(([path, hash]) =>
      hash === UNCHECKED || approved[path] !== hash
    )?.[0];
  };
}
