/** The services of the conversation, on real files and a scripted model. */
import assert from "node:assert/strict";
import { openThreads } from "../../../../core/app/repl/open_threads.ts";
import { createReplServices } from "../../../../core/app/repl/services.ts";
import { denoHost } from "../../../../core/host/host.ts";
import type { CommandLine } from "../../../../core/contract/command_line.ts";
import type { Event } from "../../../../core/protocol/event.ts";
import {
  customCall,
  type MockModel,
  mockModel,
  say,
} from "../../../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  mockConfig,
} from "../../../support/run_agent.ts";
import type { Step } from "../../../support/mock_script.ts";
import type {
  OpenedThread,
  ReplServices,
  TrustQuestion,
} from "../../../../core/frontends/conversation/services.ts";

const PATCH =
  "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** End Patch\n";

/** A conversation without a face. */
class Talk implements AsyncDisposable {
  readonly #followed: {
    readonly opened: OpenedThread;
    readonly events: Event[];
  }[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(
    readonly services: ReplServices,
    readonly home: AgentHome,
    readonly model: MockModel,
    readonly close: () => Promise<void>,
  ) {}

  follow(opened: OpenedThread): OpenedThread {
    const events: Event[] = [];
    this.#followed.push({ opened, events });
    void (async () => {
      for await (const event of opened.thread.events()) {
        events.push(event);
        for (const wake of this.#waiting.splice(0)) wake();
      }
    })();
    return opened;
  }

  async until<T extends Event["type"]>(
    { thread }: OpenedThread,
    type: T,
  ): Promise<Extract<Event, { type: T }>> {
    const { events } =
      this.#followed.find((one) => one.opened.thread === thread) ??
        { events: [] };
    for (;;) {
      const at = events.findIndex((event) => event.type === type);
      const [found] = at < 0 ? [] : events.splice(at, 1);
      if (found !== undefined) return found as Extract<Event, { type: T }>;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async turn(opened: OpenedThread, text: string): Promise<void> {
    opened.thread.submit({
      type: "user.input",
      parts: [{ type: "text", text }],
    });
    const { outcome } = await this.until(opened, "turn.completed");
    assert.equal(outcome.type, "done", JSON.stringify(outcome));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { opened } of this.#followed) {
      opened.thread.submit({ type: "shutdown" });
      await opened.thread.closed;
    }
    await this.close();
    await this.model[Symbol.asyncDispose]();
    await this.home[Symbol.asyncDispose]();
  }
}

async function talk(
  options: {
    readonly script?: readonly Step[];
    readonly config?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly line?: Partial<CommandLine>;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<Talk> {
  const model = mockModel({
    script: options.script ?? [],
    laws: false,
    headers: {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": "1m0s",
    },
  });
  const home = await agentHome({
    config: mockConfig(model.url, {
      top: 'sandbox_mode = "danger-full-access"',
      ...(options.config !== undefined && { bottom: options.config }),
    }),
    files: { "a.txt": "one\n", ...options.files },
  });
  const env: Record<string, string> = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home.home,
    CODEX_HOME: home.codexHome,
    TMPDIR: home.temp,
    SHELL: "/bin/sh",
    MOCK_KEY: "mock-key",
    // For the program run from source as its own helper.
    DENO_DIR: Deno.env.get("DENO_DIR") ??
      `${Deno.env.get("HOME")}/.cache/deno`,
    ...options.env,
  };
  const mainUrl = new URL("../../../../main.ts", import.meta.url).href;
  const host = {
    ...denoHost({ mainUrl }),
    cwd: home.work,
    env: (name: string) => env[name],
    envAll: () => env,
    homeDir: () => home.home,
  };
  const commandLine: CommandLine = {
    command: "repl",
    args: [],
    flags: {},
    ...options.line,
  };
  const threads = await openThreads({ host, commandLine, canAsk: true });
  return new Talk(
    createReplServices(threads),
    home,
    model,
    () => threads.close({ stderr: { write: () => true } }),
  );
}

Deno.test("a conversation is opened, named, listed, written out, and found again by its name", async () => {
  await using t = await talk({ script: [say("Hello."), say("Again.")] });
  const { services } = t;
  const first = t.follow(await services.open());
  assert.deepEqual(first.past, []);
  assert.equal(first.spent, undefined);
  assert.equal(services.messageCount(first.thread.id), 0);
  await t.turn(first, "hi there");
  assert.equal(services.messageCount(first.thread.id), 1);
  await services.rename(first.thread.id, "greeting");
  const path = await services.exportThread(first.thread.id, {
    format: "markdown",
  });
  assert.ok(path.startsWith(`${t.home.work}/conversation-`), path);
  const text = await Deno.readTextFile(path);
  assert.match(
    text,
    /^# greeting\n[^]*## User\n\nhi there\n[^]*## Assistant\n\nHello\.\n/,
  );
  await assert.rejects(
    () => services.exportThread(first.thread.id, { format: "markdown" }),
    /the file exists/,
  );

  const second = t.follow(await services.start());
  await t.turn(second, "something else");
  const listed = await services.sessions();
  assert.deepEqual(
    new Map(listed.map((one) => [one.id, one.name ?? one.title])),
    new Map([[second.thread.id, "something else"], [
      first.thread.id,
      "greeting",
    ]]),
  );

  await assert.rejects(() => services.resume("greeting"), {
    name: "SessionError",
  });
  first.thread.submit({ type: "shutdown" });
  await first.thread.closed;
  const again = t.follow(await services.resume("greeting"));
  assert.equal(again.thread.id, first.thread.id);
  assert.deepEqual(again.past, [
    { role: "user", text: "hi there" },
    { role: "assistant", text: "Hello." },
  ]);
  assert.ok((again.spent?.usage.inputTokens ?? 0) > 0);
  assert.equal(again.spent?.usage.outputTokens, 10);
  assert.ok((again.spent?.contextTokens ?? 0) > 10);
});

Deno.test("fork() takes over what was said before the nth message, in a thread of its own", async () => {
  await using t = await talk({ script: [say("A."), say("B.")] });
  const first = t.follow(await t.services.open());
  await t.turn(first, "one");
  await t.turn(first, "two");
  const branch = t.follow(await t.services.fork(first.thread.id, 2));
  assert.notEqual(branch.thread.id, first.thread.id);
  assert.deepEqual(branch.past.map(({ text }) => text), ["one", "A."]);
  const whole = t.follow(await t.services.fork(first.thread.id));
  assert.deepEqual(whole.past.map(({ text }) => text), [
    "one",
    "A.",
    "two",
    "B.",
  ]);
});

Deno.test("a conversation that is not recorded is not forked, and keeps no history", async () => {
  await using t = await talk({ line: { flags: { ephemeral: true } } });
  const opened = t.follow(await t.services.open());
  assert.equal(t.services.history, undefined);
  await assert.rejects(
    () => t.services.fork(opened.thread.id),
    /it is not recorded/,
  );
});

Deno.test("history is kept beside the configuration, as large as configured, or not at all", async () => {
  await using usual = await talk();
  assert.deepEqual(usual.services.history, {
    path: `${usual.home.codexHome}/history.jsonl`,
    bytesMax: 1024 * 1024,
  });
  await using small = await talk({ config: "[history]\nmax_bytes = 9" });
  assert.equal(small.services.history?.bytesMax, 9);
  await using none = await talk({ config: '[history]\npersistence = "none"' });
  assert.equal(none.services.history, undefined);
});

Deno.test("undoFiles() shows, takes back, and tells the model that its change is gone", async () => {
  await using t = await talk({
    script: [customCall("apply_patch", PATCH), say("Changed."), say("I see.")],
  });
  const opened = t.follow(await t.services.open());
  await t.turn(opened, "change it");
  const { id } = opened.thread;
  const read = (): Promise<string> => Deno.readTextFile(`${t.home.work}/a.txt`);
  assert.equal(await read(), "two\n");
  const options = { turns: 1, isForced: false };
  const shown = await t.services.undoFiles(id, { ...options, isDryRun: true });
  assert.deepEqual(shown, {
    changes: ["restore  a.txt"],
    conflicts: [],
    messages: 1,
  });
  assert.equal(await read(), "two\n");
  await Deno.writeTextFile(`${t.home.work}/a.txt`, "mine\n");
  const late = await t.services.undoFiles(id, { ...options, isDryRun: true });
  assert.deepEqual(late.conflicts, ["a.txt (was changed after the turn)"]);
  await assert.rejects(
    () => t.services.undoFiles(id, { ...options, isDryRun: false }),
    /must be forced/,
  );
  await t.services.undoFiles(id, { turns: 1, isForced: true, isDryRun: false });
  assert.equal(await read(), "one\n");
  await t.turn(opened, "and now?");
  const sent = JSON.stringify(t.model.requests.at(-1)?.input);
  assert.match(sent, /rondo undo --restore code[^]*restore {2}a\.txt/);
});

Deno.test("runShell() runs in the person's shell with their environment, and ends when told to", async () => {
  await using t = await talk({ env: { MINE: "yes" } });
  const seen: string[] = [];
  const abort = new AbortController();
  const result = await t.services.runShell(
    'echo "$MINE"; pwd; echo no >&2; exit 3',
    {
      cwd: t.home.work,
      signal: abort.signal,
      onOutput: (text) => void seen.push(text),
    },
  );
  assert.equal(result.exitCode, 3);
  assert.equal(result.output, `yes\n${t.home.work}\nno\n`);
  assert.equal(seen.join(""), result.output);
  const long = t.services.runShell("echo here; sleep 300", {
    cwd: t.home.work,
    signal: abort.signal,
    onOutput: () => abort.abort(),
  });
  assert.notEqual((await long).exitCode, 0);
});

Deno.test("models and presets can be chosen; a choice holds for the next turn", async () => {
  await using t = await talk({ script: [say("ok")] });
  const models = t.services.models();
  assert.deepEqual(models.map(({ slug }) => slug), ["gpt-5.2-codex"]);
  const patch = t.services.modelPatch("gpt-5.5", "high");
  assert.equal(patch.model?.slug, "gpt-5.5");
  const plain = t.services.modelPatch("gpt-4o", "high");
  assert.equal(plain.reasoningEffort, undefined);
  const opened = t.follow(await t.services.open());
  const [readOnly, auto, full] = t.services.presets();
  assert.deepEqual(
    [readOnly, auto, full].map((
      one,
    ) => [one?.patch.approval, one?.patch.sandbox.mode]),
    [
      ["on-request", "read-only"],
      ["on-request", "workspace-write"],
      ["never", "danger-full-access"],
    ],
  );
  opened.thread.submit({
    type: "settings.change",
    patch: { ...patch, ...full?.patch },
  });
  await t.turn(opened, "hi");
  assert.equal(t.model.request(0).body["model"], "gpt-5.5");
  assert.deepEqual(t.model.request(0).body["reasoning"], {
    effort: "high",
  });
  assert.deepEqual(t.services.sandboxPolicy("external-sandbox"), {
    mode: "external-sandbox",
    networkAccess: false,
  });
  const lines = await t.services.describeSandbox({
    mode: "danger-full-access",
  });
  assert.match(lines.join(), /Back end: none/);
});

Deno.test("rules() lists all rules, and revokeRule() takes back the person's own", async () => {
  await using t = await talk();
  assert.deepEqual(t.services.rules(), []);
  const path = `${t.home.codexHome}/rules/default.rules`;
  await Deno.mkdir(`${t.home.codexHome}/rules`);
  await Deno.writeTextFile(
    path,
    'prefix_rule(pattern=["git", "push"], decision="allow")\n',
  );
  // What is opened from now on reads the rules again.
  await t.services.saveTrust(ABOUT_FOLDER, true);
  assert.deepEqual(t.services.rules(), [{
    rule: "allow git push",
    source: `${path}:1`,
    isRevocable: true,
  }]);
  await assert.rejects(() => t.services.revokeRule(2), /no such rule/);
  await t.services.revokeRule(1);
  assert.deepEqual(t.services.rules(), []);
  assert.equal((await Deno.readTextFile(path)).trim(), "");
});

Deno.test("checkReady() says in one line what is missing", async () => {
  await using good = await talk();
  assert.equal(await good.services.checkReady(), undefined);
  await using bad = await talk({ env: { MOCK_KEY: "" } });
  const missing = await bad.services.checkReady();
  assert.match(
    missing?.message ?? "",
    /^Cannot find the key: environment variable MOCK_KEY/,
  );
  assert.doesNotMatch(missing?.message ?? "", /\n/);
  assert.equal(missing?.isChosen, true);
  assert.equal(missing?.configPath, `${bad.home.codexHome}/config.toml`);
});

const ABOUT_FOLDER: TrustQuestion = {
  about: "folder",
  text: "",
  files: [],
  consequence: "",
};

Deno.test("trust is asked once for the folder, then for what its files ask for, and both are remembered", async () => {
  const command = `make check ${"x".repeat(200)}; rm y`;
  const hooks = JSON.stringify({
    hooks: { Stop: [{ hooks: [{ type: "command", command }] }] },
  });
  await using t = await talk({ files: { ".codex/hooks.json": hooks } });
  const { services } = t;
  const folder = await services.trustQuestion();
  assert.equal(folder?.text, `Do you trust the folder ${t.home.work}?`);
  const trusted = await services.saveTrust(folder ?? ABOUT_FOLDER, true);
  const config = `${t.home.codexHome}/config.toml`;
  assert.match(await Deno.readTextFile(config), /trust_level = "trusted"/);
  assert.ok(trusted.includes(config) && trusted.includes("rondo trust"));
  const question = await services.trustQuestion();
  assert.deepEqual(question?.files, [{
    title: ".codex/hooks.json",
    facts: [`hook at Stop runs: ${command}`],
  }]);
  const left = await services.saveTrust(question ?? ABOUT_FOLDER, false);
  assert.match(
    left,
    /^Left out: \.codex\/hooks\.json .*trust\.json.*rondo trust/,
  );
  assert.equal(await services.trustQuestion(), undefined);
});

Deno.test("trust is not asked where an answer could not count", async () => {
  await using t = await talk({ line: { flags: { bypass: true } } });
  assert.equal(await t.services.trustQuestion(), undefined);
  await using trusted = await talk({ line: { flags: { trust: true } } });
  assert.equal(await trusted.services.trustQuestion(), undefined);
});

Deno.test("the conversation explains its settings, its next request, its state and its price", async () => {
  await using t = await talk({
    script: [say("Hello.")],
    config: '[prices."gpt-5.2-codex"]\ninput = 2\noutput = 10',
  });
  const opened = t.follow(await t.services.open());
  const { id } = opened.thread;
  const before = await t.services.explainPrompt(id);
  assert.match(
    before.join("\n"),
    /\ninstructions +\d+ +~\d+\n[^]*to come: developer/,
  );
  await t.turn(opened, "hi");
  const after = (await t.services.explainPrompt(id)).join("\n");
  assert.match(after, /input\[0\] developer[^]*input\[\d\] assistant/);
  assert.doesNotMatch(after, /to come/);
  // Looking changed nothing: the next request goes on where the last one ended.
  t.model.add(say("Again."));
  await t.turn(opened, "more");
  const [first, second] = t.model.requests.map(({ input }) =>
    input.map((one) => JSON.stringify(one))
  );
  assert.deepEqual(second?.slice(0, first?.length), first);

  const config = t.services.explainConfig();
  assert.match(
    config.join("\n"),
    /^model = "gpt-5.2-codex" +# .*config\.toml:1$/m,
  );
  const rows = new Map(t.services.statusRows(id));
  assert.match(
    rows.get("limit (requests)") ?? "",
    /^59 of 60 left, full again in (59|60|1 min)/,
  );
  assert.match(rows.get("next request") ?? "", /^~\d+ tokens in \d+ items$/);
  assert.match(rows.get("log") ?? "", /rollout-.*\.jsonl$/);
  assert.match(rows.get("cache") ?? "", /repeated tokens/);
  const usage = {
    inputTokens: 1_000_000,
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    outputTokens: 100_000,
    reasoningOutputTokens: 0,
    totalTokens: 1_100_000,
  };
  assert.equal(t.services.priceOf(usage, "gpt-5.2-codex"), "$3.00");
  assert.equal(t.services.priceOf(usage, "other"), undefined);
});

Deno.test("skills() lists those of the project, by name", async () => {
  await using t = await talk({
    files: {
      ".agents/skills/greet/SKILL.md":
        "---\nname: greet\ndescription: Says hello\n---\nHello.\n",
    },
  });
  const skills = await t.services.skills();
  assert.deepEqual(
    skills.map(({ name, description }) => [name, description]),
    [["greet", "Says hello"]],
  );
});
