/** Plan mode as a person at a terminal meets it: begun, planned in, accepted, carried out. */
import assert from "node:assert/strict";
import { call, mockModel, type Part, say } from "../support/mock_model.ts";
import type { MockModel } from "../support/mock_model.ts";
import { hasPty, openPty, type Pty } from "../support/pty.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  mockConfig,
} from "../support/run_agent.ts";

const CAN = hasPty();

interface Walk extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  readonly pty: Pty;
}

async function walk(
  script: readonly Part[],
  more: {
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
  } = {},
): Promise<Walk> {
  const model = mockModel({ script: [...script] });
  const home = await agentHome();
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, {
      bottom: `[projects.${
        JSON.stringify(home.work)
      }]\ntrust_level = "trusted"`,
    }),
  );
  const pty = openPty({
    argv: [...agentCommand(), ...more.args ?? ["-s", "workspace-write"]],
    cwd: home.work,
    columns: 100,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      TMPDIR: home.temp,
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      MOCK_KEY: "mock-key",
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("HOME")}/.cache/deno`,
      ...more.env,
    },
  });
  return {
    model,
    home,
    pty,
    [Symbol.asyncDispose]: async () => {
      await pty[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !CAN, fn });
}

function shell(script: string): Part {
  return call("shell", { command: ["sh", "-c", script] });
}

const PLANNED = call("update_plan", {
  plan: [{ step: "Make it", status: "pending" }],
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The texts of the user's messages in the last request. */
function lastUserText({ requests }: MockModel): string {
  const item = requests.at(-1)?.input.findLast(({ role }) => role === "user");
  return JSON.stringify(item?.["content"]);
}

test("A plan is made without writing, is not accepted by Enter alone, and is carried out as it was", async () => {
  await using one = await walk([
    shell("echo owned > owned"),
    PLANNED,
    say("1. Make the thing."),
    shell("echo made > made"),
    say("Made it."),
  ]);
  const { pty, home, model } = one;
  await pty.shows("›");
  await pty.type("/plan the thing\r");
  await pty.shows("plan ›");
  const asked = await pty.shows("Answer 1 to 3 (Enter: 3):");
  assert.match(
    asked,
    /1 {2}Yes, leave plan mode for it: sandbox workspace-write, approvals on-request/,
  );
  assert.equal(await exists(`${home.work}/owned`), false);
  // Enter alone gives nothing away.
  await pty.type("\r");
  await pty.shows("Still in plan mode");
  await pty.type("/plan accept\r");
  await pty.shows("Made it.");
  assert.equal(await Deno.readTextFile(`${home.work}/made`), "made\n");
  assert.match(lastUserText(model), /<plan>\\n1\. Make the thing\.\\n<\/plan>/);
  assert.doesNotMatch(pty.screen().split("\n").at(-1) ?? "", /plan ›/);
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("The first answer carries a plan out, the second one lets it be edited first", async () => {
  await using one = await walk([
    PLANNED,
    say("1. Make one."),
    PLANNED,
    say("1. Make two."),
    shell("echo made > made"),
    say("Made both."),
    PLANNED,
    say("1. Make three."),
    say("Three it is."),
  ]);
  const { pty, home, model } = one;
  await pty.shows("›");
  await pty.type("/plan make one\r");
  await pty.shows("Answer 1 to 3");
  // Whoever goes on talking has not accepted.
  await pty.type("and two\r");
  await pty.shows("1. Make two.");
  await pty.shows("Answer 1 to 3");
  await pty.type("2");
  await pty.shows("/plan accept 1. Make two.");
  await pty.type(" And three.\r");
  await pty.shows("Made both.");
  assert.equal(await Deno.readTextFile(`${home.work}/made`), "made\n");
  assert.match(lastUserText(model), /<plan>\\n1\. Make two\. And three\.\\n/);
  await pty.type("/plan three\r");
  await pty.shows("1. Make three.");
  await pty.shows("Answer 1 to 3");
  await pty.type("1");
  await pty.shows("Three it is.");
  assert.match(lastUserText(model), /<plan>\\n1\. Make three\.\\n/);
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("What the person does in plan mode is theirs: commands, permissions, leaving", async () => {
  await using one = await walk([
    say("Planning."),
    shell("echo owned > owned"),
    say("Not yet."),
    shell("echo made > made"),
    say("Now."),
  ], { args: ["-s", "read-only", "--plan"] });
  const { pty, home } = one;
  await pty.shows("plan ›");
  await pty.shows("plan mode: nothing can be changed");
  await pty.type("hello\r");
  await pty.shows("Planning.");
  await pty.type("/approvals full-access\r");
  await pty.shows("From the end of plan mode on");
  await pty.type("try\r");
  await pty.shows("Not yet.");
  assert.equal(await exists(`${home.work}/owned`), false);
  await pty.type("!echo mine > mine\r");
  await pty.shows("exit 0");
  assert.equal(await Deno.readTextFile(`${home.work}/mine`), "mine\n");
  await pty.type("/plan off\r");
  await pty.shows("now sandbox danger-full-access, approvals never");
  await pty.type("go\r");
  await pty.shows("Now.");
  assert.equal(await Deno.readTextFile(`${home.work}/made`), "made\n");
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("A review of a conversation with full access writes nothing", async () => {
  await using one = await walk([
    shell("echo owned > owned"),
    say(
      '{"findings": [], "overall_correctness": "patch is correct", "overall_explanation": "Fine.", "overall_confidence_score": 1}',
    ),
    shell("echo made > made"),
    say("Made it."),
  ], { args: ["-s", "danger-full-access"] });
  const { pty, home } = one;
  await pty.shows("›");
  await pty.type("/review\r");
  await pty.shows("Fine.");
  assert.equal(await exists(`${home.work}/owned`), false);
  await pty.type("go on\r");
  await pty.shows("Made it.");
  assert.equal(await exists(`${home.work}/made`), true);
  await pty.type("/quit\r");
  assert.equal(await pty.code, 0);
});

test("In a plain terminal the question is answered by a line, and the mark says the mode", async () => {
  await using one = await walk([
    PLANNED,
    say("1. Make it."),
    say("Made it."),
  ], { env: { TERM: "dumb" } });
  const { pty, model } = one;
  await pty.wrote("> ");
  await pty.type("/plan it\n");
  await pty.wrote("Answer 1 to 2: ");
  assert.ok(pty.output.includes("2  No, stay in plan mode"));
  await pty.type("\n");
  await pty.wrote("Still in plan mode");
  const from = pty.output.length;
  await pty.type("/plan accept\n");
  await pty.wrote("Made it.", from);
  assert.match(lastUserText(model), /<plan>\\n1\. Make it\.\\n/);
  assert.ok(pty.output.includes("plan > "));
  await pty.type("/quit\n");
  assert.equal(await pty.code, 0);
});
