/** What was found out, as settings of the provider: only what is certain. Pure. */
import type { FindingName } from "../../model/probe/findings.ts";
import type { ProbeReport } from "../../model/probe/probe.ts";

/** Keys of `[model_providers.X]`. */
export type Settings = Readonly<Record<string, string | boolean>>;

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
export function providerSettings(
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
