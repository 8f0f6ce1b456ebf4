/** Finds the one session that is meant, or says why there is none. */
import { SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { listSessionFiles, type SessionFile } from "../log/files.ts";
import { listSessions } from "./list.ts";
import { readSessionNames } from "../log/names.ts";

interface FindRequest {
  readonly codexHome: string;
  /** Id, unique start of an id, or name. Absent: the one last written to. */
  readonly name?: string;
  /** The one last written to, whatever `name` says. */
  readonly last?: boolean;
  /** Bounds `last` to sessions of this folder. */
  readonly cwd?: string;
}

/** Path of the session's file. Throws SessionError when none, or more than one, is meant. */
export async function findSession(
  host: Host,
  request: FindRequest,
): Promise<string> {
  const { codexHome, name } = request;
  if (request.last || name === undefined) return await findLast(host, request);
  const files = await listSessionFiles(host.files, codexHome);
  const byId = pickById(files, name);
  const matches = byId.length > 0
    ? byId
    : await pickByName(host, { codexHome, name, files });
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only.path;
  if (matches.length > 1) throw ambiguous(name, matches);
  throw new SessionError(
    `Cannot find session "${visibleLine(name)}": must be an id, ` +
      "the start of one, or the name of a recorded session",
  );
}

async function findLast(host: Host, request: FindRequest): Promise<string> {
  const { codexHome, cwd } = request;
  const { sessions, elsewhere } = await listSessions(host, {
    codexHome,
    limit: 1,
    ...(cwd !== undefined && { cwd }),
  });
  const [newest] = sessions;
  if (newest !== undefined) return newest.path;
  const where = cwd === undefined ? "" : ` in ${cwd}`;
  const others = elsewhere > 0 ? `; ${elsewhere} are in other folders` : "";
  throw new SessionError(
    `Cannot find a session: none is recorded${where}${others}`,
  );
}

function pickById(
  files: readonly SessionFile[],
  name: string,
): readonly SessionFile[] {
  const wanted = name.toLowerCase();
  if (!/^[0-9a-f-]{4,36}$/.test(wanted)) return [];
  const exact = files.filter((file) => file.id.toLowerCase() === wanted);
  if (exact.length > 0) return exact.slice(0, 1);
  return files.filter((file) => file.id.toLowerCase().startsWith(wanted));
}

// The file of names is a copy; when it does not know the name, the logs are asked.
async function pickByName(
  host: Host,
  wanted: {
    readonly codexHome: string;
    readonly name: string;
    readonly files: readonly SessionFile[];
  },
): Promise<readonly SessionFile[]> {
  const { codexHome, name, files } = wanted;
  const names = await readSessionNames(host.files, codexHome);
  const known = files.filter((file) => names.get(file.id) === name);
  if (known.length > 0) return known;
  const { sessions } = await listSessions(host, {
    codexHome,
    limit: files.length,
    withArchived: true,
  });
  const paths = new Set(
    sessions.filter((one) => one.name === name).map((one) => one.path),
  );
  return files.filter((file) => paths.has(file.path));
}

function ambiguous(
  name: string,
  matches: readonly SessionFile[],
): SessionError {
  const ids = matches.slice(0, LIMITS.sessionsListed).map((file) => file.id);
  const more = matches.length > ids.length ? ", …" : "";
  return new SessionError(
    `Cannot tell which session "${visibleLine(name)}" is: ` +
      `must be one of ${ids.join(", ")}${more}`,
  );
}
