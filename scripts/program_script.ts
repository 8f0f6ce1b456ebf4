/** What the build records: everyday runs of the program's scripts against a model of its own. */
import type { ScriptPlaces } from "../core/host/program_script.ts";
import { COMMIT_SYMBOL, DATE_SYMBOL } from "../core/protocol/version.ts";

/** Words that every run here begins with. */
const EXEC = ["exec", "--skip-git-repo-check", "-s", "danger-full-access"];

/** The commands whose functions are compiled ahead: a call and an answer, then a resume. */
export const RUNS = [
  [...EXEC, "--json", "begin"],
  [...EXEC, "resume", "--last", "go on"],
];

/**
 * Source files behind dynamic imports that an everyday run takes; all others are in the
 * later script with what only they need.
 */
export const EVERYDAY: ReadonlySet<string> = new Set([
  "app",
  "exec",
  "flag_values",
  "15.1",
  "flags",
  "commands",
  "meant",
  "parse",
  "proof_schema",
]);

/** What a program is made from. */
export interface BuiltCommit {
  readonly id: string;
  /** Its day, `2026-01-31`; empty when that is not known. */
  readonly date: string;
}

/** What is compiled: the roles, and for all else the scripts at their places, or beside them. */
export function renderRoles(
  commit: BuiltCommit,
  places?: ScriptPlaces,
): string {
  const words = ["import.meta.url", ...places ? [JSON.stringify(places)] : []];
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

/**
 * Has `recorder` (code_cache.ts, compiled) run the scripts of the folder and write their
 * caches there. Throws when V8 would not take one back, or a run needed the later script.
 */
export async function recordCache(
  recorder: string,
  folder: string,
): Promise<void> {
  await using model = await serveModel();
  const runs = RUNS.flatMap((words) => ["--", ...words]);
  await run(recorder, [folder, ...runs], model.home);
  await run(recorder, [folder], model.home);
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
