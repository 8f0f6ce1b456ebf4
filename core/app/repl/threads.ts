/** Conversations opened, branched, listed, named and written out. */

import { LIMITS } from "../../protocol/limits.ts";
import { findUserMessages } from "../../session/log/rollback_plan.ts";
import { parseSessionName, renameSession } from "../../session/library/edit.ts";
import { listSessions } from "../../session/library/list.ts";
import {
  forkThread,
  resumeThread,
  startThread,
  type ThreadFactory,
} from "../../session/thread/open.ts";
import { resolvePath } from "../../util/path.ts";
import { secretValues, writeExport } from "../commands/export_file.ts";
import { openThread, threadFactory } from "../open_thread.ts";
import type { ReplDesk } from "./open_threads.ts";
import type { ThreadServices } from "../../frontends/conversation/services.ts";

/** The services around threads. */
export function threadServices(desk: ReplDesk): ThreadServices {
  const factory = (): Promise<ThreadFactory> => threadFactory(desk.world);
  return {
    open: async () =>
      desk.opened(await openThread(desk.world, desk.commandLine)),
    start: async () => desk.opened(await startThread(await factory())),
    resume: async (name) => {
      const path = await desk.logPath(name);
      return desk.opened(await resumeThread(await factory(), path));
    },
    fork: async (threadId, atUserMessage) => {
      const path = await desk.logPath(threadId);
      return desk.opened(
        await forkThread(await factory(), path, atUserMessage),
      );
    },
    sessions: () => listHereFirst(desk),
    messageCount: (threadId) => {
      const entries = desk.live(threadId)?.thread.state.transcript.entries;
      return findUserMessages((entries ?? []).map(({ item }) => item)).length;
    },
    rename: (threadId, name) => rename(desk, threadId, name),
    exportThread: (threadId, options) => exportThread(desk, threadId, options),
  };
}

async function listHereFirst(
  desk: ReplDesk,
): ReturnType<ThreadServices["sessions"]> {
  const { cwd, codexHome } = desk.world.loaded;
  if (codexHome === undefined) return [];
  const { sessions } = await listSessions(desk.host, {
    codexHome,
    limit: LIMITS.sessionsListed * 5,
  });
  return [
    ...sessions.filter((one) => one.cwd === cwd),
    ...sessions.filter((one) => one.cwd !== cwd),
  ];
}

async function rename(
  desk: ReplDesk,
  threadId: string,
  name: string,
): Promise<void> {
  const live = desk.live(threadId);
  if (live !== undefined) return live.thread.rename(parseSessionName(name));
  await renameSession(desk.host, await desk.logPath(threadId), {
    codexHome: desk.codexHome(),
    name,
  });
}

async function exportThread(
  desk: ReplDesk,
  threadId: string,
  options: Parameters<ThreadServices["exportThread"]>[1],
): Promise<string> {
  const { format, path } = options;
  const { loaded } = desk.world;
  const ending = format === "markdown" ? "md" : "jsonl";
  const output = resolvePath(
    loaded.cwd,
    path ?? `conversation-${threadId.slice(0, 13)}.${ending}`,
  );
  await writeExport(desk.host, {
    logPath: await desk.logPath(threadId),
    output,
    format,
    secrets: secretValues(desk.host, loaded),
  });
  return output;
}
