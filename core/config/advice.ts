/** Warnings about a configuration that is right and does not do what its author may think. */
import { type Layer, layerOrigin, renderOrigin } from "./layers.ts";
import type { Settled } from "./settle.ts";
import { findFated } from "./file/schema_walk.ts";
import type { ConfigFlags } from "./overrides.ts";
import { renderKeyPath } from "./validate.ts";

/** What is set and changes nothing, with the reason; one sentence a file, for it may be many. */
export function adviseOnEffect(layers: readonly Layer[]): string[] {
  return layers.flatMap((layer) => {
    const reasons = new Map<string, string[]>();
    for (const { path, fate } of findFated(layer.tree)) {
      if (fate.type !== "ignored") continue;
      const { line } = layerOrigin(layer, path);
      const key = renderKeyPath(path) +
        (line === undefined ? "" : ` (line ${line})`);
      reasons.set(fate.why, [...reasons.get(fate.why) ?? [], key]);
    }
    if (reasons.size === 0) return [];
    const place = layer.file ?? renderOrigin({ layer: layer.kind });
    const parts = [...reasons].map(([why, keys]) =>
      `${keys.join(", ")}: ${why}`
    );
    return [`Config without effect (${place}): ${parts.join("; ")}`];
  });
}

/** What is out of date, or cannot work together. */
export function adviseOn(
  { config, permissions: { active, policyOf } }: Settled,
  flags: ConfigFlags,
): string[] {
  const advice: string[] = [];
  const mode = active === undefined
    ? config.sandbox_mode
    : policyOf(active).mode;
  const isOpen = mode === "danger-full-access" || mode === "external-sandbox";
  if (isOpen && config.sandbox_workspace_write.deny_read.length > 0) {
    advice.push(
      `sandbox_workspace_write.deny_read hides nothing: the sandbox is ${mode}`,
    );
  }
  if (config.approval_policy === "on-failure") {
    advice.push(
      'Approval policy "on-failure" is deprecated, use "on-request"',
    );
  }
  if (flags.fullAuto) {
    advice.push("--full-auto is deprecated, use --sandbox workspace-write");
  }
  const isReadOnly = config.sandbox_mode === "read-only";
  if (isReadOnly && (flags.addDir ?? []).length > 0) {
    advice.push(
      "Ignoring --add-dir: the sandbox is read-only, use --sandbox workspace-write",
    );
  }
  return advice;
}
