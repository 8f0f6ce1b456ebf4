/** Compiles stage.c for each machine into code.ts; wants the two compilers of Debian. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { runScript } from "../run_script.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** Data. The compiler's prefix by ELF machine (e_machine). */
const MACHINES: readonly (readonly [machine: number, prefix: string])[] = [
  [62, "x86_64-linux-gnu-"],
  [183, "aarch64-linux-gnu-"],
];

/** Everything in one piece from address 0 on, the table of the build right behind it. */
const LAYOUT = `SECTIONS {
  . = 0;
  .all : { *(.entry) *(.text*) *(.rodata*) . = ALIGN(16); table = .; }
  /DISCARD/ : { *(*) }
}
`;

const FLAGS = [
  ..."-std=gnu11 -Wall -Wextra -Werror -Os -fpie -ffreestanding".split(" "),
  ..."-nostdlib -static -mgeneral-regs-only -fno-ident".split(" "),
  ..."-fno-stack-protector -fno-asynchronous-unwind-tables".split(" "),
  // Nothing is there that would be called for a loop that copies.
  "-fno-tree-loop-distribute-patterns",
  "-Wl,--build-id=none",
];

if (import.meta.main) {
  await runScript(async () =>
    await Deno.writeTextFile(`${FOLDER}code.ts`, await loadCode())
  );
}

/** The text of code.ts. Throws where a compiler is missing or not content. */
export async function loadCode(): Promise<string> {
  const entries: string[] = [];
  for (const [machine, prefix] of MACHINES) {
    const code = (await compileStage(prefix)).toBase64();
    const lines = code.match(/.{1,76}/g) ?? [];
    entries.push(`  ${machine}: \`\n${lines.join("\n")}\n\`,\n`);
  }
  return `/** Data. stage.c as machine code, base64 by ELF machine: deno task first-stage writes it. */

/** SHA-256 of the stage.c that it was made from. */
export const SOURCE_SHA256 =
  "${await loadSourceHash()}";

export const CODE: Readonly<Record<number, string>> = {
${entries.join("")}};
`;
}

/** SHA-256 of stage.c as it is now. */
export async function loadSourceHash(): Promise<string> {
  const source = await Deno.readFile(`${FOLDER}stage.c`);
  return createHash("sha256").update(source).digest("hex");
}

async function compileStage(prefix: string): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/layout.ld`, LAYOUT);
    const program = `${folder}/stage`;
    await run(`${prefix}gcc`, [
      ...FLAGS,
      `-Wl,-T,${folder}/layout.ld`,
      ...["-o", program, `${FOLDER}stage.c`],
    ]);
    const code = `${folder}/code`;
    await run(`${prefix}objcopy`, ["-O", "binary", program, code]);
    return await Deno.readFile(code);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Error(`Cannot compile: ${new TextDecoder().decode(stderr)}`);
}
