/** The program as it names itself to providers and in session logs. */
import type { LoadedConfig } from "../config/load.ts";
import type { Host } from "../protocol/host.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";

interface ProgramName {
  readonly name: string;
  readonly version: string;
  readonly originator: string;
  /** Where managed policy wants requests to be served. */
  readonly residency?: string;
}

/** Name and version, and what started it where that says so as Codex's SDK does. */
export function programOf(
  host: Pick<Host, "env">,
  { managed }: Pick<LoadedConfig, "managed">,
): ProgramName {
  const residency = managed?.requirements.enforce_residency;
  const given = host.env("CODEX_INTERNAL_ORIGINATOR_OVERRIDE") ?? "";
  // It travels as a header: what cannot, does not count.
  const originator = /^[!-~]+$/.test(given) ? given : PROGRAM;
  return {
    name: PROGRAM,
    version: VERSION,
    originator,
    ...(residency !== undefined && { residency }),
  };
}
