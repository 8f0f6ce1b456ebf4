/** Requests on a cassette: stored as the difference to the one before, and compared. */
import {
  asObject,
  canonicalJson,
  type Json,
  type JsonObject,
} from "../util/json/json.ts";
import { cutBytes } from "../util/text/text.ts";
import type { CassetteHeader } from "./format.ts";

/** A request, with machine and run taken out of it by Substitutes. */
export interface RecordedRequest {
  readonly path: string;
  /** All of the body but the input. */
  readonly fields: JsonObject;
  readonly input: readonly Json[];
}

/** Where two requests part. */
interface Difference {
  readonly place: string;
  readonly recorded: string;
  readonly now: string;
  /** The course of the run is another; otherwise only a text reads differently. */
  readonly isStructural: boolean;
}

/** The request as it is written after `before`: shared fields and items are only counted. */
export function encodeRequest(
  request: RecordedRequest,
  before: RecordedRequest | undefined,
): JsonObject {
  let kept = 0;
  const shorter = Math.min(before?.input.length ?? 0, request.input.length);
  while (kept < shorter && isSame(before?.input[kept], request.input[kept])) {
    kept++;
  }
  const changed = Object.entries(request.fields)
    .filter(([key, value]) => !isSame(before?.fields[key], value));
  const gone = Object.keys(before?.fields ?? {})
    .filter((key) => !(key in request.fields));
  return {
    path: request.path,
    fields: Object.fromEntries(changed),
    ...(gone.length > 0 && { gone }),
    kept,
    input: request.input.slice(kept),
  };
}

/** The request back. */
export function decodeRequest(
  json: Json | undefined,
  before: RecordedRequest | undefined,
): RecordedRequest {
  const stored = asObject(json) ?? {};
  const fields = {
    ...before?.fields,
    ...asObject(stored["fields"]),
  };
  for (const key of (stored["gone"] ?? []) as string[]) delete fields[key];
  const kept = before?.input.slice(0, Number(stored["kept"] ?? 0)) ?? [];
  return {
    path: String(stored["path"] ?? ""),
    fields,
    input: [...kept, ...(stored["input"] ?? []) as Json[]],
  };
}

/** A word that is equal for requests that differ in nothing but measured times. */
export function requestKey(request: RecordedRequest): string {
  const { path, fields, input } = request;
  return steady(canonicalJson({ path, fields, input }));
}

/** Every difference, in the order of the request. */
export function diffRequests(
  recorded: RecordedRequest,
  now: RecordedRequest,
): Difference[] {
  const all: Difference[] = [];
  if (recorded.path !== now.path) {
    all.push(difference("path", recorded.path, now.path, true));
  }
  const keys = new Set([
    ...Object.keys(recorded.fields),
    ...Object.keys(now.fields),
  ]);
  for (const key of keys) {
    const [left, right] = [recorded.fields[key], now.fields[key]];
    if (isSame(left, right)) continue;
    all.push(difference(key, left, right, key === "model"));
  }
  const longer = Math.max(recorded.input.length, now.input.length);
  for (let at = 0; at < longer; at++) {
    const [left, right] = [recorded.input[at], now.input[at]];
    if (!isSame(left, right)) all.push(diffItem(at, left, right));
  }
  return all;
}

/** One sentence about a difference. */
export function describeDifference(number: number, found: Difference): string {
  return `request ${number} differs at ${found.place}` +
    ` (recorded ${found.recorded}, now ${found.now})`;
}

function diffItem(
  at: number,
  recorded: Json | undefined,
  now: Json | undefined,
): Difference {
  const place = `input[${at}]`;
  const [left, right] = [asObject(recorded), asObject(now)];
  if (left === undefined || right === undefined) {
    return difference(place, recorded, now, true);
  }
  for (const key of ["type", "role", "name", "call_id"]) {
    if (isSame(left[key], right[key])) continue;
    return difference(`${place}.${key}`, left[key], right[key], true);
  }
  const keys = [...Object.keys(left), ...Object.keys(right)];
  const key = keys.find((each) => !isSame(left[each], right[each])) ?? "";
  return difference(
    `${place}.${key}`,
    left[key],
    right[key],
    !isBackground(left) || !isBackground(right),
  );
}

// What tools put out and what the program tells of itself may read differently elsewhere;
// what the person and the model said is the course of the run.
function isBackground(item: JsonObject): boolean {
  const type = String(item["type"]);
  if (type.endsWith("_output") || item["role"] === "developer") return true;
  if (type !== "message" || item["role"] !== "user") return false;
  const text = JSON.stringify(item["content"]);
  return /"text":"(<[a-z_ ]+>|# AGENTS\.md instructions)/.test(text);
}

function difference(
  place: string,
  recorded: Json | undefined,
  now: Json | undefined,
  isStructural: boolean,
): Difference {
  return {
    place,
    recorded: excerpt(recorded),
    now: excerpt(now),
    isStructural,
  };
}

function excerpt(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  return cutBytes(JSON.stringify(value), 120);
}

function isSame(left: Json | undefined, right: Json | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return steady(canonicalJson(left)) === steady(canonicalJson(right));
}

// Times that were measured differ in every run.
function steady(json: string): string {
  return json
    .replace(
      /(wall time:? |after |took )\d+(\.\d+)?( ?m?s\b| seconds)/gi,
      "$1…$3",
    )
    .replace(/(duration_seconds\\*":)\d+(\.\d+)?/g, "$1…");
}

// Shorter values are too likely to be part of something else.
const LENGTH_MIN = 4;

/** Replaces values by substitutes and back. */
export class Substitutes {
  readonly #pairs: readonly (readonly [string, string])[];

  /** `thread` is the id of the thread that speaks. */
  constructor(
    places: Pick<CassetteHeader, "cwd" | "home" | "codexHome" | "temp">,
    thread: string | null,
  ) {
    const pairs: [string | null, string][] = [
      [places.cwd, "⟦cwd⟧"],
      [places.codexHome, "⟦codex_home⟧"],
      [places.temp, "⟦temp⟧"],
      [places.home, "⟦home⟧"],
      [thread, "⟦thread⟧"],
    ];
    this.#pairs = pairs
      .flatMap(([value, name]) =>
        value === null ? [] : [[value, name] as const]
      )
      .filter(([value]) => value.length >= LENGTH_MIN)
      // A path inside another one has a substitute of its own.
      .sort(([left], [right]) => right.length - left.length);
  }

  encode(text: string): string {
    return this.#pairs.reduce(
      (result, [value, name]) => result.replaceAll(value, name),
      text,
    );
  }

  /** Back, within JSON text: values are escaped as they are there. */
  decode(text: string): string {
    return this.#pairs.reduce(
      (result, [value, name]) =>
        result.replaceAll(name, () => JSON.stringify(value).slice(1, -1)),
      text,
    );
  }

  /** A JSON value with every text in it encoded. */
  encodeAll(value: Json): Json {
    if (typeof value === "string") return this.encode(value);
    if (Array.isArray(value)) {
      return value.map((child) => this.encodeAll(child));
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as JsonObject)
        .map(([key, child]) => [key, this.encodeAll(child)]),
    );
  }
}
