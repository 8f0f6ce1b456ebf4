/** The code blocks of a page, and a shell in which they run as a reader would run them. */
import { agentCommand, type AgentHome } from "./run_agent.ts";

export interface Snippet {
  /** `sh`, `toml`, …; empty where none is said. */
  readonly language: string;
  /** Of `file=NAME` behind the language. */
  readonly file?: string;
  readonly text: string;
}

const ROOT = new URL("../../", import.meta.url);

/** The blocks of a page of the repository, in order. */
export async function snippetsOf(page: string): Promise<readonly Snippet[]> {
  const text = await Deno.readTextFile(new URL(page, ROOT));
  return [...text.matchAll(/^```(\w*)(?: file=(\S+))?\n([^]*?)^```$/gm)].map((
    [, language = "", file, block = ""],
  ) => ({ language, text: block, ...(file !== undefined && { file }) }));
}

/** The block that is a file of that name. */
export async function fileSnippet(page: string, file: string): Promise<string> {
  const found = (await snippetsOf(page)).find((one) => one.file === file);
  if (found === undefined) throw new Error(`${page} has no file ${file}`);
  return found.text;
}

export interface ShellRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the home's working folder, with the program under test as `rondo`. */
export async function runAsReader(
  home: AgentHome,
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<ShellRun> {
  const bin = `${home.root}/bin`;
  await Deno.mkdir(bin, { recursive: true });
  const words = agentCommand().map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(`${bin}/rondo`, `#!/bin/sh\nexec ${words} "$@"\n`);
  await Deno.chmod(`${bin}/rondo`, 0o755);
  const [command, ...args] = argv;
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: home.work,
    clearEnv: true,
    env: {
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      TMPDIR: home.temp,
      LANG: "C.UTF-8",
      MOCK_KEY: "mock-key",
      ...env,
    },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** README.md and the pages beside the code, without the cookbook, by their paths. */
export async function readerPages(): Promise<readonly string[]> {
  const pages: string[] = [];
  const look = async (folder: string): Promise<void> => {
    for await (
      const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))
    ) {
      if (name === "README.md") pages.push(`${folder}${name}`);
      if (isDirectory) await look(`${folder}${name}/`);
    }
  };
  for (const folder of ["core/", "sandbox/", "scripts/", "tools/"]) {
    await look(folder);
  }
  return ["README.md", ...pages.filter((page) => !page.includes("cookbook"))]
    .sort();
}
