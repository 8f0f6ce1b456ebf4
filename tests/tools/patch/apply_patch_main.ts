/** The patch engine as a process of its own: patch on stdin, applied in the cwd. */
import { denoHost } from "../../../core/host/host.ts";
import {
  runApplyPatch,
  runPlannedPatch,
} from "../../../tools/patch/command.ts";

const host = denoHost();
const input = new Response(Deno.stdin.readable);
const result = Deno.args.includes("--planned")
  ? await runPlannedPatch(host, await input.bytes())
  : await runApplyPatch({ host, patch: await input.text(), cwd: host.cwd });
await Deno.stdout.write(new TextEncoder().encode(result.stdout));
await Deno.stderr.write(new TextEncoder().encode(result.stderr));
Deno.exit(result.exitCode);
