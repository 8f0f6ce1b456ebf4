/** Durations, token counts and policies as text: `4.2 s`, `12.3k`, `on-request`. */
import type { ApprovalPolicy } from "../../protocol/policy.ts";

/** `340 ms`, `4.2 s`, `3 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  const rest = String(seconds % 60).padStart(2, "0");
  return `${Math.floor(seconds / 60)} min ${rest} s`;
}

/** `950`, `12.3k`, `1.2M`. */
export function formatTokens(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  const [value, unit] = tokens < 999_500
    ? [tokens / 1_000, "k"]
    : [tokens / 1_000_000, "M"];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** `on-request`, `granular (sandbox_approval)`. */
export function approvalText(policy: ApprovalPolicy): string {
  if (typeof policy === "string") return policy;
  const asked = Object.entries(policy.granular).flatMap(([name, isAsked]) =>
    isAsked ? [name] : []
  );
  return `granular (${asked.join(", ") || "never asks"})`;
}
