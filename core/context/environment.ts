/** The environment message: where the work happens, and on which day. */
import type { Host } from "../protocol/host.ts";
import { wrapTag } from "./format/tags.ts";

/** The content of the message. */
export interface Environment {
  readonly cwd: string;
  /** Name of the user's shell. */
  readonly shell: string;
  /** `YYYY-MM-DD` where the user is. */
  readonly date: string;
  /** IANA name. */
  readonly timezone: string;
  /** Set when a proxy of the program decides host by host. */
  readonly network?: {
    readonly allowed: readonly string[];
    readonly denied: readonly string[];
  };
}

export type EnvironmentField = keyof Environment;

/** The fields in the order of the message. */
export const ENVIRONMENT_FIELDS: readonly EnvironmentField[] = [
  "cwd",
  "shell",
  "date",
  "timezone",
  "network",
];

/** The message of user role, tags included; with `only`, just those fields. */
export function renderEnvironment(
  environment: Environment,
  only: readonly EnvironmentField[] = ENVIRONMENT_FIELDS,
): string {
  const lines = ENVIRONMENT_FIELDS.filter((field) => only.includes(field))
    .map((field) => renderEnvironmentField(environment, field))
    .filter((line) => line !== undefined);
  return wrapTag("environment_context", lines.join("\n"));
}

/** One field as its line, or undefined when it is absent. */
export function renderEnvironmentField(
  environment: Environment,
  field: EnvironmentField,
): string | undefined {
  if (field === "network") return networkLine(environment.network);
  const tag = field === "date" ? "current_date" : field;
  return `  <${tag}>${escapeText(environment[field])}</${tag}>`;
}

/** The environment of this moment. */
export function viewEnvironment(
  host: Pick<Host, "now" | "timezone" | "utcOffsetMinutes">,
  settings: { readonly cwd: string; readonly shell: string },
): Environment {
  const timezone = host.timezone();
  const offset = host.utcOffsetMinutes?.();
  return {
    cwd: settings.cwd,
    shell: settings.shell,
    date: offset === undefined
      ? dateInZone(host.now(), timezone)
      : isoDate(new Date(host.now().getTime() + offset * 60_000)),
    timezone,
  };
}

function networkLine(network: Environment["network"]): string | undefined {
  if (network === undefined) return undefined;
  const list = (tag: string, hosts: readonly string[]) =>
    hosts.length === 0
      ? ""
      : `<${tag}>${[...hosts].sort().map(escapeText).join(",")}</${tag}>`;
  return `  <network enabled="true">${list("allowed", network.allowed)}${
    list("denied", network.denied)
  }</network>`;
}

// The Swedish way of writing dates is ISO 8601; an unknown zone falls back to UTC.
// The first formatter of a process takes some 15 ms.
function dateInZone(now: Date, timezone: string): string {
  if (/^(Etc\/)?(UTC|GMT)$/.test(timezone)) return isoDate(now);
  try {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: timezone }).format(now);
  } catch {
    return isoDate(now);
  }
}

function isoDate(date: Date): string {
  return date.toISOString().slice(0, 10);
}

// `&` stays as it is: a path is to be used as written, only structure is guarded.
function escapeText(text: string): string {
  return text.replace(/[<>\p{Cc}]/gu, (char) => `&#${char.codePointAt(0)};`);
}
