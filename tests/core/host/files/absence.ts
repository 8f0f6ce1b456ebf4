/** A program that looks at, makes and appends to files that are not there: `FOLDER`. */
import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";

if (import.meta.main) await main(Deno.args[0] ?? "");

async function main(folder: string): Promise<void> {
  const { files } = denoHost();
  await Deno.writeTextFile(`${folder}/file`, "");
  for (const name of ["none", "none/below", "file/below"]) {
    assert.equal(await files.stat(`${folder}/${name}`), undefined, name);
    assert.equal(await files.lstat(`${folder}/${name}`), undefined, name);
  }
  await assert.rejects(() => files.readText(`${folder}/none`), {
    code: "ENOENT",
  });
  await files.write(`${folder}/written`, "a");
  await files.write(`${folder}/fresh`, "b", { exclusive: true });
  await assert.rejects(
    () => files.write(`${folder}/fresh`, "c", { exclusive: true }),
    { code: "EEXIST" },
  );
  const log = await files.openAppend(`${folder}/log`);
  log.write("d");
  log.close();
  for (const [name, text] of [["written", "a"], ["fresh", "b"], ["log", "d"]]) {
    assert.equal(await files.readText(`${folder}/${name}`), text);
  }
}
