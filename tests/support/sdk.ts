/** The official Codex SDK as its users get it, fetched from npm when a test needs it. */
// Its own program (hundreds of megabytes) is not: ours stands in its place.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";

const PACKAGE = "@openai/codex-sdk@0.163.0";
const FILE = "openai-codex-sdk-0.163.0.tgz";
const SHA512 =
  "o10d8dqxFjhzoWp75MUrhaN8C6QrXPQqUJGwVnySj++ztAnrA322UuFRzHZvSa903lFgjjaimuf5rkqVsj0RHg==";
const CACHE = decodeURIComponent(
  new URL("../../build/cache/", import.meta.url).pathname,
);

/** What the tests use of it. */
export interface Sdk {
  readonly Codex: new (options: {
    readonly codexPathOverride: string;
    readonly baseUrl?: string;
    readonly apiKey?: string;
    readonly config?: Record<string, unknown>;
    readonly env?: Record<string, string>;
  }) => SdkCodex;
}

export interface SdkCodex {
  startThread(options?: SdkThreadOptions): SdkThread;
  resumeThread(id: string, options?: SdkThreadOptions): SdkThread;
}

export interface SdkThreadOptions {
  readonly model?: string;
  readonly sandboxMode?: string;
  readonly workingDirectory?: string;
  readonly skipGitRepoCheck?: boolean;
  readonly modelReasoningEffort?: string;
  readonly networkAccessEnabled?: boolean;
  readonly webSearchMode?: string;
  readonly approvalPolicy?: string;
  readonly additionalDirectories?: string[];
}

export type SdkInput =
  | string
  | readonly (
    | { readonly type: "text"; readonly text: string }
    | { readonly type: "local_image"; readonly path: string }
  )[];

export interface SdkTurn {
  readonly items: readonly { readonly type: string }[];
  readonly finalResponse: string;
  readonly usage: Record<string, number> | null;
}

export interface SdkThread {
  readonly id: string | null;
  run(input: SdkInput, options?: SdkTurnOptions): Promise<SdkTurn>;
  runStreamed(input: SdkInput, options?: SdkTurnOptions): Promise<{
    readonly events: AsyncIterable<{ readonly type: string }>;
  }>;
}

export interface SdkTurnOptions {
  readonly outputSchema?: unknown;
  readonly signal?: AbortSignal;
}

/** The SDK, or undefined, said aloud, where the registry cannot be reached. */
export async function loadSdk(): Promise<Sdk | undefined> {
  const tarball = await fetchTarball();
  if (tarball === undefined) {
    assert.ok(!Deno.env.get("SDK_REQUIRED"), "the SDK must be there");
    console.warn(`SKIPPED: tests of ${PACKAGE}, npm cannot fetch it`);
    return undefined;
  }
  const path = `${CACHE}codex-sdk/index.js`;
  await Deno.mkdir(`${CACHE}codex-sdk`, { recursive: true });
  const code = entryOf(tarball, "package/dist/index.js");
  // It names Node's modules without the prefix that Deno wants.
  await Deno.writeTextFile(
    path,
    code.replace(/ from "([a-z_]+)";/g, ' from "node:$1";'),
  );
  return await import(`file://${path}`);
}

async function fetchTarball(): Promise<Uint8Array | undefined> {
  const path = `${CACHE}${FILE}`;
  const cached = await Deno.readFile(path).catch(() => undefined);
  if (cached !== undefined) return await checked(cached);
  await Deno.mkdir(CACHE, { recursive: true });
  try {
    const { success } = await new Deno.Command("npm", {
      args: ["pack", "--silent", PACKAGE],
      cwd: CACHE,
      stdout: "null",
      stderr: "null",
    }).output();
    if (!success) return undefined;
  } catch {
    return undefined;
  }
  return await checked(await Deno.readFile(path));
}

async function checked(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const digest = await crypto.subtle.digest("SHA-512", bytes);
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
  assert.equal(text, SHA512, `${FILE} is not the file that was examined`);
  return bytes;
}

// A tar archive is headers of 512 bytes, each with a name and an octal size (pax(1)).
function entryOf(tarball: Uint8Array, wanted: string): string {
  const tar = gunzipSync(tarball);
  const decoder = new TextDecoder();
  const field = (at: number, length: number): string =>
    decoder.decode(tar.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length;) {
    const name = field(at, 100);
    const size = parseInt(field(at + 124, 12), 8) || 0;
    if (name === wanted) {
      return decoder.decode(tar.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${FILE} holds no ${wanted}`);
}
