/** The approvals of a person: which content of which project's files counts. */
import * as z from "zod/mini";
import { configError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import {
  canonicalJson,
  type JsonObject,
  parseJson,
} from "../../util/json/json.ts";
import { relativeTo, resolvePath } from "../../util/path.ts";
import { sha256Hex } from "../../util/sha256.ts";
import { readOptional, writeWhole } from "../file/files.ts";
import type { FolderTrust } from "./folder.ts";
import { UNCHECKED } from "./programs.ts";
import type { ProjectSource } from "./source.ts";

const Approval = z.lazy(() =>
  z.object({
    decision: z.enum(["approved", "refused"]),
    sha256: z.string(),
    /** Kept to show what has changed. */
    content: z.custom<JsonObject>((value) =>
      typeof value === "object" && value !== null
    ),
    programs: z.record(z.string(), z.string()),
  })
);
const StoreFile = z.lazy(() =>
  z.object({
    projects: z.record(z.string(), z.record(z.string(), Approval)),
  })
);

/** By project folder, then by path of the file in it. */
export type TrustStore = z.infer<typeof StoreFile>["projects"];

type Place = Pick<FolderTrust, "folder" | "root">;

// The file the approvals stand in.
function trustStorePath(codexHome: string): string {
  return `${codexHome}/trust.json`;
}

/** The approvals; none where there is no file or one that cannot be understood. */
export async function readTrustStore(
  host: Host,
  codexHome: string | undefined,
): Promise<TrustStore> {
  if (codexHome === undefined) return {};
  const text = await readOptional(host, trustStorePath(codexHome));
  if (text === undefined) return {};
  return StoreFile.safeParse(parseJson(text)).data?.projects ?? {};
}

/** The source with what was decided about exactly this content of it. */
export function withDecision(
  source: Omit<ProjectSource, "sha256" | "decision" | "before">,
  store: TrustStore,
  place: Place,
): ProjectSource {
  const sha256 = hashOf(source.content);
  const known = store[place.folder]?.[keyOf(source.file, place)];
  const isSame = known?.sha256 === sha256 &&
    Object.entries(source.programs).every(([path, hash]) =>
      hash !== UNCHECKED && known.programs[path] === hash
    );
  return {
    ...source,
    sha256,
    decision: isSame ? known.decision : undefined,
    ...(!isSame && known?.decision === "approved" && {
      before: {
        content: known.content,
        // A program that another folder's start names is no change here.
        programs: Object.fromEntries(
          Object.entries(known.programs).filter(([path]) =>
            source.programs[path] !== undefined
          ),
        ),
      },
    }),
  };
}

/** Remembers a decision about these sources as they are; resolves to the file's path. */
export async function saveDecision(
  host: Host,
  codexHome: string | undefined,
  decided: {
    readonly place: Place;
    readonly sources: readonly ProjectSource[];
    readonly decision: "approved" | "refused";
  },
): Promise<string> {
  const { place, sources, decision } = decided;
  const store = await readTrustStore(host, codexHome);
  const files = { ...store[place.folder] };
  for (const { file, sha256, content, programs } of sources) {
    const key = keyOf(file, place);
    const known = files[key];
    // The same settings name other scripts when rondo starts in another folder.
    const kept = known?.sha256 === sha256 && known.decision === decision
      ? known.programs
      : {};
    files[key] = {
      decision,
      sha256,
      content,
      programs: { ...kept, ...programs },
    };
  }
  return await writeStore(host, codexHome, {
    ...store,
    [place.folder]: files,
  });
}

/** Forgets all decisions about a project; resolves to whether there were any. */
export async function forgetDecisions(
  host: Host,
  codexHome: string | undefined,
  folder: string,
): Promise<boolean> {
  const { [folder]: known, ...rest } = await readTrustStore(host, codexHome);
  if (known === undefined) return false;
  await writeStore(host, codexHome, rest);
  return true;
}

async function writeStore(
  host: Host,
  codexHome: string | undefined,
  projects: TrustStore,
): Promise<string> {
  if (codexHome === undefined) {
    throw configError(
      "Cannot save trust: there is no home folder, set HOME or CODEX_HOME",
    );
  }
  const path = trustStorePath(codexHome);
  const text = `${JSON.stringify({ projects }, null, 2)}\n`;
  await writeWhole(host, path, text, { mode: 0o600 });
  return path;
}

// Every worktree of a repository has the same files at the same places.
function keyOf(file: string, { folder, root }: Place): string {
  return relativeTo(resolvePath(folder, relativeTo(file, root)), folder);
}

function hashOf(content: JsonObject): string {
  return sha256Hex(new TextEncoder().encode(canonicalJson(content)));
}
