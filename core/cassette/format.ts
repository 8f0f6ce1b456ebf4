/** The cassette file: one header line, then one line for each answer from outside. */
import * as z from "zod/mini";
import { usageError } from "../protocol/error.ts";
import { type Json, parseJson } from "../util/json/json.ts";
import { splitLines } from "../util/json/jsonl.ts";

/** Raised when a cassette of before can no longer be read. */
export const CASSETTE_VERSION = 1;

/** `full` holds everything the program learnt from outside, `model` only HTTP. */
export type CassetteMode = "model" | "full";

const Header = z.object({
  cassette: z.literal(CASSETTE_VERSION),
  mode: z.enum(["model", "full"]),
  program: z.string(),
  version: z.string(),
  /** Of the random numbers and ids the program was given. */
  seed: z.number(),
  /** When the recording began: milliseconds of the two clocks. */
  start: z.tuple([z.number(), z.number()]),
  os: z.enum(["linux", "darwin", "windows"]),
  arch: z.enum(["x86_64", "aarch64"]),
  pid: z.number(),
  uid: z.number(),
  cwd: z.string(),
  home: z.nullable(z.string()),
  codexHome: z.nullable(z.string()),
  temp: z.nullable(z.string()),
  timezone: z.string(),
  /** What runs the program itself. */
  self: z.array(z.string()),
});

export type CassetteHeader = z.infer<typeof Header>;

const Failure = z.object({
  name: z.string(),
  message: z.string(),
  code: z.optional(z.string()),
});

const Entry = z.object({
  /** What was asked, and how often so far: `stat:/etc#2`. */
  id: z.string(),
  /** The two clocks when the answer came; absent for what was answered on the spot. */
  at: z.optional(z.tuple([z.number(), z.number()])),
  ok: z.optional(z.unknown()),
  error: z.optional(Failure),
  /** Of an HTTP exchange. */
  request: z.optional(z.unknown()),
});

/** One answer. `ok` and `error` exclude each other; neither stands for nothing. */
export interface CassetteEntry {
  readonly id: string;
  readonly at?: readonly [number, number] | undefined;
  readonly ok?: Json | undefined;
  readonly error?: z.infer<typeof Failure> | undefined;
  readonly request?: Json | undefined;
}

export interface Cassette {
  readonly header: CassetteHeader;
  readonly entries: readonly CassetteEntry[];
}

/** Reads a cassette; a torn last line is what a killed recording leaves. Throws UserError. */
export function parseCassette(text: string, path: string): Cassette {
  const { lines } = splitLines(text);
  const header = Header.safeParse(parseJson(lines[0] ?? ""));
  if (!header.success) {
    throw usageError(
      `Cannot replay ${path}: not a cassette of version ${CASSETTE_VERSION}`,
    );
  }
  const entries = lines.slice(1).map((line, index) => {
    const entry = Entry.safeParse(parseJson(line));
    if (entry.success) return entry.data as CassetteEntry;
    throw usageError(`Cannot replay ${path}: line ${index + 2} is broken`);
  });
  return { header: header.data, entries };
}

/** Bytes as JSON: text where they are text, base64 otherwise. */
export function encodeBytes(bytes: Uint8Array<ArrayBuffer>): Json {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes) };
  } catch {
    return { base64: bytes.toBase64() };
  }
}

/** The bytes back. */
export function decodeBytes(value: Json): Uint8Array<ArrayBuffer> {
  const { text, base64 } = value as { text?: string; base64?: string };
  if (base64 !== undefined) return Uint8Array.fromBase64(base64);
  return new TextEncoder().encode(text ?? "");
}

/** What was thrown, as JSON. */
export function encodeError(error: unknown): CassetteEntry["error"] {
  const { name, message, code } = error as Partial<Error> & { code?: unknown };
  return {
    name: name ?? "Error",
    message: message ?? String(error),
    ...(typeof code === "string" && { code }),
  };
}

/** An error that reads like the one that was thrown. */
export function decodeError(
  failure: NonNullable<CassetteEntry["error"]>,
): Error {
  // The names of the runtime's own fetch errors: callers ask for the class.
  const error = failure.name === "TypeError"
    ? new TypeError(failure.message)
    : new Error(failure.message);
  error.name = failure.name;
  return failure.code === undefined
    ? error
    : Object.assign(error, { code: failure.code });
}
