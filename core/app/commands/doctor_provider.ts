/** `rondo doctor provider`: what an endpoint takes, as a table and as settings. */
import { editConfigFile, readOptional } from "../../config/file/files.ts";
import { isTable, parseToml, valueAt } from "../../config/file/toml.ts";
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { createAuth } from "../../config/provider/auth.ts";
import {
  isReservedProvider,
  type Provider,
  providerOf,
} from "../../config/provider/providers.ts";
import { withoutUrlSecrets } from "../../config/secrets.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type {
  Finding,
  FindingName,
  Verdict,
} from "../../model/probe/findings.ts";
import {
  describeCost,
  type ProbeReport,
  runProbe,
} from "../../model/probe/probe.ts";
import { configError, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import { shownText } from "../../util/text/visible_text.ts";
import { printLines } from "../print.ts";
import { programOf } from "../program.ts";
import { realFolder } from "../runtime.ts";
import { openTransport } from "../transport.ts";

/** Asks, prints, writes where that is wanted; resolves to the exit code. */
export async function runDoctorProvider(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const cwd = await realFolder(host, flags.cd ?? ".");
  const loaded = await loadConfig(host, { flags, cwd, canAsk: true });
  const provider = providerOf(loaded.config, host, args[0]);
  const file = flags.write ? await fileOf(host, loaded, provider) : undefined;
  const { model } = loaded.config;
  const place = withoutUrlSecrets(provider.baseUrl);
  terminal.stderr.write(
    `Asking ${provider.id} (${place}) with model "${model}": ${describeCost()}\n`,
  );
  const { transport, warnings } = await openTransport(host, provider);
  for (const text of warnings) terminal.stderr.write(`Warning: ${text}\n`);
  const report = await runProbe({
    host,
    provider,
    auth: createAuth(host, provider, loaded),
    program: programOf(host, loaded),
    ...transport,
  }, model);
  const settings = providerSettings(report);
  const isWritten = file !== undefined && report.failure === undefined;
  if (isWritten) {
    const edits = Object.entries(settings).map(([key, value]) => ({
      type: "set" as const,
      path: ["model_providers", provider.id, key],
      value,
    }));
    await editConfigFile(host, file, edits);
  }
  const whole = { provider, model, place, report, settings };
  const written = isWritten ? file : undefined;
  const print = printLines(terminal, flags.json ?? false);
  const isOut = await print(
    toJson(whole, written),
    () =>
      render(whole, {
        written,
        isWanted: file !== undefined,
        isColored: hasColor(terminal, terminal.stdout),
      }),
  );
  return report.failure === undefined ? isOut : codeOf(report.failure);
}

// Only a table that is there already is completed: the address of the provider is in it.
async function fileOf(
  host: Host,
  { codexHome }: LoadedConfig,
  { id }: Provider,
): Promise<string> {
  const cannot = `Cannot write settings of provider "${id}"`;
  if (isReservedProvider(id)) {
    throw usageError(
      `${cannot}: it is built in, must be one of [model_providers] with a name of its own; see rondo help providers`,
    );
  }
  if (codexHome === undefined) {
    throw configError(`${cannot}: there is no home folder`);
  }
  const file = `${codexHome}/config.toml`;
  const tree = parseToml(await readOptional(host, file) ?? "", file);
  if (!isTable(valueAt(tree, ["model_providers", id]))) {
    throw configError(
      `${cannot}: ${file} has no table [model_providers.${id}], must have it`,
    );
  }
  return file;
}

interface Whole {
  readonly provider: Provider;
  readonly model: string;
  readonly place: string;
  readonly report: ProbeReport;
  readonly settings: Settings;
}

function toJson(
  { provider, model, place, report, settings }: Whole,
  written: string | undefined,
): Record<string, unknown> {
  return {
    provider: provider.id,
    base_url: place,
    model,
    wire_api: report.wireApi,
    reached: report.failure === undefined,
    requests: report.requests,
    duration_ms: report.durationMs,
    findings: report.findings,
    context_window: report.windowTokens ?? null,
    settings,
    written: written ?? null,
    problem: report.failure?.error.message ?? null,
  };
}

const WORDS: Readonly<Record<Verdict, readonly [word: string, color: number]>> =
  {
    supported: ["supported", 32],
    not_supported: ["not supported", 33],
    unknown: ["could not be found out", 36],
  };

function render(
  { provider, report, settings }: Whole,
  options: {
    readonly written: string | undefined;
    readonly isWanted: boolean;
    readonly isColored: boolean;
  },
): readonly string[] {
  const { failure, windowTokens } = report;
  const spent = `${report.requests} requests in ${
    (report.durationMs / 1_000).toFixed(1)
  } s`;
  if (failure !== undefined) {
    const nothing = options.isWanted ? "; nothing was written" : "";
    return [
      shownText(failure.error.message),
      ...report.findings.map((finding) => renderFinding(finding, options)),
      ...addressHint(provider, report),
      `Nothing was found out, after ${spent}${nothing}`,
    ];
  }
  const { written } = options;
  return [
    ...report.findings.map((finding) => renderFinding(finding, options)),
    "",
    ...windowTokens === undefined ? [] : [
      `The window is ${windowTokens} tokens: model_context_window = ${windowTokens}`,
    ],
    `${spent}; ${
      written === undefined
        ? "for config.toml (--write)"
        : `written to ${written}`
    }:`,
    `[model_providers.${provider.id}]`,
    ...Object.entries(settings).map(([key, value]) =>
      `${key} = ${JSON.stringify(value)}`
    ),
  ];
}

// The usual servers have everything below /v1.
function addressHint(
  { baseUrl }: Provider,
  { failure }: ProbeReport,
): readonly string[] {
  const isAbsent = failure?.error.status === 404 ||
    failure?.error.status === 405;
  return isAbsent && !/\/v\d/.test(baseUrl)
    ? [
      `Most servers want a base_url that ends in /v1: ${
        withoutUrlSecrets(baseUrl)
      }/v1`,
    ]
    : [];
}

function renderFinding(
  { name, verdict, detail }: Finding,
  { isColored }: { readonly isColored: boolean },
): string {
  const [word, color] = WORDS[verdict];
  const padded = word.padEnd(22);
  const shown = isColored ? `\x1b[${color}m${padded}\x1b[0m` : padded;
  return `${name.replaceAll("_", " ").padEnd(20)} ${shown} ${
    shownText(detail)
  }`;
}

function codeOf({ error }: NonNullable<ProbeReport["failure"]>): number {
  switch (error.kind) {
    case "auth":
      return exitCode("auth");
    case "invalid_request":
      return exitCode("failed");
    default:
      return exitCode("provider");
  }
}

/** Keys of `[model_providers.X]`. */
type Settings = Readonly<Record<string, string | boolean>>;

/** Each finding that is a setting, with its key; `inverted` where the key says the opposite. */
const KEYS: readonly {
  readonly finding: FindingName;
  readonly key: string;
  readonly inverted?: true;
  /** Means something on the wire of Responses alone. */
  readonly responses?: true;
}[] = [
  { finding: "compact_endpoint", key: "supports_compact", responses: true },
  {
    finding: "developer_messages",
    key: "single_system_message",
    inverted: true,
    responses: true,
  },
  { finding: "custom_tools", key: "supports_custom_tools", responses: true },
  { finding: "parallel_calls", key: "supports_parallel_tool_calls" },
  { finding: "reasoning", key: "supports_reasoning" },
  {
    finding: "encrypted_reasoning",
    key: "supports_encrypted_reasoning",
    responses: true,
  },
  { finding: "images", key: "supports_images" },
];

/** Empty where nothing was found out. */
function providerSettings(
  { wireApi, findings, failure }: ProbeReport,
): Settings {
  if (failure !== undefined) return {};
  const settings: Record<string, string | boolean> = { wire_api: wireApi };
  for (const { finding, key, inverted, responses } of KEYS) {
    if (responses && wireApi === "chat") continue;
    const verdict = findings.find(({ name }) => name === finding)?.verdict;
    if (verdict === undefined || verdict === "unknown") continue;
    settings[key] = (verdict === "supported") !== (inverted ?? false);
  }
  return settings;
}
