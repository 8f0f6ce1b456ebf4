import assert from "node:assert/strict";
import { openNoFollowFiles } from "../../../../core/host/files/no_follow_files.ts";

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "copy() makes a new file with the bytes and the mode",
  ignore: !isLinux,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const files = openNoFollowFiles() ?? assert.fail("no libc");
      for (const size of [0, 1, 70_000]) {
        const bytes = new Uint8Array(size).map((_, at) => at % 251);
        await Deno.writeFile(`${folder}/from${size}`, bytes);
        await files.copy(`${folder}/from${size}`, `${folder}/to${size}`, 0o754);
        assert.deepEqual(await Deno.readFile(`${folder}/to${size}`), bytes);
        const { mode } = await Deno.stat(`${folder}/to${size}`);
        assert.equal((mode ?? 0) & 0o777, 0o754);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "copy() follows no link, overwrites nothing, and takes regular files only",
  ignore: !isLinux,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const files = openNoFollowFiles() ?? assert.fail("no libc");
      await Deno.writeTextFile(`${folder}/file`, "secret");
      await Deno.mkdir(`${folder}/real`);
      await Deno.symlink("file", `${folder}/link`);
      await Deno.symlink("real", `${folder}/folder`);
      await Deno.writeTextFile(`${folder}/real/inner`, "secret");
      const refused = async (from: string, to: string): Promise<string> => {
        const error = await files.copy(
          `${folder}/${from}`,
          `${folder}/${to}`,
          0o600,
        )
          .then(() => undefined, (error) => error);
        return error?.code ?? "copied";
      };
      assert.equal(await refused("link", "new"), "ELOOP");
      assert.equal(await refused("folder/inner", "new"), "ENOTDIR");
      assert.equal(await refused("file", "folder/new"), "ENOTDIR");
      assert.equal(await refused("file", "link"), "EEXIST");
      assert.equal(await refused("real", "new"), "EINVAL");
      assert.equal(await Deno.readTextFile(`${folder}/file`), "secret");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
