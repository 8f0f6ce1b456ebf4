/** The command line: what is parsed, refused, printed. */
import assert from "node:assert/strict";
import { understandArgv } from "../main.ts";
import type { CommandLine } from "../core/contract/command_line.ts";
import { UserError } from "../core/protocol/error.ts";
import { PROGRAM, VERSION } from "../core/protocol/version.ts";
import {
  commandNames,
  COMMANDS,
  GROUPS,
  pathOf,
} from "../core/contract/commands.ts";
import { FLAGS } from "../core/contract/flags.ts";

const MAIN = decodeURIComponent(
  new URL("../main.ts", import.meta.url).pathname,
);

async function parse(line: string): Promise<CommandLine> {
  const asked = await understandArgv(words(line));
  assert(!("text" in asked), "a text instead of a command");
  return asked;
}

async function textOf(line: string): Promise<string> {
  const asked = await understandArgv(words(line));
  assert("text" in asked, "a command instead of a text");
  return asked.text;
}

async function refused(line: string): Promise<string> {
  const error = await understandArgv(words(line)).then(
    () => undefined,
    (error) => error,
  );
  assert(
    error instanceof UserError && error.kind === "usage",
    `${line}: ${error}`,
  );
  return error.message;
}

// Words at blanks, quotes around what holds together.
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) =>
    quoted ?? bare ?? ""
  );
}

Deno.test("parseArgv() reads the Codex SDK's order of flags", async () => {
  assert.deepEqual(
    await parse(
      `exec --experimental-json --config 'model_provider="x"' --config openai_base_url="http://h/v1" ` +
        "--model m --thread-source sdk --sandbox workspace-write --cd /w --add-dir /a --add-dir /b " +
        `--skip-git-repo-check --output-schema /s.json --config 'model_reasoning_effort="high"' ` +
        "resume 0199c3 --image /1.png --image /2.png",
    ),
    {
      command: "exec resume",
      args: ["0199c3"],
      flags: {
        json: true,
        config: [
          'model_provider="x"',
          'openai_base_url="http://h/v1"',
          'model_reasoning_effort="high"',
        ],
        model: "m",
        threadSource: "sdk",
        sandbox: "workspace-write",
        cd: "/w",
        addDir: ["/a", "/b"],
        skipGitRepoCheck: true,
        outputSchema: "/s.json",
        image: ["/1.png", "/2.png"],
      },
    },
  );
});

Deno.test("parseArgv() takes flags before and after a command, the later winning, lists going on", async () => {
  assert.deepEqual(
    await parse("-m a -c x=1 exec -m b -c y=2 resume --last -c z=3 'go on'"),
    {
      command: "exec resume",
      args: [],
      prompt: "go on",
      flags: { model: "b", config: ["x=1", "y=2", "z=3"], last: true },
    },
  );
  assert.deepEqual((await parse("exec 'do it' --json")).flags, { json: true });
});

Deno.test("parseArgv() tells a session from a prompt", async () => {
  const of = async (line: string): Promise<unknown> => {
    const { args, prompt } = await parse(line);
    return [args, prompt];
  };
  assert.deepEqual(await of("exec resume ID 'go on'"), [["ID"], "go on"]);
  assert.deepEqual(await of("exec resume ID"), [["ID"], undefined]);
  assert.deepEqual(await of("exec resume --last 'go on'"), [[], "go on"]);
  assert.deepEqual(await of("exec resume --last"), [[], undefined]);
  assert.deepEqual(await of("fork ID -"), [["ID"], "-"]);
  assert.deepEqual(await of("exec -"), [[], "-"]);
  assert.deepEqual(await of("exec -- resume"), [[], "resume"]);
  assert.deepEqual(await of("exec -- --help"), [[], "--help"]);
  assert.deepEqual(await of("-- exec"), [[], "exec"]);
  assert.deepEqual(await of("'what is this?'"), [[], "what is this?"]);
});

Deno.test("parseArgv() takes one image, a comma list, several words and repeats", async () => {
  const of = async (line: string): Promise<unknown> => {
    const { flags, prompt } = await parse(line);
    return [flags.image, prompt];
  };
  assert.deepEqual(await of("exec -i a.png 'what is it'"), [
    ["a.png"],
    "what is it",
  ]);
  assert.deepEqual(await of("exec -i a.png,b.jpg 'what'"), [
    ["a.png", "b.jpg"],
    "what",
  ]);
  assert.deepEqual(await of("exec -i a.png b.JPEG -i c.gif 'what'"), [
    ["a.png", "b.JPEG", "c.gif"],
    "what",
  ]);
  assert.deepEqual(await of("exec 'what' --image=a.png"), [["a.png"], "what"]);
});

Deno.test("parseArgv() passes the words of a sandboxed command on untouched", async () => {
  assert.deepEqual(
    await parse("sandbox -s read-only -C /w --backend none -- ls -la --help"),
    {
      command: "sandbox",
      args: ["ls", "-la", "--help"],
      flags: { sandbox: "read-only", cd: "/w", backend: "none" },
    },
  );
  assert.deepEqual((await parse("sandbox ls -la")).args, ["ls", "-la"]);
  assert.deepEqual(
    (await parse("policy explain -- 'npm test | tee log'")).args,
    [
      "npm test | tee log",
    ],
  );
  assert.deepEqual(
    (await parse("mcp add docs --env A=1 -- npx -y server")).args,
    [
      "docs",
      "npx",
      "-y",
      "server",
    ],
  );
});

Deno.test("parseArgv() reads times, counts, money and limits", async () => {
  assert.deepEqual(
    (await parse(
      "exec --timeout 1h30m --approval-timeout 90 --max-tokens 1.5M --max-requests 20 " +
        "--max-cost 0.50 --raise tokens=+50k --raise requests=9 x",
    )).flags,
    {
      timeoutMs: 5_400_000,
      approvalTimeoutMs: 90_000,
      maxTokens: 1_500_000,
      maxRequests: 20,
      maxCost: 0.5,
      raise: [
        { limit: "tokens", amount: 50_000, relative: true },
        { limit: "requests", amount: 9, relative: false },
      ],
    },
  );
  const prune = await parse("sessions prune --older-than 30d");
  assert.equal(prune.flags.olderThanMs, 30 * 86_400_000);
});

Deno.test("parseArgv() knows the other spellings", async () => {
  assert.equal((await parse("e x")).command, "exec");
  assert.deepEqual((await parse("--yolo --full-auto --no-alt-screen")).flags, {
    bypass: true,
    fullAuto: true,
    noAltScreen: true,
  });
  assert.deepEqual((await parse("exec -mgpt -cmodel=x -qo last.txt x")).flags, {
    model: "gpt",
    config: ["model=x"],
    quiet: true,
    outputLastMessage: "last.txt",
  });
});

Deno.test("parseArgv() refuses with the reason and what was meant", async () => {
  const cases: [string, RegExp][] = [
    [
      "exec --jsno x",
      /^Cannot use --jsno: rondo exec has no such flag, did you mean --json$/,
    ],
    ["--modle x", /rondo has no such flag, did you mean --model$/],
    ["exec -Z", /^Cannot use -Z: rondo exec has no such flag$/],
    ["exec -m", /^Cannot use -m: its value is missing$/],
    ["exec -s full x", /must be one of read-only, workspace-write/],
    ["exec --timeout soon x", /must be a duration, e.g. 90/],
    ["exec --timeout 0 x", /must be a duration/],
    ["exec --max-tokens -5 x", /must be a whole number above 0/],
    ["exec --max-tokens 1.5 x", /must be a whole number above 0/],
    ["exec --raise speed=2 x", /LIMIT one of requests, tokens/],
    [
      "exec two words",
      /unexpected argument "words"; put a prompt of several words in quotes/,
    ],
    ["exec resume --last ID p", /unexpected argument "p"/],
    ["schema", /TOPIC is missing/],
    ["schema evnets", /TOPIC is "evnets", must be one of events, config/],
    ["completion ksh", /must be one of bash, zsh, fish/],
    ["mcp", /its command is missing, must be one of list, get/],
    ["mcp lst", /unknown command "lst".*did you mean list/],
    ["sessions show", /ID is missing/],
    ["sandbox", /COMMAND is missing/],
    ["docter", /no such command, did you mean doctor/],
    ["exec --deltas x", /--deltas needs --json/],
    ["exec --events native x", /--events needs --json/],
    ["exec --input jsonl x", /--input jsonl needs --json/],
    ["exec --json --output-format json x", /exclude each other/],
    ["exec -q -v x", /exclude each other/],
    ["undo --dry-run -y", /exclude each other/],
    ["sessions prune --dry-run --yes", /exclude each other/],
    ["exec --replay-mode full x", /needs --replay/],
    ["exec --json --input jsonl --stdin x", /exclude each other/],
    ["exec --approvals ask x", /must be exec:CMD or deny/],
    ["exec review --base main --uncommitted", /exclude each other/],
  ];
  for (const [line, message] of cases) {
    assert.match(await refused(line), message, line);
  }
});

Deno.test("parseArgv() prints help and version wherever they are asked for", async () => {
  assert.equal(await textOf("exec --version"), `${PROGRAM} ${VERSION}\n`);
  assert.equal(await textOf("help exec"), await textOf("exec --help"));
  assert.equal(await textOf("exec resume -h"), await textOf("exec -h resume"));
  assert.match(
    await textOf("policy --help"),
    /^Explain and test .*\n\nUsage: rondo policy/,
  );
});

Deno.test("every command is parsed from its own words and from its examples", async () => {
  for (const name of commandNames()) {
    const spec = COMMANDS[name];
    const needed = spec.args.filter(({ isRequired }) => isRequired)
      .map(({ choices }) => choices?.[0] ?? "word");
    const asked = await understandArgv([...pathOf(name), ...needed]);
    assert(!("text" in asked));
    const long = name === "review" ? "exec review" : name;
    assert.equal(asked.command, long);
    assert(spec.examples.length > 0, name);
    for (const example of spec.examples) {
      const own = /(?:^|\| |\()rondo\s?(.*?)(?: [|<>]|\)|$)/.exec(
        example.replaceAll('"', "'"),
      );
      assert(own, example);
      const parsed = await understandArgv(words(own[1] ?? ""));
      assert(!("text" in parsed) && parsed.command === long, example);
    }
  }
});

Deno.test("no command has two flags of one spelling, and no flag is without a command", () => {
  const used = new Set<string>();
  for (const name of commandNames()) {
    const seen = new Set<string>(["-h", "--help", "-V", "--version"]);
    for (const flag of COMMANDS[name].flags) {
      used.add(flag);
      const { long, short, aliases = [] } = FLAGS[flag];
      for (
        const spelling of [
          long,
          ...aliases,
          ...(short === undefined ? [] : [short]),
        ]
      ) {
        assert(!seen.has(spelling), `${name} ${spelling}`);
        seen.add(spelling);
      }
    }
  }
  assert.deepEqual(Object.keys(FLAGS).filter((flag) => !used.has(flag)), []);
  for (const word of Object.keys(GROUPS)) {
    assert(commandNames().some((name) => name.startsWith(`${word} `)), word);
  }
});

// The program itself, in a child that may touch nothing.
async function run(
  args: readonly string[],
  permissions: readonly string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", ...permissions, MAIN, ...args],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("version, help, schemas, completion and manual touch neither disk nor network", async () => {
  assert.deepEqual(await run(["--version"]), {
    code: 0,
    out: `${PROGRAM} ${VERSION}\n`,
    err: "",
  });
  // commander looks at NO_COLOR and its like; nothing else is allowed.
  const env = ["--allow-env"];
  const asked = [["--help"], ["exec", "-h"], ["schema", "events"], [
    "completion",
    "zsh",
  ], ["man"]];
  for (const args of asked) {
    const { code, out, err } = await run(args, env);
    assert.deepEqual([code, err], [0, ""], args.join(" "));
    assert(out.length > 300, args.join(" "));
  }
});

Deno.test("a wrong command line ends with 2 and points to the help", async () => {
  const { code, out, err } = await run(["exec", "--nope"], ["--allow-env"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.equal(
    err,
    "Error: Cannot use --nope: rondo exec has no such flag\nSee rondo exec --help\n",
  );
});

Deno.test("a reader that leaves is no reason to complain", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-env", MAIN, "schema", "events"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const err = await new Response(child.stderr).text();
  assert.deepEqual([(await child.status).code, err], [1, ""]);
});

Deno.test("what cannot be printed is an exit code, not a bug", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const cases: [string, number][] = [
    ["--version >/dev/full", 1],
    ["--help >/dev/full", 1],
    ["schema events >/dev/full", 1],
    ["features list >/dev/full", 1],
    ["exec --modle x hi 2>/dev/full", 2],
    ["exec --json --modle x hi >/dev/full", 2],
  ];
  const runs = cases.map(async ([words, code]) => {
    const script = `exec "$@" ${words}`;
    const own = ["run", "--quiet", "--no-check", "-A", MAIN];
    const run = await new Deno.Command("/bin/sh", {
      args: ["-c", script, "sh", Deno.execPath(), ...own],
      stdin: "null",
    }).output();
    const err = new TextDecoder().decode(run.stderr);
    assert.equal(run.code, code, `${words}: ${err}`);
    assert.doesNotMatch(err, /bug|Uncaught/, words);
  });
  await Promise.all(runs);
});

Deno.test("rondo apply-patch applies what is on stdin to the directory it is in", async () => {
  const dir = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", MAIN, "apply-patch"],
    cwd: dir,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(
    new TextEncoder().encode(
      "*** Begin Patch\n*** Add File: a.txt\n+hi\n*** End Patch\n",
    ),
  );
  await writer.close();
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stdout), /^Success\..*\nA a\.txt\n$/);
  assert.equal(await Deno.readTextFile(`${dir}/a.txt`), "hi\n");
  await Deno.remove(dir, { recursive: true });
});
