/** The disk as the model may see it, also while others exchange folders for links. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { errorCode } from "../../../core/protocol/error.ts";
import type { Files } from "../../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../../core/protocol/policy.ts";
import { createSandbox } from "../../../sandbox/mod.ts";

class Place implements AsyncDisposable {
  constructor(readonly root: string) {}

  static async create(): Promise<Place> {
    const root = await Deno.realPath(await Deno.makeTempDir());
    for (const folder of ["ws/sub", "home/sessions", "vault"]) {
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    }
    for (const path of ["ws/open", "home/auth.json", "vault/key", "home/x"]) {
      await Deno.writeTextFile(`${root}/${path}`, path);
    }
    return new Place(root);
  }

  readable(
    mode: "read-only" | "danger-full-access",
    ...denyRead: readonly string[]
  ): Files {
    const policy: SandboxPolicy = mode === "read-only"
      ? { mode, networkAccess: false, denyRead }
      : { mode };
    return createSandbox({ host: denoHost(), codexHome: `${this.root}/home` })
      .readable(policy, `${this.root}/ws`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

async function refused(read: Promise<unknown>): Promise<void> {
  await assert.rejects(read, (error) => errorCode(error) === "EACCES");
}

Deno.test("what is hidden cannot be read, looked at, or told from what is not there", async () => {
  await using place = await Place.create();
  const { root } = place;
  await Deno.symlink(`${root}/vault`, `${root}/alias`);
  await Deno.symlink("../vault/key", `${root}/ws/link`);
  await Deno.symlink("../home/auth.json", `${root}/ws/login`);
  const files = place.readable("read-only", `${root}/alias`);
  for (
    const path of ["vault/key", "alias/key", "ws/link", "ws/login", "vault/no"]
  ) {
    const full = `${root}/${path}`;
    await refused(files.readText(full));
    await refused(files.readBytes(full));
    await refused(files.readRange(full, 0, 1));
    await refused(files.stat(full));
    await refused(files.realPath(full));
  }
  await refused(files.list(`${root}/vault`));
  await refused(files.list(`${root}/home/sessions`));
  assert.equal(await files.readText(`${root}/ws/open`), "ws/open");
  assert.equal(await files.readText(`${root}/home/x`), "home/x");
  assert.equal(await files.readLink(`${root}/ws/link`), "../vault/key");
  assert.equal(await files.stat(`${root}/ws/no`), undefined);
  await assert.rejects(
    files.readText(`${root}/ws/no`),
    (error) => errorCode(error) === "ENOENT",
  );
});

Deno.test("without a sandbox nothing is hidden", async () => {
  await using place = await Place.create();
  const files = place.readable("danger-full-access");
  const path = `${place.root}/home/auth.json`;
  assert.equal(await files.readText(path), "home/auth.json");
});

Deno.test({
  name:
    "a folder that is exchanged for a link all the time leads to nothing hidden",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using place = await Place.create();
    const { root } = place;
    await Deno.writeTextFile(`${root}/ws/sub/key`, "harmless");
    await Deno.symlink(`${root}/vault`, `${root}/ws/other`);
    const racer = new Deno.Command("python3", {
      args: [
        "-c",
        `import ctypes
libc = ctypes.CDLL(None)
print("ready", flush=True)
while True: libc.renameat2(-100, b"${root}/ws/sub", -100, b"${root}/ws/other", 2)`,
      ],
      stdout: "piped",
    }).spawn();
    await racer.stdout.getReader().read();
    const files = place.readable("read-only", `${root}/vault`);
    const seen = new Map<string, number>();
    try {
      for (let tries = 0; tries < 3_000; tries++) {
        const text = await files.readText(`${root}/ws/sub/key`)
          .catch((error) => errorCode(error) ?? "?");
        seen.set(text, (seen.get(text) ?? 0) + 1);
      }
    } finally {
      racer.kill("SIGKILL");
      await racer.status;
    }
    const all = JSON.stringify([...seen]);
    assert.equal(seen.has("vault/key"), false, all);
    assert.ok((seen.get("harmless") ?? 0) > 10, all);
    assert.ok((seen.get("EACCES") ?? 0) + (seen.get("ELOOP") ?? 0) > 10, all);
  },
});
