/** The patch engine as a process of its own: patch on stdin, applied in the cwd. */
import { denoHost } from "../../../core/host/host.ts";
import { runApplyPatch } from "../../../tools/patch/command.ts";

const host = denoHost();
const patch = await new Response(Deno.stdin.readable).text();
const result = await runApplyPatch({ host, patch, cwd: host.cwd });
await Deno.stdout.write(new TextEncoder().encode(result.stdout));
await Deno.stderr.write(new TextEncoder().encode(result.stderr));
Deno.exit(result.exitCode);
