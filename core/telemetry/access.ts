/** Telemetry of the program: nothing of it is loaded unless the environment asks for it. */
import type { Flags } from "../contract/command_line.ts";
import { errorText } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import type { TerminalOutput } from "../protocol/terminal.ts";
import type { SignalSettings } from "./signal_settings.ts";
import type { Telemetry } from "./telemetry.ts";

interface TelemetryRun {
  /** What the program was asked to do. */
  readonly command: string;
  readonly flags: Pick<Flags, "record" | "replay">;
  /** How a collector is reached, with its certificates. Throws UserError. */
  readonly connect: (
    signal: Pick<
      SignalSettings,
      "url" | "caBundle" | "clientCert" | "clientKey"
    >,
  ) => Promise<Host["fetch"]>;
}

const SIGNALS = ["TRACES", "METRICS", "LOGS"] as const;

/** Any of these, and telemetry is wanted; all others only say how. */
const ASKING: readonly string[] = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  ...SIGNALS.flatMap((signal) => [
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
    `OTEL_${signal}_EXPORTER`,
  ]),
];

/** The telemetry of a process, opened by the first of its runs. */
export class TelemetryAccess {
  readonly #host: Host;
  readonly #run: TelemetryRun;
  #opening: Promise<Telemetry | undefined> | undefined;
  #warnings: readonly string[] = [];

  constructor(host: Host, run: TelemetryRun) {
    this.#host = host;
    this.#run = run;
  }

  /** Undefined where nobody asks for it. */
  async open(): Promise<Telemetry | undefined> {
    if (!this.#isAsked()) return undefined;
    return await (this.#opening ??= this.#open());
  }

  /** What is wrong with it, for whoever can tell a person; once. */
  takeWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  /** Delivers what is left; what did not arrive is said on stderr. */
  async close(
    exitCode: number | undefined,
    stderr: Pick<TerminalOutput, "write">,
  ): Promise<void> {
    const telemetry = await this.#opening;
    const losses = await telemetry?.close(exitCode)
      .catch((error) => `Telemetry was lost: ${errorText(error)}`);
    if (losses !== undefined) stderr.write(`Note: ${losses}\n`);
  }

  // A cassette holds what a run was told, and plays it back: no two traces are the same.
  #isAsked(): boolean {
    const { flags } = this.#run;
    if (flags.record !== undefined || flags.replay !== undefined) return false;
    return ASKING.some((name) => (this.#host.env(name) ?? "") !== "");
  }

  async #open(): Promise<Telemetry | undefined> {
    const { openTelemetry } = await import("./telemetry.ts");
    try {
      const { telemetry, warnings } = await openTelemetry(
        this.#host,
        this.#run,
      );
      this.#warnings = warnings;
      return telemetry;
    } catch (error) {
      // Nobody's work is held up by it.
      this.#warnings = [`Telemetry: nothing is sent: ${errorText(error)}`];
      return undefined;
    }
  }
}
