/** Slash commands: what is one, what each does with a thread and its services. */
import { formatTokens } from "../../../../core/frontends/render/format.ts";
import assert from "node:assert/strict";
import { NO_USAGE } from "../../../../core/protocol/event.ts";
import type { Op } from "../../../../core/protocol/op.ts";
import { ReplState } from "../../../../core/frontends/conversation/state.ts";
import { readParts } from "../../../../core/frontends/conversation/user_parts.ts";
import { copyText } from "../../../../core/frontends/conversation/clipboard.ts";
import {
  parsePromptValues,
  parseSlash,
  splitArgs,
  unknownSlash,
} from "../../../../core/frontends/conversation/slash.ts";
import type { SlashContext } from "../../../../core/frontends/conversation/slash_context.ts";
import {
  SLASH_COMMANDS,
  slashCommand,
} from "../../../../core/frontends/conversation/slash_table.ts";
import { testHost } from "../../../support/harness.ts";
import type { SpawnRequest } from "../../../../core/protocol/host.ts";
import { denoHost } from "../../../../core/host/host.ts";
import {
  ScriptedThread,
  SETTINGS,
  testServices,
  TestTerminal,
} from "../repl/support.ts";
import type {
  OpenedThread,
  ReplServices,
} from "../../../../core/frontends/conversation/services.ts";

interface Ran {
  readonly said: string[];
  readonly ops: Op[];
  readonly sent: (readonly [string, string])[];
  readonly opened: OpenedThread[];
}

async function run(
  line: string,
  services: Partial<ReplServices> = {},
  prepare: (state: ReplState) => void = () => {},
  state: ReplState = new ReplState(),
  cwd: string = "/srv/project",
): Promise<Ran> {
  const ran: Ran = { said: [], ops: [], sent: [], opened: [] };
  state.threadId = "0199-here";
  state.settings = SETTINGS;
  prepare(state);
  const context: SlashContext = {
    services: testServices(new ScriptedThread(), services),
    host: testHost(),
    state,
    cwd,
    say: (lines) => ran.said.push(...lines),
    sayDiff: (diff) => ran.said.push(diff),
    showActivity: (number) => state.lastActivity(number) !== undefined,
    submit: (op) => ran.ops.push(op),
    changeSettings: (patch) => ran.ops.push({ type: "settings.change", patch }),
    send: (text, shown) => ran.sent.push([text, shown]),
    switchTo: async (open) => {
      ran.opened.push(await open());
    },
    copy: () => Promise.resolve("test"),
    leave: () => ran.said.push("left"),
  };
  const slash = parseSlash(line);
  assert.equal(slash.type, "command");
  if (slash.type === "command") {
    await slashCommand(slash.name)?.run(context, slash.args);
  }
  return ran;
}

Deno.test("parseSlash() tells commands from paths and text", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["/model gpt-5 high", {
      type: "command",
      name: "model",
      args: "gpt-5 high",
    }],
    ["/Help", { type: "command", name: "help", args: "" }],
    ["/?", { type: "command", name: "?", args: "" }],
    ["/plan a\nb", { type: "command", name: "plan", args: "a\nb" }],
    ["/docs:sum-up x=1", {
      type: "mcp_prompt",
      server: "docs",
      name: "sum-up",
      args: "x=1",
    }],
    ["/usr/bin/env", { type: "text" }],
    ["/etc", { type: "command", name: "etc", args: "" }],
    [" /model", { type: "text" }],
    ["//x", { type: "text" }],
    ["/", { type: "text" }],
    ["what /model", { type: "text" }],
  ];
  for (const [line, expected] of cases) {
    assert.deepEqual(parseSlash(line), expected, line);
  }
});

Deno.test("SLASH_COMMANDS hold all names, each once, each explained", () => {
  const names = SLASH_COMMANDS.flatMap((
    { name, aliases = [] },
  ) => [name, ...aliases]);
  assert.equal(new Set(names).size, names.length);
  for (
    const name
      of ("help status model approvals permissions sandbox compact new resume fork undo " +
        "diff review plan mcp skills init copy last cost rules debug export quit")
        .split(" ")
  ) assert.ok(slashCommand(name) !== undefined, name);
  for (const { name, summary } of SLASH_COMMANDS) {
    assert.match(summary, /^[A-Z].*[^.]$/, name);
  }
});

Deno.test("unknownSlash() says what may have been meant", () => {
  assert.match(
    unknownSlash(SLASH_COMMANDS, "modle"),
    /\/modle; did you mean \/model\?*/,
  );
  assert.match(unknownSlash(SLASH_COMMANDS, "comp"), /did you mean \/compact/);
  assert.doesNotMatch(unknownSlash(SLASH_COMMANDS, "xyzzy"), /did you mean/);
});

Deno.test("splitArgs() and parsePromptValues() understand quotes and keys", () => {
  assert.deepEqual(splitArgs(`a "b c" 'd e' f`), ["a", "b c", "d e", "f"]);
  assert.deepEqual(
    parsePromptValues("topic=cats two", ["style", "topic"]),
    { topic: "cats", style: "two" },
  );
  assert.deepEqual(parsePromptValues("a=b", ["text"]), { text: "a=b" });
});

const MODELS = [
  { slug: "gpt-5", efforts: ["low", "high"] },
  { slug: "gpt-5-mini", efforts: [] },
];

Deno.test("/model lists, and chooses by name, number and effort", async () => {
  const services: Partial<ReplServices> = {
    models: () => MODELS,
    modelPatch: (slug, effort) => ({
      model: { ...SETTINGS.model, slug },
      ...(effort && { reasoningEffort: effort }),
    }),
  };
  assert.deepEqual((await run("/model", services)).said, [
    "Model: test-model",
    "  1  gpt-5 (low, high)",
    "  2  gpt-5-mini",
    "Choose with /model NAME [EFFORT] or its number",
  ]);
  const byNumber = await run("/model 1 high", services);
  assert.deepEqual(byNumber.ops, [{
    type: "settings.change",
    patch: {
      model: { ...SETTINGS.model, slug: "gpt-5" },
      reasoningEffort: "high",
    },
  }]);
  assert.equal((await run("/model other", services)).ops.length, 1);
});

const PRESETS: ReturnType<ReplServices["presets"]> = [
  {
    name: "auto",
    description: "Work here, ask for more",
    patch: {
      approval: "on-request",
      sandbox: { mode: "read-only", networkAccess: false, denyRead: [] },
    },
  },
];

Deno.test("/approvals takes presets and policies, and refuses the rest", async () => {
  const services: Partial<ReplServices> = { presets: () => PRESETS };
  assert.deepEqual((await run("/approvals auto", services)).ops, [
    { type: "settings.change", patch: PRESETS[0]?.patch },
  ]);
  assert.deepEqual((await run("/permissions never", services)).ops, [
    { type: "settings.change", patch: { approval: "never" } },
  ]);
  const wrong = await run("/approvals always", services);
  assert.deepEqual(wrong.ops, []);
  assert.match(wrong.said[0] ?? "", /must be one of auto, untrusted/);
  assert.match(
    (await run("/approvals", services)).said.join("\n"),
    /on-request; sandbox: danger-full-access\n.*auto/,
  );
});

Deno.test("/permissions takes a profile by name, and tells of one that policy forbids", async () => {
  const sandbox = {
    mode: "read-only",
    networkAccess: false,
    denyRead: [".env"],
  } as const;
  const services: Partial<ReplServices> = {
    presets: () => PRESETS,
    profiles: () => [":workspace", "careful"],
    profilePolicy: () => sandbox,
    describeSandbox: () => Promise.resolve(["Hidden file: /c/.env"]),
  };
  const ran = await run("/permissions careful", services);
  assert.deepEqual(ran.ops, [{ type: "settings.change", patch: { sandbox } }]);
  assert.deepEqual(ran.said, [
    "Permissions: careful (read-only)",
    "  Hidden file: /c/.env",
  ]);
  const refuseSettings = (): string => "not allowed (requirements.toml)";
  for (const line of ["/permissions careful", "/approvals never"]) {
    const refused = await run(line, { ...services, refuseSettings });
    assert.deepEqual(refused.ops, []);
    assert.deepEqual(refused.said, [
      "Settings stay as they were: not allowed (requirements.toml)",
    ]);
  }
});

Deno.test("/status and /sandbox name what commands run in now", async () => {
  let backend = "bwrap";
  const services: Partial<ReplServices> = {
    sandboxBackend: () => Promise.resolve(backend),
    describeSandbox: () => Promise.resolve([]),
  };
  const { said } = await run("/status", services);
  assert.match(said.join("\n"), /sandbox +danger-full-access \(bwrap\)/);
  backend = "landlock";
  const later = await run("/sandbox", services);
  assert.equal(later.said[0], "Sandbox: danger-full-access (landlock)");
});

Deno.test("/sandbox changes the mode and says what is enforced", async () => {
  const services: Partial<ReplServices> = {
    sandboxPolicy: (mode) =>
      mode === "read-only"
        ? { mode, networkAccess: false, denyRead: [] }
        : { mode: "danger-full-access" },
    describeSandbox: () => Promise.resolve(["bwrap: files, network"]),
  };
  const ran = await run("/sandbox read-only", services);
  assert.deepEqual(ran.ops, [{
    type: "settings.change",
    patch: {
      sandbox: { mode: "read-only", networkAccess: false, denyRead: [] },
    },
  }]);
  assert.deepEqual(ran.said, ["Sandbox: read-only", "  bwrap: files, network"]);
  assert.deepEqual((await run("/sandbox nothing", services)).ops, []);
});

Deno.test("/rules lists and takes back what may be taken back", async () => {
  const revoked: number[] = [];
  const services: Partial<ReplServices> = {
    rules: () => [
      { rule: "git push", source: "default.rules", isRevocable: true },
      { rule: "npm", source: "/etc/rules", isRevocable: false },
    ],
    revokeRule: (number) => {
      revoked.push(number);
      return Promise.resolve();
    },
  };
  assert.equal((await run("/rules", services)).said.length, 3);
  await run("/rules revoke 1", services);
  assert.match(
    (await run("/rules revoke 2", services)).said[0] ?? "",
    /it is not yours, edit \/etc\/rules/,
  );
  assert.match(
    (await run("/rules revoke 7", services)).said[0] ?? "",
    /from 1 to 2/,
  );
  assert.deepEqual(revoked, [1]);
});

Deno.test("/undo understands its words in any order, and no others", async () => {
  const asked: unknown[] = [];
  const services: Partial<ReplServices> = {
    undoFiles: (_id, options) => {
      asked.push(options);
      return Promise.resolve({ changes: ["restore a.ts"], conflicts: [] });
    },
  };
  assert.deepEqual((await run("/undo code 3 yes", services)).ops, []);
  assert.deepEqual((await run("/undo force", services)).ops, [
    { type: "rollback", turns: 1 },
  ]);
  assert.deepEqual(asked.splice(0), [
    { turns: 3, isDryRun: false, isForced: false },
    { turns: 1, isDryRun: false, isForced: true },
  ]);
  for (const bad of ["0", "-1", "maybe", "code now"]) {
    const ran = await run(`/undo ${bad}`, services);
    assert.match(ran.said.join(), /must be \/undo \[N\]/, bad);
  }
  assert.deepEqual(asked, []);
});

Deno.test("/status knows what a resumed conversation has cost and holds", async () => {
  const usage = { ...NO_USAGE, inputTokens: 1_200, outputTokens: 34 };
  const state = new ReplState({ spent: { usage, contextTokens: 25_000 } });
  state.settings = SETTINGS;
  assert.equal(state.contextLeft, 0.75);
  const ran = await run("/status", {}, () => {}, state);
  const text = ran.said.join("\n");
  assert.match(text, /tokens +1\.2k in \(0 cached\), 34 out/);
  assert.match(text, /requests +0 since the conversation was opened/);
  assert.match(text, /context +75% left of 100k tokens/);
});

Deno.test("/undo shows first and acts only when told so", async () => {
  const asked: unknown[] = [];
  const services: Partial<ReplServices> = {
    undoFiles: (id, options) => {
      asked.push([id, options]);
      return Promise.resolve({
        changes: ["restore a.ts"],
        conflicts: ["b.ts: changed since"],
      });
    },
  };
  const preview = await run("/undo 2", services);
  assert.deepEqual(preview.ops, []);
  assert.deepEqual(preview.said, [
    "This would undo the last 2 turns:",
    "  restore a.ts",
    "  kept: b.ts: changed since",
    "  your last 2 messages and what followed are removed",
    "Confirm with /undo 2 yes",
  ]);
  const done = await run("/undo 2 yes", services);
  assert.deepEqual(done.ops, [{ type: "rollback", turns: 2 }]);
  // What was asked since goes with the turns that changed files.
  const since = await run("/undo 2 yes", {
    undoFiles: () =>
      Promise.resolve({ changes: [], conflicts: [], messages: 5 }),
  });
  assert.deepEqual(since.ops, [{ type: "rollback", turns: 5 }]);
  assert.deepEqual((await run("/undo code yes", services)).ops, []);
  // Nothing was patched: messages do not go in place of files.
  const none: Partial<ReplServices> = {
    undoFiles: () => Promise.resolve({ changes: [], conflicts: [] }),
  };
  for (const line of ["/undo", "/undo yes", "/undo code"]) {
    const nothing = await run(line, none);
    assert.deepEqual(nothing.ops, [], line);
    assert.match(nothing.said.join("\n"), /^Nothing to undo in files/);
    const isOffered = nothing.said.join("\n").includes("/undo chat");
    assert.equal(isOffered, line !== "/undo code", line);
  }
  const fresh = { ...none, messageCount: () => 0 };
  for (const line of ["/undo", "/undo chat", "/undo chat yes"]) {
    const nothing = await run(line, fresh);
    assert.deepEqual(nothing.ops, [], line);
    assert.match(nothing.said.join("\n"), /^Nothing to undo/);
    assert.doesNotMatch(nothing.said.join("\n"), /\/undo chat/);
  }
  assert.equal((await run("/undo chat yes", services)).ops.length, 1);
  assert.deepEqual(asked, [
    ["0199-here", { turns: 2, isDryRun: true, isForced: false }],
    ["0199-here", { turns: 2, isDryRun: false, isForced: false }],
    ["0199-here", { turns: 1, isDryRun: false, isForced: false }],
  ]);
});

Deno.test("/resume lists, goes by number, id and name", async () => {
  const session = (id: string, cwd: string) => ({
    id,
    title: `about ${id}`,
    cwd,
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: "2026-01-02T03:04:05Z",
    path: "",
  });
  const wanted: string[] = [];
  const services: Partial<ReplServices> = {
    sessions: () =>
      Promise.resolve([
        session("0199-here", "/x"),
        session("0198-old", "/srv/project"),
        session("0197-far", "/far"),
      ]),
    resume: (name) => {
      wanted.push(name);
      return Promise.resolve({ thread: new ScriptedThread(name), past: [] });
    },
  };
  assert.deepEqual((await run("/resume", services)).said, [
    "   1  2026-01-02 03:04  0198-old  about 0198-old",
    "   2  2026-01-02 03:04  0197-far  about 0197-far  (/far)",
    "Resume one with /resume N, an id or a name",
  ]);
  await run("/resume 2", services);
  await run("/resume my name", services);
  assert.deepEqual(wanted, ["0197-far", "my name"]);
  assert.match((await run("/resume 9", services)).said[0] ?? "", /from 1 to 2/);
});

Deno.test("/fork, /new, /compact and /export do what they say", async () => {
  const forks: unknown[] = [];
  const thread = { thread: new ScriptedThread("n"), past: [] };
  const services: Partial<ReplServices> = {
    fork: (id, at) => {
      forks.push([id, at]);
      return Promise.resolve(thread);
    },
    start: () => Promise.resolve(thread),
    exportThread: (_id, { format, path }) =>
      Promise.resolve(`${format}:${path}`),
  };
  await run("/fork", services);
  await run("/fork 3", services);
  assert.deepEqual(forks, [["0199-here", undefined], ["0199-here", 3]]);
  assert.match(
    (await run("/fork x", services)).said[0] ?? "",
    /Cannot fork at x/,
  );
  assert.deepEqual((await run("/new", services)).opened, [thread]);
  assert.deepEqual((await run("/compact")).ops, [{ type: "compact" }]);
  assert.deepEqual((await run("/export jsonl out.jsonl", services)).said, [
    "Written to jsonl:out.jsonl",
  ]);
});

Deno.test("/review, /init and /plan send prompts and show what was typed", async () => {
  const [branch] = (await run("/review base main")).sent;
  assert.match(branch?.[0] ?? "", /`main`/);
  assert.equal(branch?.[1], "/review base main");
  const [custom] = (await run("/review the parser")).sent;
  assert.match(custom?.[0] ?? "", /the parser/);
  const bad = await run("/review base");
  assert.deepEqual(bad.sent, []);
  assert.match(bad.said.join(), /must be \/review, \/review base BRANCH/);
  const [plan] = (await run("/plan add {braces}")).sent;
  assert.match(plan?.[0] ?? "", /update_plan[^]*add \{braces\}$/);
  assert.equal(plan?.[1], "/plan add {braces}");
});

Deno.test("/plan enters plan mode, shows the plan, accepts it or leaves", async () => {
  const planning = (state: ReplState): void => {
    state.settings = { ...SETTINGS, mode: "plan" };
    state.proposedPlan = "1. Do it.";
    state.plan = [{ text: "a", status: "in_progress" }];
  };
  const entered: Op = { type: "settings.change", patch: { mode: "plan" } };
  const left: Op = { type: "settings.change", patch: { mode: undefined } };
  assert.deepEqual((await run("/plan")).ops, [entered]);
  assert.deepEqual((await run("/plan a")).ops, [entered]);
  const shown = await run("/plan", {}, planning);
  assert.deepEqual(shown.ops, []);
  assert.equal(shown.said[0], "[>] a");
  const accepted = await run("/plan accept", {}, planning);
  assert.deepEqual(accepted.ops, [left]);
  assert.match(accepted.sent[0]?.[0] ?? "", /<plan>\n1\. Do it\.\n<\/plan>/);
  const edited = await run("/plan accept 1. Do that.\n2. Rest.", {}, planning);
  assert.match(edited.sent[0]?.[0] ?? "", /\n1\. Do that\.\n2\. Rest\.\n/);
  assert.deepEqual((await run("/plan off", {}, planning)).ops, [left]);
  await assert.rejects(run("/plan accept"), /Cannot leave plan mode/);
  await assert.rejects(
    run("/plan accept", {}, (state) => {
      planning(state);
      state.proposedPlan = "";
    }),
    /there is none yet/,
  );
});

Deno.test("/init asks for an AGENTS.md where there is none", async () => {
  const folder = await Deno.makeTempDir();
  const [init] = (await run("/init", {}, undefined, undefined, folder)).sent;
  assert.match(init?.[0] ?? "", /AGENTS\.md/);
  assert.equal(init?.[1], "/init");
  await Deno.writeTextFile(`${folder}/AGENTS.md`, "# here\n");
  await assert.rejects(
    () => run("/init", {}, undefined, undefined, folder),
    /it exists already; ask for the change you want/,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("/status, /cost, /diff, /mcp, /skills and /debug tell how things stand", async () => {
  const status = (await run("/status", {
    statusRows: () => [["cache", "90%"]],
  })).said.join("\n");
  for (
    const part of [
      "0199-here",
      "test-model",
      "on-request",
      "100k tokens",
      "cache",
    ]
  ) {
    assert.ok(status.includes(part), part);
  }
  const cost = await run("/cost", { priceOf: () => "$0.12" });
  assert.ok(cost.said.every((line) => line.endsWith("$0.12")));
  assert.deepEqual((await run("/diff")).said, ["No changes"]);
  assert.deepEqual(
    (await run("/diff", { diff: () => Promise.resolve("+x") })).said,
    ["+x"],
  );
  assert.deepEqual(
    (await run("/mcp", {
      mcpServers: () =>
        Promise.resolve([{ name: "docs", state: "ready", tools: ["a", "b"] }]),
    })).said,
    ["  docs: ready", "    a, b"],
  );
  assert.deepEqual(
    (await run("/skills", {
      skills: () => Promise.resolve([{ name: "rev", description: "Reviews" }]),
    })).said,
    ["  $rev  Reviews"],
  );
  assert.deepEqual(
    (await run("/debug", {
      explainConfig: () => ["model = x"],
    })).said,
    ["model = x"],
  );
  assert.match(
    (await run("/debug all")).said[0] ?? "",
    /must be config or prompt/,
  );
});

Deno.test("/last, /copy and /quit work with what there is", async () => {
  assert.match((await run("/last")).said[0] ?? "", /No such command/);
  assert.match((await run("/last x")).said[0] ?? "", /must be a number/);
  assert.deepEqual((await run("/copy")).said, ["No answer yet"]);
  assert.deepEqual(
    (await run("/copy", {}, (state) => state.lastMessage = "abc")).said,
    ["Copied 3 characters (test)"],
  );
  assert.deepEqual((await run("/quit")).said, ["left"]);
});

Deno.test("formatTokens() rounds for people", () => {
  assert.deepEqual(
    [0, 999, 1_000, 12_345, 999_499, 999_500, 1_200_000].map(formatTokens),
    ["0", "999", "1.0k", "12.3k", "999k", "1.0M", "1.2M"],
  );
});

Deno.test("readParts() finds images as terminals paste them", async () => {
  const folder = await Deno.makeTempDir();
  const names = ["b.png", "my pic.jpg", "x y.webp", "my shot.PNG", "a b.gif"];
  for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, "x");
  await Deno.writeTextFile(`${folder}/rel.jpeg`, "x");
  await Deno.writeTextFile(`${folder}/a.txt`, "x");
  const text =
    `see ${folder}/b.png 'my pic.jpg' "x y.webp" ${folder}/my\\ shot.PNG file://${folder}/a%20b.gif @rel.jpeg a.txt don't`;
  const parts = await readParts(text, testHost(), folder);
  assert.deepEqual(parts, [
    ...[...names, "rel.jpeg"].map((name) => ({
      type: "image",
      path: `${folder}/${name}`,
    })),
    { type: "text", text },
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readParts() attaches the images that are there", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a.png`, "x");
  assert.deepEqual(await readParts("look a.png b.png", testHost(), folder), [
    { type: "image", path: `${folder}/a.png` },
    { type: "text", text: "look a.png b.png" },
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("copyText() falls back to the terminal, and gives up where there is none", async () => {
  const host = testHost({ os: "linux", env: () => undefined });
  const terminal = new TestTerminal(true, { TERM: "xterm" });
  assert.equal(
    await copyText("日", host, { terminal, writable: [] }),
    "through the terminal",
  );
  assert.equal(terminal.stdout.text, "\x1b]52;c;5pel\x07");
  const silent = { terminal: new TestTerminal(false), writable: [] };
  assert.equal(await copyText("x", host, silent), undefined);
  assert.equal(
    await copyText("x".repeat(100_000), host, { terminal, writable: [] }),
    undefined,
  );
});

Deno.test("copyText() gives the text to the program of the desktop, and to none of a folder that commands may write to", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  await Deno.mkdir(`${folder}/bin`);
  await Deno.writeTextFile(`${folder}/bin/xclip`, "", { mode: 0o755 });
  const variables: Record<string, string> = {
    DISPLAY: ":0",
    PATH: `${folder}/bin`,
  };
  const asked: SpawnRequest[] = [];
  const host = testHost({
    os: "linux",
    env: (name) => variables[name],
    files: {
      ...denoHost().files,
      // None of the system's.
      realPath: (path) =>
        path.startsWith(folder)
          ? denoHost().files.realPath(path)
          : Promise.reject(new Error("absent")),
    },
    sleep: () => new Promise(() => {}),
    spawn: (request) => {
      asked.push(request);
      return denoHost().spawn({ ...request, command: "cat", args: [] });
    },
  });
  const terminal = new TestTerminal(false);
  const copy = (writable: readonly string[]): Promise<string | undefined> =>
    copyText("x", host, { terminal, writable });
  assert.equal(await copy([folder]), undefined);
  assert.equal(await copy([]), "xclip");
  assert.deepEqual(asked.map(({ command, args }) => [command, ...args]), [
    [`${folder}/bin/xclip`, "-selection", "clipboard"],
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("/stop ends one command that runs on, or all of them, and names them when there is no such", async () => {
  const prepare = (state: ReplState): void => {
    state.live.set(1234, "vite dev");
    state.live.set(5678, "sleep 9");
  };
  const kill = (session: number): Op => ({ type: "commands.kill", session });
  assert.deepEqual((await run("/stop", {}, prepare)).ops, [
    kill(1234),
    kill(5678),
  ]);
  assert.deepEqual((await run("/stop 5678", {}, prepare)).ops, [kill(5678)]);
  assert.deepEqual((await run("/stop")).said, ["No commands are running"]);
  await assert.rejects(run("/stop 9", {}, prepare), {
    message: "Cannot end session 9: must be one of 1234, 5678 (see /ps)",
  });
  await assert.rejects(run("/attach 9"), {
    message: "Cannot attach to session 9: none is running",
  });
  assert.deepEqual((await run("/ps")).ops, [{ type: "commands.list" }]);
});
