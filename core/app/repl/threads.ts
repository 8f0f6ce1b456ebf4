/** Conversations: open, fork, list, rename, export. */

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
import type { OpenThreads } from "./open_threads.ts";
import type { ThreadServices } from "../../frontends/conversation/services.ts";

export function threadServices(threads: OpenThreads): ThreadServices {
  const factory = (): Promise<ThreadFactory> => threadFactory(threads.runtime);
  return {
    open: async () =>
      threads.opened(await openThread(threads.runtime, threads.commandLine)),
    start: async () => threads.opened(await startThread(await factory())),
    resume: async (name) => {
      const path = await threads.logPath(name);
      return threads.opened(await resumeThread(await factory(), path));
    },
    fork: async (threadId, atUserMessage) => {
      const path = await threads.logPath(threadId);
      return threads.opened(
        await forkThread(await factory(), path, atUserMessage),
      );
    },
    sessions: () => listHereFirst(threads),
    messageCount: (threadId) => {
      const entries = threads.live(threadId)?.thread.state.transcript.entries;
      return findUserMessages((entries ?? []).map(({ item }) => item)).length;
    },
    rename: (threadId, name) => rename(threads, threadId, name),
    attachCommand: (threadId, session, onBytes) =>
      threads.live(threadId)?.thread.deps.live?.attach(session, onBytes),
    exportThread: (threadId, options) =>
      exportThread(threads, threadId, options),
  };
}

async function listHereFirst(
  threads: OpenThreads,
): ReturnType<ThreadServices["sessions"]> {
  const { cwd, codexHome } = threads.runtime.loaded;
  if (codexHome === undefined) return [];
  const { sessions } = await listSessions(threads.host, {
    codexHome,
    limit: LIMITS.sessionsListed * 5,
  });
  return [
    ...sessions.filter((one) => one.cwd === cwd),
    ...sessions.filter((one) => one.cwd !== cwd),
  ];
}

async function rename(
  threads: OpenThreads,
  threadId: string,
  name: string,
): Promise<void> {
  const live = threads.live(threadId);
  if (live !== undefined) return live.thread.rename(parseSessionName(name));
  await renameSession(threads.host, await threads.logPath(threadId), {
    codexHome: threads.codexHome(),
    name,
  });
}

async function exportThread(
  threads: OpenThreads,
  threadId: string,
  options: Parameters<ThreadServices["exportThread"]>[1],
): Promise<string> {
  const { format, path } = options;
  const { loaded } = threads.runtime;
  const ending = format === "markdown" ? "md" : "jsonl";
  const output = resolvePath(
    loaded.cwd,
    path ?? `conversation-${threadId.slice(0, 13)}.${ending}`,
  );
  await writeExport(threads.host, {
    logPath: await threads.logPath(threadId),
    output,
    format,
    secrets: secretValues(threads.host, loaded),
  });
  return output;
}
