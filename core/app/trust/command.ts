/** `rondo trust`: what the project in a folder asks for, approved, shown or revoked. */
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { describeSource } from "../../config/trust/describe.ts";
import { saveFolderTrust } from "../../config/trust/folder.ts";
import { forgetDecisions } from "../../config/trust/store.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { LineInput } from "../../frontends/repl/line_input.ts";
import { askTrust } from "../../frontends/conversation/trust_question.ts";
import { showHidden } from "../../util/text/visible_text.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { relativeTo } from "../../util/path.ts";
import { type Printer, printLines } from "../print.ts";
import { realFolder } from "../runtime.ts";
import {
  answerFiles,
  answerFolder,
  canApprove,
  COVERED,
  filesQuestion,
  folderQuestion,
  leadsToFiles,
} from "./questions.ts";

interface TrustState {
  /** What `[projects]` says, whatever this command looks at. */
  readonly level: LoadedConfig["trust"]["level"];
  /** Read as if the folder were trusted: what would count then. */
  readonly loaded: LoadedConfig;
}

/** Runs it and resolves to the exit code. Throws UserError. */
export async function runTrustCommand(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const given = [flags.show, flags.yes, flags.revokeTrust].filter(Boolean);
  if (given.length > 1) {
    throw usageError(
      `Cannot run ${PROGRAM} trust: --show, --yes and --revoke exclude each other`,
    );
  }
  const cwd = await realFolder(host, args[0] ?? ".");
  const state = await readState(host, cwd);
  const print = printLines(terminal, flags.json ?? false);
  if (flags.revokeTrust) return await revoke(host, state, print);
  if (flags.yes) return await approveAll(host, state, print);
  if (flags.show) return await show(state, print);
  if (!terminal.stdin.isTty || flags.json) {
    await show(state, print);
    return isSettled(state) ? 0 : exitCode("failed");
  }
  return await ask(host, state, terminal);
}

async function readState(host: Host, cwd: string): Promise<TrustState> {
  const options = { cwd, canAsk: true };
  const { trust } = await loadConfig(host, options);
  const loaded = await loadConfig(host, { ...options, flags: { trust: true } });
  return { level: trust.level, loaded };
}

function isSettled({ level, loaded }: TrustState): boolean {
  return level === "trusted" &&
    loaded.trust.sources.every(({ decision }) => decision === "approved");
}

async function show(
  { level, loaded }: TrustState,
  print: Printer,
): Promise<number> {
  const { trust, projectRoot, warnings } = loaded;
  const view = {
    folder: trust.folder,
    level: level ?? null,
    files: trust.sources.map((source) => ({
      file: source.file,
      decision: source.decision ?? null,
      sha256: source.sha256,
      asks: describeSource(source),
    })),
    warnings,
  };
  return await print(view, () => [
    `${trust.folder}: ${level ?? "not decided"}`,
    ...view.files.flatMap(({ file, decision, asks }) => [
      `${relativeTo(file, projectRoot)}: ${decision ?? "not approved"}`,
      ...asks.flatMap((fact) =>
        showHidden(fact).split("\n").map((line, at) =>
          at === 0 ? `  ${line}` : `    | ${line}`
        )
      ),
    ]),
    ...(view.files.length === 0 ? ["It asks for nothing"] : []),
    ...(leadsToFiles(trust.sources) ? [COVERED] : []),
    ...(level === "trusted" && isSettled({ level, loaded })
      ? []
      : [`To approve all of it: ${PROGRAM} trust --yes`]),
  ]);
}

async function approveAll(
  host: Host,
  { level, loaded }: TrustState,
  print: Printer,
): Promise<number> {
  const done: string[] = [];
  if (level !== "trusted") done.push(await answerFolder(host, loaded, true));
  const { sources } = loaded.trust;
  const left = sources.filter(({ decision }) => decision !== "approved");
  const able = left.filter(canApprove);
  if (able.length > 0) {
    const answer = { sources: able, isApproved: true };
    done.push(await answerFiles(host, loaded, answer));
  }
  const unable = left.filter((one) => !able.includes(one));
  for (const { file } of unable) {
    done.push(`Cannot approve ${file}: it leads to what cannot be checked`);
  }
  if (done.length === 0) done.push("There is nothing to approve");
  const code = await print({ done }, () => done);
  return unable.length === 0 ? code : exitCode("failed");
}

async function revoke(
  host: Host,
  { loaded }: TrustState,
  print: Printer,
): Promise<number> {
  const { codexHome, cwd, trust: { folder, root } } = loaded;
  await forgetDecisions(host, codexHome, folder);
  for (const one of new Set([folder, root, cwd])) {
    await saveFolderTrust(host, codexHome, { folder: one, level: undefined });
  }
  const text =
    `Revoked: ${folder} is not trusted, and nothing in it is approved`;
  return await print({ done: [text] }, () => [text]);
}

// What was refused before is asked about again: that is what somebody comes here for.
async function ask(
  host: Host,
  state: TrustState,
  terminal: Terminal,
): Promise<number> {
  const { loaded } = state;
  let { level } = state;
  const sources = loaded.trust.sources.filter((one) =>
    one.decision !== "approved" && canApprove(one)
  );
  let isAsked = sources.length === 0;
  if (level === "trusted" && isAsked) {
    return await show(state, printLines(terminal, false));
  }
  await askTrust(
    {
      trustQuestion: () =>
        Promise.resolve(
          level === undefined
            ? folderQuestion(loaded)
            : level === "trusted" && !isAsked
            ? filesQuestion(loaded, sources)
            : undefined,
        ),
      saveTrust: async ({ about }, isYes) => {
        if (about === "folder") {
          level = isYes ? "trusted" : "untrusted";
          return await answerFolder(host, loaded, isYes);
        }
        isAsked = true;
        const answer = { sources, isApproved: isYes };
        return await answerFiles(host, loaded, answer);
      },
    },
    terminal,
    new LineInput(terminal.stdin),
  );
  return 0;
}
