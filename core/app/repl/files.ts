/** Files in a conversation: diff, undo, the user's own commands. */

import { createCheckpoints } from "../../session/undo/checkpoints.ts";
import { findUserMessages } from "../../session/log/rollback_plan.ts";
import {
  renderLeft,
  renderUndoChange,
  type UndoPlan,
} from "../../session/undo/kept/plan.ts";
import { relativeTo } from "../../util/path.ts";
import { settingsOf } from "../agent.ts";
import { readGitDiff } from "./git_diff.ts";
import type { OpenThreads } from "./open_threads.ts";
import { runUserCommand } from "./user_command.ts";
import type {
  FileServices,
  UndoReport,
} from "../../frontends/conversation/services.ts";

/** The services around files. */
export function fileServices(threads: OpenThreads): FileServices {
  return {
    diff: (cwd) => loadDiff(threads, cwd),
    undoFiles: (threadId, options) => undoFiles(threads, threadId, options),
    runShell: (command, options) => runUserCommand(threads, command, options),
  };
}

async function loadDiff(threads: OpenThreads, cwd: string): Promise<string> {
  const { host, runtime } = threads;
  const { addDirs, config } = runtime.loaded;
  const tmpDir = host.env("TMPDIR") ?? "";
  return await readGitDiff(host, {
    files: runtime.sandbox.readable(settingsOf(runtime).sandbox, cwd),
    cwd,
    codexHome: threads.codexHome(),
    writable: [
      cwd,
      ...addDirs,
      ...config.sandbox_workspace_write.writable_roots,
      "/tmp",
      ...(tmpDir === "" ? [] : [tmpDir]),
    ],
  });
}

async function undoFiles(
  threads: OpenThreads,
  threadId: string,
  { turns, isDryRun, isForced }: Parameters<FileServices["undoFiles"]>[1],
): Promise<UndoReport> {
  const { codexHome, cwd } = threads.runtime.loaded;
  if (codexHome === undefined) return { changes: [], conflicts: [] };
  const checkpoints = createCheckpoints(threads.host, { codexHome, threadId });
  const options = { force: isForced };
  const plan = isDryRun
    ? await checkpoints.preview(turns, options)
    : await checkpoints.undo(turns, options);
  const report = {
    ...reportOf(plan, cwd),
    ...messagesSince(threads, threadId, plan),
  };
  if (!isDryRun) tellModel(threads, threadId, report);
  return report;
}

function reportOf(plan: UndoPlan, cwd: string): UndoReport {
  return {
    changes: plan.restore.map((one) =>
      renderUndoChange({ ...one, path: relativeTo(one.path, cwd) })
    ),
    conflicts: plan.conflicts.map(({ path, reason }) =>
      `${relativeTo(path, cwd)} (${reason})`
    ),
    ...(plan.left.length > 0 && { left: renderLeft(plan.left) }),
  };
}

function messagesSince(
  threads: OpenThreads,
  threadId: string,
  { messagesBefore }: UndoPlan,
): Pick<UndoReport, "messages"> {
  const thread = threads.live(threadId)?.thread;
  if (thread === undefined || messagesBefore === undefined) return {};
  const items = thread.state.transcript.entries.map(({ item }) => item);
  const messages = findUserMessages(items).length - messagesBefore;
  return { messages: Math.max(1, messages) };
}

// Unless the conversation is rolled back too, the model would believe that its changes
// are still there.
function tellModel(
  threads: OpenThreads,
  threadId: string,
  { changes }: UndoReport,
): void {
  if (changes.length === 0) return;
  threads.live(threadId)?.thread.submit({
    type: "user.shell",
    command: "rondo undo --restore code",
    output: changes.join("\n"),
    exitCode: 0,
    durationMs: 0,
  });
}
