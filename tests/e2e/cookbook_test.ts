/** Every recipe of the cookbook, run as it stands with the real program. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import * as z from "zod";
import {
  type MockModel,
  mockModel,
  say,
  type Step,
} from "../support/mock_model.ts";
import { call } from "../support/mock_script.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  isCompiled,
  mockConfig,
} from "../support/run_agent.ts";
import {
  fileSnippet,
  runAsReader,
  type ShellRun,
  snippetsOf,
} from "../support/snippets.ts";

const COOKBOOK = "scripts/cookbook/README.md";
const ACTION = new URL("../../.github/actions/review/", import.meta.url);

// Without one of these the recipes that use it cannot be tried.
function hasProgram(name: string): boolean {
  const { code } = new Deno.Command("sh", {
    args: ["-c", `command -v ${name}`],
    stdout: "null",
  }).outputSync();
  if (code !== 0) console.warn(`SKIPPED: there is no ${name}`);
  return code === 0;
}

interface Kitchen extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  run(...argv: [string, ...string[]]): Promise<ShellRun>;
}

// A repository with one commit and one change, which commands may work in.
async function openKitchen(script: readonly Step[]): Promise<Kitchen> {
  const model = mockModel({ script });
  const home = await agentHome({
    files: { "main.c": "int main(){return 0;}\n" },
  });
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, {
      bottom: `[projects.${
        JSON.stringify(home.work)
      }]\ntrust_level = "trusted"`,
    }),
  );
  const run = (...argv: [string, ...string[]]): Promise<ShellRun> =>
    runAsReader(home, argv);
  for (
    const line of [
      "git init -q -b main",
      "git config user.name me && git config user.email me@localhost",
      "git add -A && git commit -qm start",
      "echo 'int main(){return 1;}' > main.c && git add main.c",
    ]
  ) {
    const { code, stderr } = await run("sh", "-c", line);
    assert.equal(code, 0, stderr);
  }
  return {
    model,
    home,
    run,
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function review(home: string, priority?: number): Step {
  const finding = {
    title: "Returns 1",
    body: "A caller takes that for a failure.",
    confidence_score: 0.9,
    priority,
    code_location: {
      absolute_file_path: `${home}/main.c`,
      line_range: { start: 1, end: 1 },
    },
  };
  return say(JSON.stringify({
    findings: priority === undefined ? [] : [finding],
    overall_correctness: "patch is incorrect",
    overall_explanation: "One thing.",
    overall_confidence_score: 1,
  }));
}

async function write(home: AgentHome, file: string): Promise<void> {
  await Deno.writeTextFile(
    `${home.work}/${file}`,
    await fileSnippet(COOKBOOK, file),
  );
}

Deno.test("the cookbook has no text that no test here takes", async () => {
  const named = (await snippetsOf(COOKBOOK)).map(({ language, file }) =>
    file ?? language
  );
  assert.deepEqual(named, [
    ".github/workflows/review.yml",
    "crontab",
    ".git/hooks/pre-commit",
    ".pre-commit-config.yaml",
    "try.sh",
    "Makefile",
    "job.yaml",
    "embed.mjs",
    "embed.py",
  ]);
});

Deno.test({
  name:
    "the review action writes the findings for people, and an urgent one fails the job",
  ignore: !hasProgram("jq"),
  fn: async () => {
    await using kitchen = await openKitchen([]);
    const { home, model, run } = kitchen;
    await run("sh", "-c", "git branch base && git commit -qm change");
    const script = new URL("review.sh", ACTION).pathname;
    const act = (failOn: string): Promise<ShellRun> =>
      runAsReader(home, ["bash", script], { BASE: "base", FAIL_ON: failOn });
    model.add(review(home.work, 1));
    const urgent = await act("1");
    assert.equal(urgent.code, 1, urgent.stderr);
    assert.equal(
      await Deno.readTextFile(`${home.work}/review.md`),
      "## Review by rondo\n\nOne thing.\n\n- **P1 Returns 1** (`main.c:1`): A caller takes that for a failure.\n",
    );
    model.add(review(home.work, 1), review(home.work, 2));
    assert.equal((await act("never")).code, 0);
    assert.equal((await act("1")).code, 0);
    model.add(say("I could not look."));
    assert.equal((await act("1")).code, 0);
    assert.match(
      await Deno.readTextFile(`${home.work}/review.md`),
      /no list of findings/,
    );
  },
});

const Step = z.strictObject({
  name: z.string(),
  id: z.string().optional(),
  if: z.string().optional(),
  shell: z.literal("bash"),
  env: z.record(z.string(), z.string()),
  run: z.string(),
});

// docs.github.com: metadata syntax for GitHub Actions
const Action = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputs: z.record(
    z.string(),
    z.strictObject({
      description: z.string(),
      required: z.boolean().optional(),
      default: z.string().optional(),
    }),
  ),
  runs: z.strictObject({
    using: z.literal("composite"),
    steps: z.array(Step),
  }),
});

// docs.github.com: workflow syntax for GitHub Actions
const Workflow = z.strictObject({
  name: z.string(),
  on: z.literal("pull_request"),
  permissions: z.record(z.string(), z.enum(["read", "write"])),
  jobs: z.record(
    z.string(),
    z.strictObject({
      if: z.string(),
      "runs-on": z.string(),
      steps: z.array(z.strictObject({
        uses: z.string(),
        with: z.record(z.string(), z.union([z.string(), z.number()])),
      })),
    }),
  ),
});

Deno.test("the action and the workflow that uses it fit GitHub's syntax and each other", async () => {
  const action = Action.parse(
    parse(await Deno.readTextFile(new URL("action.yml", ACTION))),
  );
  const workflow = Workflow.parse(
    parse(await fileSnippet(COOKBOOK, ".github/workflows/review.yml")),
  );
  const { inputs } = action;
  // An expression in a script would run what a branch is called.
  for (const { run } of action.runs.steps) assert.doesNotMatch(run, /\$\{\{/);
  const [, use] = workflow.jobs["review"]?.steps ?? [];
  assert.equal(use?.uses, "./.github/actions/review");
  for (const name of Object.keys(use?.with ?? {})) assert.ok(name in inputs);
  const given = Object.keys(use?.with ?? {});
  const needed = Object.entries(inputs).filter(([, one]) => one.required);
  for (const [name] of needed) assert.ok(given.includes(name), name);
});

Deno.test("the line of the crontab has five times and a command that writes its report", async () => {
  await using kitchen = await openKitchen([say("Nothing looks wrong.")]);
  const { home, run } = kitchen;
  const line =
    (await snippetsOf(COOKBOOK)).find(({ language }) => language === "crontab")
      ?.text.trim() ?? "";
  const [, command] = /^(?:[\d*,/-]+ +){5}(.*)$/.exec(line) ?? [];
  assert.ok(command);
  assert.doesNotMatch(line, /[%\n]/);
  await Deno.symlink(home.work, `${home.home}/project`);
  const done = await run("sh", "-c", command);
  const log = await Deno.readTextFile(`${home.home}/rondo.log`);
  assert.equal(done.code, 0, log);
  assert.equal(
    (await Deno.readTextFile(`${home.home}/report.md`)).trim(),
    "Nothing looks wrong.",
  );
});

Deno.test("the hook stops a commit for an urgent finding, and for nothing else", async () => {
  await using kitchen = await openKitchen([]);
  const { home, model, run } = kitchen;
  const hook = ".git/hooks/pre-commit";
  await write(home, hook);
  await Deno.chmod(`${home.work}/${hook}`, 0o755);
  model.add(review(home.work, 0));
  const stopped = await run("git", "commit", "-m", "change");
  assert.equal(stopped.code, 1, stopped.stderr);
  assert.match(stopped.stderr, /found something urgent/);
  model.add(review(home.work, 2));
  const passed = await run("git", "commit", "-m", "change");
  assert.equal(passed.code, 0, passed.stderr);
  // The script is at its end: the server answers with an error.
  await run("sh", "-c", "echo >> main.c && git add main.c");
  const failed = await run("git", "commit", "-m", "unreviewed");
  assert.equal(failed.code, 0, failed.stderr);
});

Deno.test("a change is tested in a copy, and comes into the folder after a yes alone", async () => {
  const patch = [
    "*** Begin Patch",
    "*** Add File: good.txt",
    "+good",
    "*** End Patch",
  ].join("\n");
  await using kitchen = await openKitchen(
    [0, 1].flatMap(() => [
      call("apply_patch", { input: patch }),
      say("done"),
    ]),
  );
  const { home, run } = kitchen;
  await write(home, "try.sh");
  await Deno.writeTextFile(`${home.work}/test.sh`, "test -f good.txt\n");
  const no = await run("sh", "-c", "echo n | sh try.sh task");
  assert.equal(no.code, 1, no.stderr);
  assert.match(no.stdout, /^A good\.txt$/m);
  assert.throws(() => Deno.statSync(`${home.work}/good.txt`));
  const yes = await run("sh", "-c", "echo y | sh try.sh task");
  assert.equal(yes.code, 0, yes.stderr);
  assert.equal(await Deno.readTextFile(`${home.work}/good.txt`), "good\n");
});

Deno.test("the pre-commit configuration fits its schema", async () => {
  // pre-commit.com: .pre-commit-config.yaml
  z.strictObject({
    repos: z.array(z.strictObject({
      repo: z.literal("local"),
      hooks: z.array(z.strictObject({
        id: z.string(),
        name: z.string(),
        entry: z.string(),
        language: z.literal("system"),
        pass_filenames: z.literal(false),
        always_run: z.literal(true),
      })),
    })),
  }).parse(parse(await fileSnippet(COOKBOOK, ".pre-commit-config.yaml")));
});

Deno.test({
  name: "make writes notes and lets a fix change the folder",
  ignore: !hasProgram("make"),
  fn: async () => {
    await using kitchen = await openKitchen([
      say("Notes."),
      say("Fixed."),
      call("shell", { command: ["sh", "-c", "echo fixed > main.c"] }),
      say("Now it is."),
    ]);
    const { home, run } = kitchen;
    await write(home, "Makefile");
    const notes = await run("make", "NOTES.md");
    assert.equal(notes.code, 0, notes.stderr);
    assert.match(await Deno.readTextFile(`${home.work}/NOTES.md`), /^Notes\./);
    await run("sh", "-c", "echo return 1 > main.c");
    const fix = await run("make", "fix");
    assert.equal(fix.code, 0, fix.stderr);
    assert.match(fix.stdout, /^Now it is\.$/m);
    assert.equal(await Deno.readTextFile(`${home.work}/main.c`), "fixed\n");
  },
});

const Quantity = z.string().regex(/^\d+(m|Mi|Gi)?$/);

// kubernetes.io: API reference, batch/v1 Job and core/v1 PodSpec
const Job = z.strictObject({
  apiVersion: z.literal("batch/v1"),
  kind: z.literal("Job"),
  metadata: z.strictObject({ name: z.string().regex(/^[a-z0-9-]{1,63}$/) }),
  spec: z.strictObject({
    backoffLimit: z.int(),
    activeDeadlineSeconds: z.int(),
    ttlSecondsAfterFinished: z.int(),
    template: z.strictObject({
      spec: z.strictObject({
        restartPolicy: z.enum(["Never", "OnFailure"]),
        automountServiceAccountToken: z.boolean(),
        securityContext: z.strictObject({
          runAsNonRoot: z.boolean(),
          runAsUser: z.int(),
          fsGroup: z.int(),
          seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
        }),
        containers: z.tuple([z.strictObject({
          name: z.string(),
          image: z.string(),
          workingDir: z.string(),
          command: z.tuple([z.literal("rondo")]),
          args: z.array(z.string()),
          env: z.array(z.union([
            z.strictObject({ name: z.string(), value: z.string() }),
            z.strictObject({
              name: z.string(),
              valueFrom: z.strictObject({
                secretKeyRef: z.strictObject({
                  name: z.string(),
                  key: z.string(),
                }),
              }),
            }),
          ])),
          securityContext: z.strictObject({
            allowPrivilegeEscalation: z.literal(false),
            readOnlyRootFilesystem: z.literal(true),
            capabilities: z.strictObject({ drop: z.array(z.string()) }),
          }),
          resources: z.record(z.string(), z.record(z.string(), Quantity)),
          volumeMounts: z.array(
            z.strictObject({ name: z.string(), mountPath: z.string() }),
          ),
        })]),
        volumes: z.array(
          z.strictObject({ name: z.string(), emptyDir: z.strictObject({}) }),
        ),
      }),
    }),
  }),
});

Deno.test({
  name:
    "the Kubernetes job fits its schema, and its command does the work with a read-only root and without a home",
  ignore: !hasProgram("bwrap") || !isCompiled(),
  fn: async () => {
    const job = Job.parse(parse(await fileSnippet(COOKBOOK, "job.yaml")));
    const { containers: [container], volumes } = job.spec.template.spec;
    assert.deepEqual(
      container.volumeMounts.map(({ name }) => name),
      volumes.map(({ name }) => name),
    );
    const environment = Object.fromEntries(
      container.env.flatMap((one) =>
        "value" in one ? [[one.name, one.value]] : []
      ),
    );
    await using kitchen = await openKitchen([
      call("shell", { command: ["sh", "-c", "echo all > REPORT.md"] }),
      say("Written."),
    ]);
    const { home } = kitchen;
    const inPod = (...more: readonly string[]): Promise<ShellRun> =>
      runAsReader(home, [
        "env",
        ...["-u", "CODEX_HOME", "-u", "TMPDIR", "bwrap"],
        ...["--unshare-user", "--unshare-pid", "--uid", "65532"],
        ...["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"],
        ...["--tmpfs", "/tmp", "--dir", "/tmp/work"],
        ...["--bind", home.work, "/tmp/work", "--chdir", "/tmp/work"],
        ...["--ro-bind", agentCommand()[0], "/tmp/rondo", ...more, "--"],
        "/tmp/rondo",
        ...container.args,
      ], { ...environment, OPENAI_API_KEY: "k" });
    const done = await inPod("--bind", home.codexHome, "/tmp/.codex");
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /"type":"turn.completed".*\n$/);
    assert.equal(await Deno.readTextFile(`${home.work}/REPORT.md`), "all\n");
    // As in a new pod, where nobody has made a folder of settings: only OpenAI is missing.
    const alone = await inPod("--unshare-net");
    assert.equal(alone.code, 5, alone.stdout + alone.stderr);
  },
});

for (
  const [program, file] of [["node", "embed.mjs"], [
    "python3",
    "embed.py",
  ]] as const
) {
  Deno.test({
    name: `${file} hands on the answer and the exit code`,
    ignore: !hasProgram(program),
    fn: async () => {
      await using kitchen = await openKitchen([say("A folder with C.")]);
      const { home, run } = kitchen;
      await write(home, file);
      const done = await run(program, file, "What is here?");
      assert.equal(done.code, 0, done.stderr);
      assert.equal(JSON.parse(done.stdout).message, "A folder with C.");
      const failed = await run(program, file, "And now?");
      assert.notEqual(failed.code, 0, failed.stdout);
      assert.ok(failed.stderr.includes("script"), failed.stderr);
    },
  });
}
