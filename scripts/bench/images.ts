/** What a session costs in which one image of 5 MB is shown ten times: on the disk, written, opened. */
import { denoHost } from "../../core/host/host.ts";
import type { ThreadMeta } from "../../core/protocol/log.ts";
import { restoreThread } from "../../core/session/log/restore.ts";
import { createThreadLog } from "../../core/session/log/log_writer.ts";
import { copyLog } from "../../core/session/library/copy.ts";
import { imageDataUrl } from "../../core/util/image.ts";
import { bigPng } from "../../tests/support/big_png.ts";
import { medianOf } from "./rows.ts";

const IMAGE_BYTES = 5 * 1024 * 1024;
const TIMES = 10;
const APPENDS = 2_000;

const host = denoHost();

if (import.meta.main) await main();

async function main(): Promise<void> {
  const codexHome = await Deno.makeTempDir({ dir: "/var/tmp" });
  try {
    const path = await writeSession(codexHome);
    const { blobs } = await restoreThread(host.files, path);
    const log = (await Deno.stat(path)).size;
    const beside = blobs.reduce((sum, { bytes }) => sum + bytes, 0);
    let inline = 0;
    const lines = copyLog(host.files, path, { payloads: "inline" });
    for await (const line of lines) inline += line.length;
    show("log, payloads in its lines", inline / 1e6, "MB");
    show("log as it is", log / 1e6, "MB");
    show("payloads beside it", beside / 1e6, "MB");
    const start = performance.now();
    await restoreThread(host.files, path);
    show("restore", performance.now() - start, "ms");
  } finally {
    await Deno.remove(codexHome, { recursive: true });
  }
}

async function writeSession(codexHome: string): Promise<string> {
  const meta: ThreadMeta = {
    id: host.newId(),
    createdAt: host.now().toISOString(),
    cwd: codexHome,
    program: "rondo",
    version: "0",
    source: "exec",
    provider: "mock",
    instructions: "Be a benchmark.",
  };
  const log = await createThreadLog(host, { codexHome, meta });
  const append = (json: string): number => {
    const start = performance.now();
    log.append({ type: "item", json });
    return performance.now() - start;
  };
  const small = message({ type: "input_text", text: "said" });
  const before = Array.from({ length: APPENDS }, () => append(small) * 1_000);
  const image_url = imageDataUrl("image/png", bigPng(IMAGE_BYTES));
  const image = message({ type: "input_image", image_url });
  const first = append(image);
  const again = Array.from({ length: TIMES - 1 }, () => append(image));
  const after = Array.from({ length: APPENDS }, () => append(small) * 1_000);
  await log.close();
  show("append of a small item, before images", medianOf(before), "µs");
  show("append of a small item, after them", medianOf(after), "µs");
  show("append of the image, first time", first, "ms");
  show("append of the image, again", medianOf(again), "ms");
  return log.path;
}

function message(part: Readonly<Record<string, string>>): string {
  return JSON.stringify({ type: "message", role: "user", content: [part] });
}

function show(what: string, value: number, unit: string): void {
  console.log(`  ${what.padEnd(38)} ${value.toFixed(2).padStart(8)} ${unit}`);
}
