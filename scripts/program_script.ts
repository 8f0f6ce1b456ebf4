/** Makes the program's one script, and what V8 compiles of it in runs of everyday kinds. */
import {
  PROGRAM_SCRIPT,
  type ScriptPlace,
} from "../core/host/program_script.ts";
import { COMMIT_SYMBOL, DATE_SYMBOL } from "../core/protocol/version.ts";

/** Words that every run here begins with. */
const EXEC = ["exec", "--skip-git-repo-check", "-s", "danger-full-access"];

/** The commands whose functions are compiled ahead: a call and an answer, then a resume. */
export const RUNS = [
  [...EXEC, "--json", "begin"],
  [...EXEC, "resume", "--last", "go on"],
];

/** What a program is made from. */
export interface BuiltCommit {
  readonly id: string;
  /** Its day, `2026-01-31`; empty when that is not known. */
  readonly date: string;
}

/** What is compiled: the roles, and for all else the script at its place, or beside them. */
export function renderRoles(commit: BuiltCommit, place?: ScriptPlace): string {
  const words = ["import.meta.url", ...place ? [JSON.stringify(place)] : []];
  return `import { loadProgramScript } from "../core/host/program_script.ts";
import { runRole } from "../core/roles.ts";
Reflect.set(globalThis, Symbol.for("${COMMIT_SYMBOL}"), "${commit.id}");
Reflect.set(globalThis, Symbol.for("${DATE_SYMBOL}"), "${commit.date}");
Deno.exit(await runRole(Deno.args, async (...args) => {
  const program = await loadProgramScript(${words.join(", ")});
  return await program(...args);
}));
`;
}

/** What the bundler is to begin with: `main.ts` for a script, which can export nothing. */
export function renderEntry(mainPath: string): string {
  return `import { runCommandLine } from "${mainPath}";
Reflect.set(globalThis, Symbol.for("${PROGRAM_SCRIPT.symbol}"), runCommandLine);
`;
}

/** The bundle as a script: what only modules know is given to it. Throws when it needs more. */
export function toScript(bundle: string): string {
  // Not every runtime lets a script import; what it brings along itself can be required.
  const body = bundle.replaceAll(
    /\bimport\(("node:\w+")\)/g,
    "Promise.resolve(require($1))",
  );
  if (/\bimport\.meta\b|\bimport[{(]/.test(body)) {
    throw new Error("Cannot make a script of the bundle: it needs a module");
  }
  return `((require)=>{${body}})(process.getBuiltinModule);`;
}

/**
 * Has `recorder` (code_cache.ts, compiled) run the script and write the cache. Throws when
 * V8 would not take it back.
 */
export async function recordCache(
  recorder: string,
  paths: { readonly source: string; readonly cache: string },
): Promise<void> {
  await using model = await serveModel();
  const runs = RUNS.flatMap((words) => ["--", ...words]);
  await run(recorder, [paths.source, paths.cache, ...runs], model.home);
  await run(recorder, [paths.source, paths.cache], model.home);
}

async function run(
  program: string,
  args: readonly string[],
  home: string,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: home,
    env: { CODEX_HOME: home, HOME: home, PATH: "/usr/bin:/bin" },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

export interface ServedModel extends AsyncDisposable {
  /** A home folder whose settings name the model. */
  readonly home: string;
}

/** A model on this machine that asks for one command and then answers, for ever. */
export async function serveModel(): Promise<ServedModel> {
  const call = {
    type: "function_call",
    call_id: "call_1",
    name: "shell",
    arguments: JSON.stringify({ command: ["true"] }),
  };
  const message = {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "Done." }],
  };
  const items = [call, message];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () =>
      new Response(renderAnswer(items.shift() ?? message), {
        headers: { "content-type": "text/event-stream" },
      }),
  );
  const home = await Deno.makeTempDir({ prefix: "rondo-build-" });
  await Deno.writeTextFile(`${home}/config.toml`, configOf(server.addr.port));
  return {
    home,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await server.shutdown();
      await Deno.remove(home, { recursive: true });
    },
  };
}

function renderAnswer(item: Readonly<Record<string, unknown>>): string {
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  return [
    { type: "response.output_item.done", item },
    { type: "response.completed", response: { id: "resp", usage } },
  ].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}

function configOf(port: number): string {
  return `model = "gpt-5.5"
model_provider = "build"
[model_providers.build]
base_url = "http://127.0.0.1:${port}"
`;
}
