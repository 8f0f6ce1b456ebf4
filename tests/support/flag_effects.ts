/** What a command line does, as a text to be compared: output, requests, files. */
import type { Step } from "./mock_script.ts";
import { call, errorBody, fail, mockModel, say } from "./mock_model.ts";
import {
  type AgentHome,
  agentHome,
  type AgentOptions,
  type AgentRun,
  mockConfig,
  runAgent,
  startAgent,
} from "./run_agent.ts";

/** A command line in its surroundings. In words and texts ROOT, WORK, URL and ID stand for theirs. */
export interface Scene {
  /** With blanks between the words; FLAGS stands where a flag goes. */
  readonly words: string;
  /** Command lines that run first. */
  readonly before?: readonly string[];
  readonly script?: keyof typeof SCRIPTS;
  readonly stdin?: string;
  /** The pipe stays open until a line of stdout has this. */
  readonly until?: string | undefined;
  /** The pipe says this a moment later than a silent one is waited for. */
  readonly lateStdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Lines of config.toml before its tables, and after them. */
  readonly top?: string;
  readonly config?: string;
  /** The newest session has a line that is none. */
  readonly isDamaged?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  /** Below the working folder. */
  readonly cwd?: string;
}

const PATCH = "*** Begin Patch\n*** Add File: made.txt\n+made\n*** End Patch";
function run(command: string): Step {
  return call("shell", { command: ["sh", "-c", command] });
}

/** What the model says, a step each; the last one for ever. */
const SCRIPTS = {
  say: [say("done", { deltas: 3 })],
  work: [run("seq 1 30"), run("echo two"), say("done", { deltas: 3 })],
  busy: [
    fail(429, errorBody("busy"), { "retry-after-ms": "1500" }),
    say("done"),
  ],
  slow: [run("sleep 4"), say("done")],
  patch: [call("apply_patch", { input: PATCH }), say("done")],
  ask: [
    call("shell", {
      command: ["sh", "-c", "echo x > /var/lib/rondo-flag-walk"],
      sandbox_permissions: "require_escalated",
      justification: "why",
    }),
    say("done"),
  ],
} as const satisfies Record<string, readonly Step[]>;

/** Runs it in folders of its own and says what came of it. */
export async function effectsOf(
  scene: Scene,
  flags: readonly string[],
): Promise<string> {
  let step = 0;
  const steps: readonly Step[] = SCRIPTS[scene.script ?? "say"];
  const model = mockModel({
    laws: false,
    script: () => steps[Math.min(step++, steps.length - 1)] ?? [],
  });
  const root = await agentHome({ files: { "sub/x": "", ...scene.files } });
  try {
    const fill = (text: string): string =>
      text.replaceAll("WORK", root.work).replaceAll("ROOT", root.root)
        .replaceAll("URL", model.url);
    await Deno.writeTextFile(
      `${root.codexHome}/config.toml`,
      fill(
        mockConfig(model.url, {
          top: scene.top ?? "",
          bottom: scene.config ?? "",
        }),
      ),
    );
    await git(root.work);
    const env = Object.fromEntries(
      Object.entries(scene.env ?? {}).map(([name, text]) => [name, fill(text)]),
    );
    for (const line of scene.before ?? []) {
      const newest = await newestSession(root);
      const words = fill(line).split(" ").map((word) =>
        word === "ID" ? newest : word.replaceAll("_", " ")
      );
      await runAgent({ home: root, env, args: words });
    }
    step = 0;
    const id = await newestSession(root, scene.isDamaged);
    const words = scene.words.split(" ").flatMap((word) =>
      word === "FLAGS" ? flags : word === "" ? [] : [word]
    );
    const asked = model.requests.length;
    const stdin = scene.stdin?.replaceAll("SESSION", id).replaceAll(
      "WORK",
      root.work,
    );
    const result = await runScene({ ...scene, ...(stdin && { stdin }) }, {
      home: root,
      env,
      args: words.map((word) => spaced(fill(word).replace(/^ID$/, id))),
      cwd: `${root.work}${scene.cwd === undefined ? "" : `/${scene.cwd}`}`,
      ...stdinOf(scene),
    });
    const { code, stdout, stderr } = result;
    const requests = model.requests.slice(asked).map(({ text, headers }) => [
      headers.get("authorization"),
      text,
    ]);
    const files = await listFiles(root.root);
    return plain(
      JSON.stringify({ code, stdout, stderr, requests, files }, null, 1),
      root.root,
    );
  } finally {
    await model[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
  }
}

async function runScene(
  { stdin = "", until }: Scene,
  options: AgentOptions,
): Promise<AgentRun> {
  if (until === undefined) return await runAgent(options);
  await using agent = startAgent({ ...options, stdin: "open" });
  await agent.write(stdin);
  await agent.until((line) => line.includes(until));
  await agent.closeStdin();
  return await agent.finished;
}

// In the value of a flag a blank is written as a line.
function spaced(word: string): string {
  return word.startsWith("exec:") ? word.replaceAll("_", " ") : word;
}

function stdinOf(
  { stdin, lateStdin }: Scene,
): Partial<Parameters<typeof runAgent>[0]> {
  if (lateStdin !== undefined) {
    const late = `(sleep 1; printf %s '${lateStdin}'; sleep 1) | "$0" "$@"`;
    return { under: ["sh", "-c", late] };
  }
  return stdin === undefined ? {} : { stdin: { text: stdin } };
}

// Times, ids and ports are of the run, not of the flag.
function plain(text: string, root: string): string {
  return text.replaceAll(root, "ROOT")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f-]{17}/g, "ID")
    .replace(/\b[0-9a-f]{32}-ID/g, "MARK")
    .replace(/\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(\.\d+)?Z?/g, "TIME")
    .replace(/127\.0\.0\.1:\d+/g, "HOST")
    .replace(/\b\d+(\.\d+)? ?m?s\b/g, "SPAN")
    .replace(/_ms\\?":\s*[\d.]+/g, "MS")
    .replace(/rondo-[a-z0-9]+(?=[/"\\])/g, "NAME");
}

async function listFiles(root: string, below = ""): Promise<string[][]> {
  const found: string[][] = [];
  for await (const entry of Deno.readDir(`${root}${below}`)) {
    const path = `${below}/${entry.name}`;
    // What a proof came to is kept where the run lasts long enough.
    if (/^\.(git$|rondo-probe-)|^proofs$/.test(entry.name)) continue;
    if (entry.isDirectory) found.push(...await listFiles(root, path));
    else if (/sessions|\.sqlite|cassette/.test(path)) found.push([path]);
    else if (entry.isFile) {
      found.push([path, await Deno.readTextFile(`${root}${path}`)]);
    }
  }
  return found.sort();
}

async function newestSession(
  { codexHome }: AgentHome,
  isDamaged = false,
): Promise<string> {
  const path = (await listFiles(codexHome)).map(([name = ""]) => name)
    .findLast((name) => name.includes("rollout-")) ?? "";
  if (isDamaged) {
    await Deno.writeTextFile(`${codexHome}${path}`, "{broken\n", {
      append: true,
    });
  }
  return /rollout-.{19}-([0-9a-f-]{36})/.exec(path)?.[1] ?? "ID";
}

async function git(cwd: string): Promise<void> {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  for (
    const args of [
      ["init", "-q", "-b", "main"],
      ["commit", "-q", "--allow-empty", "-m", "first"],
      ["branch", "other"],
    ]
  ) {
    await new Deno.Command("git", { args: [...identity, ...args], cwd })
      .output();
  }
}
