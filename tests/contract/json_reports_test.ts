/** With --json a command prints what `rondo schema` says, one value: checked on the real output. */
import assert from "node:assert/strict";
import { Ajv, type AnySchema } from "ajv";
import {
  type CommandName,
  commandNames,
  COMMANDS,
} from "../../core/contract/commands.ts";
import { say } from "../support/mock_model.ts";
import { openStage, type Stage } from "./support.ts";

/** For each command that prints a value: words for its real outputs. */
const RUNS: Partial<Record<CommandName, readonly string[]>> = {
  "sessions list": ["--all", ""],
  "sessions show": ["ID", "ID --full"],
  "sessions search": ["--all hello", "nothing-of-that-kind"],
  "sessions verify": ["ID"],
  "sessions prune": ["--dry-run", "--older-than 1s --dry-run"],
  "sessions cache": ["ID"],
  "batch status": ["tasks.batch"],
  "policy explain": ["-- git push", "-- 'ls | cat'", "-s read-only -- touch x"],
  "policy test": ["cases.jsonl"],
  "policy lint": ["", "--headless"],
  "policy rules": ["", "--rules more.rules", "--revoke 1"],
  "mcp list": [""],
  "mcp get": ["tiny", "far"],
  "mcp test": ["tiny", "far"],
  "doctor provider": [
    "",
    "-c model_providers.gone.base_url=http://127.0.0.1:9/v1 gone",
  ],
  "doctor": ["", "-c model_provider=nosuch"],
  "trust": ["", "--show", "--yes", "--revoke"],
  "login status": [""],
  "config explain": ["", "model", "mcp_servers", "default_permissions"],
  "features list": [""],
};

async function openReports(): Promise<Stage> {
  const stage = await openStage({
    script: () => say("hello"),
    laws: false,
    config: {
      bottom: `[mcp_servers.tiny]
command = "false"
env = { A = "secret" }
[mcp_servers.far]
url = "http://127.0.0.1:9/mcp"
startup_timeout_sec = 2`,
    },
    files: {
      ".codex/config.toml": '[mcp_servers.own]\ncommand = "./own.sh"\n',
      "own.sh": "",
      "tasks.jsonl": '{"prompt": "hi"}\n{"prompt": "hi", "retries": 1}\n',
      "cases.jsonl": '{"command": "ls", "expect": "refuse"}\n{"x": 1}\n',
      "more.rules":
        'prefix_rule(pattern=["git"], decision="prompt", justification="why")\n' +
        'network_rule(host="a.example", protocol="https", decision="prompt")\n',
    },
  });
  const { codexHome } = stage.home;
  await Deno.mkdir(`${codexHome}/rules`);
  await Deno.writeTextFile(
    `${codexHome}/rules/default.rules`,
    'prefix_rule(pattern=["npm"], decision="allow")\n',
  );
  const run = await stage.run(["exec", "--skip-git-repo-check", "hello"]);
  assert.equal(run.code, 0, run.stderr);
  const batch = await stage.run(["batch", "tasks.jsonl"]);
  assert.equal(batch.code, 0, batch.stderr);
  return stage;
}

Deno.test("what each command prints with --json fits the schema that the program prints", async () => {
  const reporting = commandNames().filter((name) => COMMANDS[name].report);
  assert.deepEqual(Object.keys(RUNS).sort(), [...reporting].sort());
  await using stage = await openReports();
  const listed = await stage.run(["sessions", "list", "--json"]);
  const id: string = JSON.parse(listed.stdout).sessions[0].id;
  for (const [name, lines] of Object.entries(RUNS)) {
    const topic = COMMANDS[name as CommandName].report ?? "";
    const check = await checkOf(stage, topic, name);
    const help = await stage.run([...name.split(" "), "--help"]);
    assert.match(help.stdout.replace(/\s+/g, " "), /One JSON value on stdout/);
    for (const line of lines) {
      const words = line.replace("ID", id).match(/'[^']*'|\S+/g) ?? [];
      const run = await stage.run([
        ...name.split(" "),
        "--json",
        ...words.map((word) => word.replaceAll("'", "")),
      ]);
      assert.match(run.stdout, /^[[{].*[\]}]\n$/, `${name}: ${run.stderr}`);
      check(JSON.parse(run.stdout), `${name} ${line}`);
    }
  }
});

Deno.test("a command has --json for events, or says which value it prints", () => {
  const others = commandNames().filter((name) =>
    COMMANDS[name].flags.includes("json") && !COMMANDS[name].report
  );
  assert.deepEqual(others, [
    "exec",
    "exec resume",
    "exec fork",
    "exec review",
    "review",
    "batch",
  ]);
});

/** Fails for what the schema does not say, also where it leaves room for fields to come. */
async function checkOf(
  stage: Stage,
  topic: string,
  command: string,
): Promise<(value: unknown, where: string) => void> {
  const printed = await stage.run(["schema", topic]);
  const schema = JSON.parse(printed.stdout);
  const forms: { title: string }[] = schema.anyOf ?? [schema];
  const own = topic === "policy" || topic === "trust"
    ? schema
    : forms.find(({ title }) => title.includes(` ${command} --json`));
  assert.ok(own, `${topic} has no form of ${command}`);
  const validate = new Ajv({ strict: false }).compile(closed(own));
  return (value, where) =>
    assert.ok(
      validate(value),
      `${where}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`,
    );
}

function closed(schema: unknown): AnySchema {
  if (Array.isArray(schema)) return schema.map(closed) as unknown as AnySchema;
  if (typeof schema !== "object" || schema === null) {
    return schema as AnySchema;
  }
  const made = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  return "properties" in made ? { additionalProperties: false, ...made } : made;
}
