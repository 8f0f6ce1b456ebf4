/** What a person is asked about a project, and where the answer is kept. */
import type { LoadedConfig } from "../../config/load.ts";
import { describeSource } from "../../config/trust/describe.ts";
import { saveFolderTrust } from "../../config/trust/folder.ts";
import { UNCHECKED } from "../../config/trust/programs.ts";
import type { ProjectSource } from "../../config/trust/source.ts";
import { saveDecision } from "../../config/trust/store.ts";
import type { TrustQuestion } from "../../frontends/conversation/services.ts";
import type { Host } from "../../protocol/host.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { relativeTo } from "../../util/path.ts";

const FOLDER_CONSEQUENCE =
  "With a yes, commands may change files in it, inside the sandbox, and settings in its .codex/config.toml that loosen nothing count. With a no, you are asked about every command that is not known to be harmless, and exec only reads.";
const FILES_CONSEQUENCE =
  "With a yes, this counts until it changes. Programs run outside the sandbox with your rights. Of the files that they load in turn, those listed here are checked, installed packages and names that are computed are not. With a no, it is left out.";

/** Whether files of the writable folders are among what a yes covers. */
export function leadsToFiles(sources: readonly ProjectSource[]): boolean {
  return sources.some(({ programs }) => Object.keys(programs).length > 0);
}

export const COVERED =
  "The files listed here are checked before each start. Installed packages, and files whose names are only computed, are not.";

type Project = Pick<LoadedConfig, "trust" | "projectRoot">;

export function folderQuestion({ trust }: Project): TrustQuestion {
  return {
    about: "folder",
    text: `Do you trust the folder ${trust.folder}?`,
    files: [],
    consequence: FOLDER_CONSEQUENCE,
  };
}

/** The question about what these sources ask for. */
export function filesQuestion(
  { trust, projectRoot }: Project,
  sources: readonly ProjectSource[],
): TrustQuestion {
  const isChanged = sources.some(({ before }) => before !== undefined);
  return {
    about: "files",
    text: isChanged
      ? `What the project in ${trust.folder} asks for has changed. Do you approve it?`
      : `The project in ${trust.folder} asks for more than to be read. Do you approve it?`,
    files: sources.map((source) => ({
      title: relativeTo(source.file, projectRoot) +
        (source.before === undefined ? "" : " (changed since you approved it)"),
      facts: describeSource(source),
    })),
    consequence: FILES_CONSEQUENCE,
  };
}

/** Whether a yes could count: nothing in it is beyond what can be checked. */
export function canApprove({ programs }: ProjectSource): boolean {
  return !Object.values(programs).includes(UNCHECKED);
}

/** Keeps the answer about the folder; resolves to a sentence about it. */
export async function answerFolder(
  host: Host,
  { codexHome, trust }: LoadedConfig,
  isTrusted: boolean,
): Promise<string> {
  const { folder } = trust;
  const level = isTrusted ? "trusted" : "untrusted";
  const file = await saveFolderTrust(host, codexHome, { folder, level });
  return isTrusted
    ? `Trusted: ${folder} (kept in ${file}; to take it back: ${PROGRAM} trust --revoke)`
    : `Not trusted: ${folder} (kept in ${file}; to change it: ${PROGRAM} trust)`;
}

/** Keeps the answer about these sources; resolves to a sentence about it. */
export async function answerFiles(
  host: Host,
  { codexHome, trust: place, projectRoot }: LoadedConfig,
  answer: {
    readonly sources: readonly ProjectSource[];
    readonly isApproved: boolean;
  },
): Promise<string> {
  const { sources, isApproved } = answer;
  const decision = isApproved ? "approved" : "refused";
  const file = await saveDecision(host, codexHome, {
    place,
    sources,
    decision,
  });
  const names = sources.map((one) => relativeTo(one.file, projectRoot))
    .join(", ");
  return isApproved
    ? `Approved as it is now: ${names} (kept in ${file}; to take it back: ${PROGRAM} trust --revoke)`
    : `Left out: ${names} (kept in ${file}; to change it: ${PROGRAM} trust)`;
}
