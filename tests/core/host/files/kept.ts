/** A program without all permissions, as rondo is once it runs, that reads the files it is given. */
import { denoHost } from "../../../../core/host/host.ts";
import { openLibc } from "../../../../core/host/system/libc.ts";

if (import.meta.main) await main(Deno.args);

async function main(paths: readonly string[]): Promise<void> {
  openLibc();
  await Deno.permissions.revoke({ name: "ffi" });
  const { files } = denoHost();
  const codeOf = ({ code }: { readonly code: string }): string => code;
  for (const path of paths) {
    const part = await files.readRange(path, 0, 9).catch(codeOf);
    const whole = await files.readBytes(path).catch(codeOf);
    console.log(part, whole);
  }
}
