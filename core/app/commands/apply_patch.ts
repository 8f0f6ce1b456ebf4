/** `rondo apply-patch`: a patch on stdin, applied in the working folder, and nothing else. */
import { denoHost } from "../../host/host.ts";
import { keepOnly, ROLE_PERMISSIONS } from "../../host/process.ts";
import { denoTerminal } from "../../host/terminal.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { printOutput, visibleTerminal } from "../print.ts";
import { runApplyPatch } from "../../../tools/patch/command.ts";

/** Reads, applies, prints; resolves to the exit code. Runs with file rights alone. */
export async function runApplyPatchRole(): Promise<number> {
  const host = denoHost();
  keepOnly(ROLE_PERMISSIONS["apply-patch"]);
  const terminal = visibleTerminal(denoTerminal());
  const patch = await readAll(terminal);
  const result = patch === undefined
    ? {
      exitCode: 1,
      stdout: "",
      stderr:
        `Cannot apply the patch: it is longer than ${LIMITS.patchBytes} bytes\n`,
    }
    : await runApplyPatch({ host, patch, cwd: host.cwd });
  return await printOutput(terminal, result);
}

async function readAll({ stdin }: Terminal): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const chunk = await stdin.read();
    if (chunk === null) return text + decoder.decode();
    bytes += chunk.length;
    if (bytes > LIMITS.patchBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
}
