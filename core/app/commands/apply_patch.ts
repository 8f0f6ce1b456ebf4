/** `rondo apply-patch`: a patch on stdin, applied in the working folder, and nothing else. */
import { denoHost } from "../../host/host.ts";
import { keepOnly, ROLE_PERMISSIONS } from "../../host/process.ts";
import { denoTerminal } from "../../host/terminal/terminal.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { printOutput, visibleTerminal } from "../print.ts";
import {
  runApplyPatch,
  runPlannedPatch,
} from "../../../tools/patch/command.ts";
import { concatBytes } from "../../util/bytes.ts";

/** Reads, applies, prints; resolves to the exit code. Runs with file rights alone. */
export async function runApplyPatchRole(
  { isPlanned = false }: { readonly isPlanned?: boolean } = {},
): Promise<number> {
  const host = denoHost();
  keepOnly(ROLE_PERMISSIONS["apply-patch"]);
  const terminal = visibleTerminal(denoTerminal());
  const bytesMax = isPlanned ? LIMITS.patchPlannedBytes : LIMITS.patchBytes;
  const input = await readAll(terminal, bytesMax);
  const result = input === undefined
    ? {
      exitCode: 1,
      stdout: "",
      stderr: `Cannot apply the patch: it is longer than ${bytesMax} bytes\n`,
    }
    : isPlanned
    ? await runPlannedPatch(host, input)
    : await runApplyPatch({
      host,
      patch: new TextDecoder().decode(input),
      cwd: host.cwd,
    });
  return await printOutput(terminal, result);
}

async function readAll(
  { stdin }: Terminal,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await stdin.read();
    if (chunk === null) break;
    size += chunk.length;
    if (size > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}
