/** Threads for clients of the app server: opened, listed, read and put away. */
import { modelPatchOf } from "../../config/settings.ts";
import type { Flags } from "../../contract/command_line.ts";
import type {
  ThreadListParams,
  ThreadSetup,
} from "../../frontends/app_server/words/schema.ts";
import type {
  ClientThread,
  Elicit,
  ThreadServices,
} from "../../frontends/app_server/services.ts";
import type { ThreadFacts } from "../../frontends/app_server/words/thread_view.ts";
import { SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { EditorFiles } from "../../protocol/tool.ts";
import {
  archiveSession,
  deleteSession,
  renameSession,
  unarchiveSession,
} from "../../session/library/edit.ts";
import { parseLogName } from "../../session/log/files.ts";
import { findSession } from "../../session/library/find.ts";
import { listSessions, loadSession } from "../../session/library/list.ts";
import { loadTurns } from "../../session/library/turns.ts";
import {
  forkThread,
  type OpenThread,
  resumeThread,
  startThread,
} from "../../session/thread/open.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { realFolder, type Runtime } from "../runtime.ts";
import { clientFlags } from "./client_flags.ts";
import type { ThreadRuntimes } from "./runtimes.ts";

export interface ThreadPlace {
  readonly host: Host;
  /** Of the command line. */
  readonly flags: Flags;
  readonly runtimes: ThreadRuntimes;
  readonly codexHome: string | undefined;
}

export function threadServices(place: ThreadPlace): ThreadServices {
  const home = (): string => needHome(place.codexHome);
  const path = (named: string): Promise<string> => findLog(place, named);
  return {
    start: async (setup, elicit) =>
      await openClientThread(
        place,
        { setup, elicit, warnings: missing(setup) },
        startThread,
      ),
    resume: async (named, setup, elicit) =>
      await openClientThread(
        place,
        { setup, elicit, facts: await loadFacts(place, named) },
        async (factory) => await resumeThread(factory, named),
      ),
    fork: async (named, setup, { elicit, atUserMessage }) =>
      await openClientThread(
        place,
        { setup, elicit, origin: await loadFacts(place, named) },
        async (factory) => await forkThread(factory, named, atUserMessage),
      ),
    list: (params, limit) => listFacts(place, params, limit),
    find: (named) => loadFacts(place, named),
    turns: (log) => loadTurns(place.host.files, log),
    rename: async (named, name) =>
      await renameSession(place.host, await path(named), {
        codexHome: home(),
        name,
      }),
    archive: async (named) =>
      void await archiveSession(place.host, await path(named), {
        codexHome: home(),
      }),
    unarchive: async (named) =>
      await loadFacts(
        place,
        await unarchiveSession(place.host, await path(named), {
          codexHome: home(),
        }),
      ),
    remove: async (named) =>
      await deleteSession(place.host, await path(named), {
        codexHome: home(),
      }),
  };
}

function missing({ dynamicTools }: ThreadSetup): readonly string[] {
  return dynamicTools?.length
    ? [
      "The client's own tools (dynamicTools) are not offered to the model, which has tools of MCP servers instead",
    ]
    : [];
}

interface Wanted {
  readonly setup: ThreadSetup;
  readonly elicit: Elicit;
  /** Of the person, where a client has one. */
  readonly editor?: EditorFiles;
  /** What of the setup is not done, and why. */
  readonly warnings?: readonly string[];
  /** Of the thread that goes on. */
  readonly facts?: ThreadFacts;
  /** Of the one that a branch leaves. */
  readonly origin?: ThreadFacts;
}

/** Opens a thread as a client wants it. Throws UserError and SessionError. */
export async function openClientThread(
  { host, flags, runtimes }: ThreadPlace,
  { setup, elicit, editor, facts, origin, warnings = [] }: Wanted,
  begin: Parameters<ThreadRuntimes["open"]>[1],
): Promise<ClientThread> {
  const past = facts ?? origin;
  const { baseInstructions: instructions } = setup;
  const { runtime, thread, logPath } = await runtimes.open({
    flags: threadFlags(flags, setup, past?.cwd),
    canAsk: true,
    person: { elicit },
    editor,
    ...(instructions && { instructions }),
  }, begin);
  for (const warning of warnings) thread.warn(warning);
  const opened = { thread, logPath, runtime };
  return {
    thread,
    facts: facts ?? newFacts(host, opened, origin),
    usage: thread.state.threadUsage,
    rename: (name) => thread.rename(name),
    modelPatch: (slug, effort) => modelPatchOf(runtime.loaded, slug, effort),
    modePolicy: (mode) => runtime.loaded.permissions.modePolicy(mode),
    profilePolicy: (name) => runtime.loaded.permissions.policyOf(name),
    refuseSettings: (patch) => runtime.loaded.managed?.refusal(patch),
    folder: (path) => realFolder(host, path),
  };
}

// A thread that goes on does so in its folder, unless the client says another one.
function threadFlags(
  base: Flags,
  setup: ThreadSetup,
  cwd: string | undefined,
): Flags {
  return clientFlags(base, {
    ...setup,
    cwd: setup.cwd ?? cwd,
    approval: setup.approvalPolicy,
    texts: {
      model_provider: setup.modelProvider,
      service_tier: setup.serviceTier,
      default_permissions: setup.permissions,
      developer_instructions: setup.developerInstructions,
    },
  });
}

function newFacts(
  host: Host,
  { thread, logPath, runtime }: OpenThread & { readonly runtime: Runtime },
  origin: ThreadFacts | undefined,
): ThreadFacts {
  const now = host.now().toISOString();
  return {
    id: thread.id,
    title: origin?.title ?? "",
    cwd: runtime.loaded.cwd,
    createdAt: now,
    updatedAt: now,
    path: logPath,
    provider: runtime.loaded.config.model_provider,
    program: PROGRAM,
    version: VERSION,
    source: "mcp",
    forkedFrom: origin?.id,
  };
}

async function listFacts(
  { host, codexHome }: ThreadPlace,
  params: ThreadListParams,
  limit: number,
): Promise<readonly ThreadFacts[]> {
  if (codexHome === undefined) return [];
  const { sessions } = await listSessions(host, {
    codexHome,
    withArchived: params.archived ?? false,
    accepts: (one) => isWanted(one, params),
    limit,
  });
  return sessions.map((one) => ({ ...one, source: "unknown" }));
}

function isWanted(
  session: {
    readonly id: string;
    readonly cwd: string;
    readonly title: string;
    readonly name?: string | undefined;
    readonly provider: string;
    readonly isArchived: boolean;
  },
  params: ThreadListParams,
): boolean {
  const { cwd, searchTerm, modelProviders } = params;
  const folders = typeof cwd === "string" ? [cwd] : cwd;
  const text = `${session.name ?? ""}\n${session.title}`.toLowerCase();
  return session.isArchived === (params.archived ?? false) &&
    (!folders || folders.includes(session.cwd)) &&
    (!searchTerm || text.includes(searchTerm.toLowerCase())) &&
    (!modelProviders?.length || modelProviders.includes(session.provider)) &&
    (!params.includedThreadIds ||
      params.includedThreadIds.includes(session.id)) &&
    !params.excludedThreadIds?.includes(session.id);
}

/** What a list says of a recorded thread. Throws SessionError. */
export async function loadFacts(
  place: ThreadPlace,
  named: string,
): Promise<ThreadFacts> {
  const { host } = place;
  const path = await findLog(place, named);
  const summary = await loadSession(host, {
    codexHome: needHome(place.codexHome),
    path,
  });
  return { ...summary, source: "unknown" };
}

/** The path of its log. Throws SessionError. */
export async function findLog(
  { host, codexHome }: ThreadPlace,
  named: string,
): Promise<string> {
  const home = needHome(codexHome);
  // A path counts by its name alone: no file outside of our home is taken for a log.
  const name = parseLogName(named)?.id ?? named;
  return await findSession(host, { codexHome: home, name });
}

function needHome(codexHome: string | undefined): string {
  if (codexHome !== undefined) return codexHome;
  throw new SessionError(
    "Cannot find sessions: no home folder, set CODEX_HOME",
  );
}
