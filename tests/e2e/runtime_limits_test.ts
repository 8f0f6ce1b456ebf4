/** What the runtime does not survive: mended or said before it starts, and then survived. */
import assert from "node:assert/strict";
import { call, say } from "../support/mock_model.ts";
import {
  agentCommand,
  type AgentRun,
  isCompiled,
} from "../support/run_agent.ts";
import {
  errorOf,
  hasBubblewrap,
  itemsOf,
  lastEvent,
  type Stage,
  stage,
} from "./support.ts";

const onlyCompiled = {
  ignore: Deno.build.os !== "linux" || !isCompiled(),
};

const inBubblewrap = {
  ignore: onlyCompiled.ignore || !hasBubblewrap(),
};

const NOT_UTF8 = "an argument that is not UTF-8";

/** Words of bash before the program, its exit code, and what it says. */
const SAID: readonly (readonly [string, string, number, RegExp])[] = [
  [NOT_UTF8, "set -- \"$@\" $'\\xff'", 2, /argument is not UTF-8.*stdin/],
  ["a surrogate", "set -- \"$@\" $'\\xed\\xa0\\x80'", 2, /is not UTF-8/],
  ["a name that is not UTF-8", "n=(-a $'\\xff')", 1, /name of the program/],
  [
    "a working folder that is gone",
    "mkdir gone; cd gone; rmdir ../gone",
    1,
    /working folder: it does not exist any more.*cd/,
  ],
  ["10 descriptors", "ulimit -n 10", 1, /fewer than 16 files.*ulimit -n/],
  [
    "20 descriptors of which 10 are in use",
    `ulimit -n 20; for i in {3..12}; do eval "exec $i</dev/null"; done`,
    1,
    /fewer than 16 files/,
  ],
  ["a stack of 64 KiB", "ulimit -s 64", 1, /stack.*ulimit -s/],
  ["an address space of 1 GB", "ulimit -v 1000000", 1, /space.*ulimit -v/],
  ["an address space of 34 GiB", "ulimit -v 35651584", 1, /space.*ulimit -v/],
  ["data of 512 MiB", "ulimit -d 524288", 1, /data.*ulimit -d/],
];

/** As small as they may be, or mended. */
const SURVIVED: readonly (readonly [string, string, number])[] = [
  ["20 descriptors", "ulimit -n 20", 0],
  [
    "100 descriptors in use of 200",
    `ulimit -n 200; for i in {3..102}; do eval "exec $i</dev/null"; done`,
    0,
  ],
  ["10 descriptors that may be more", "ulimit -S -n 10", 0],
  ["a stack of 192 KiB", "ulimit -s 192", 0],
  ["a stack of 64 KiB that may be larger", "ulimit -S -s 64", 0],
  ["an address space of 36 GiB", "ulimit -v 37748736", 0],
  ["1 GB of address space that may be more", "ulimit -S -v 1000000", 0],
  ["data of 768 MiB", "ulimit -d 786432", 0],
  ["64 MiB of data that may be more", "ulimit -S -d 65536", 0],
  ["files of 1 KiB", "ulimit -f 1", 9],
  ["a TMPDIR that is not there", "export TMPDIR=/no/such/folder", 0],
  ["an empty TMPDIR", "export TMPDIR=", 0],
  ["a relative TMPDIR", "export TMPDIR=relative", 0],
  ["a TMPDIR that is not UTF-8", "export TMPDIR=$'/tmp/\\xff'", 0],
  ["a language of twelve letters", "export LANG=abcdefghijkl", 0],
  ["one with a country", "export LC_ALL=abcdefghijkl_DE.UTF-8", 0],
  ["one for messages", "export LC_MESSAGES=i-abcdefghij", 0],
  [
    "a country of 300 letters",
    `export LANG=en_$(printf 'A%.0s' {1..300})`,
    0,
  ],
  [
    "TERM, TZ and NO_COLOR that are not UTF-8",
    "export TERM=$'\\xff' TZ=$'\\xff' NO_COLOR=$'\\xff'",
    0,
  ],
  ["a HOME that is not UTF-8", "export HOME=$'\\xff'", 3],
];

/** Runs the program from a bash that does something first. */
function after(before: string): { readonly under: readonly string[] } {
  return { under: ["bash", "-c", `${before}; exec "\${n[@]}" "$@"`, "bash"] };
}

function talk(): Promise<Stage> {
  return stage({ script: () => say("done") });
}

for (const [name, before, code, words] of SAID) {
  Deno.test(
    `${name} is said in a sentence and a last line`,
    onlyCompiled,
    async () => {
      await using s = await talk();
      const run = await s.json("hi", after(before));
      assert.equal(run.code, code, run.stderr);
      assert.match(String(errorOf(run)["message"]), words);
      assert.equal(run.stderr, `Error: ${errorOf(run)["message"]}\n`);
      assert.equal(s.model.requests.length, 0);
    },
  );
}

for (const [name, before, code] of SURVIVED) {
  Deno.test(`${name} is survived`, onlyCompiled, async () => {
    await using s = await talk();
    const run = await s.json("hi", after(before));
    assert.equal(run.code, code, run.stderr);
  });
}

Deno.test(
  "a sentence has the form that the words ask for",
  onlyCompiled,
  async () => {
    await using s = await talk();
    const { under } = after("set -- \"$@\" $'\\xff'");
    const at = async (...args: string[]): Promise<AgentRun> =>
      await s.run(args, { under });
    const native = await at("exec", "--events", "native", "--json", "hi");
    const [first, last] = native.events;
    const time = Date.parse(String(last?.["ts"]));
    assert.ok(Math.abs(Date.now() - time) < 60_000, native.stdout);
    assert.deepEqual([first?.["seq"], last?.["seq"]], [0, 1]);
    const [result] = (await at("-C", "x", "e", "--output-format=json")).events;
    assert.equal(result?.["type"], "result");
    assert.equal(result?.["exit_code"], 2);
    // The words behind `--` are the prompt's, and another command's are its own.
    const words = ["exec hi", "exec -- --json", "sessions list exec --json"];
    for (const text of words) {
      const run = await at(...text.split(" "));
      assert.equal(run.stdout, "", text);
      assert.match(run.stderr, /^Error: Cannot read the command line/);
    }
  },
);

Deno.test(
  "a mended variable leaves all others as they are",
  onlyCompiled,
  async () => {
    await using s = await talk();
    const variables = async (before: string): Promise<Map<string, string>> => {
      const run = await s.run(
        ["sandbox", "-s", "danger-full-access", "--", "env", "-0"],
        after(`unset TMPDIR LANG; ${before}`),
      );
      assert.equal(run.code, 0, run.stderr);
      return new Map(
        run.stdout.split("\0").filter((line) =>
          /^(?!RONDO_COMMAND)./.test(line)
        ).map((line) => {
          const at = line.indexOf("=");
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      );
    };
    const plain = await variables("export A=1 TMPDIR=/tmp Z=2 LANG=C");
    const mended = await variables(
      "export A=1 TMPDIR=relative Z=2 LANG=abcdefghijklmn",
    );
    assert.deepEqual(mended, plain);
    assert.equal(mended.get("A"), "1");
    assert.equal(mended.get("Z"), "2");
  },
);

Deno.test(
  "without /dev/null a turn still runs its commands",
  inBubblewrap,
  async () => {
    for (const sandbox of ["danger-full-access", "workspace-write"]) {
      await using s = await stage({
        script: [
          call("shell", { command: ["bash", "-c", "cat; echo it ran"] }),
          say("done"),
        ],
      });
      const run = await s.json("hi", {
        sandbox,
        under: ["bwrap", "--bind", "/", "/", "--tmpfs", "/dev"],
      });
      assert.equal(run.code, 0, run.stderr);
      const [command] = itemsOf(run, "command_execution");
      assert.equal(command?.["aggregated_output"], "it ran\n", sandbox);
    }
  },
);

Deno.test(
  "without /dev/null closed streams are survived",
  inBubblewrap,
  async () => {
    await using s = await talk();
    const under = (closed: string): readonly string[] => [
      ...["bwrap", "--bind", "/", "/", "--tmpfs", "/dev"],
      ...["bash", "-c", `exec "$@" ${closed}`, "bash"],
    ];
    const silent = await s.json("hi", { under: under("<&- 2>&-") });
    assert.equal(lastEvent(silent)["exit_code"], 0);
    const gone = await s.human("hi", { under: under(">&-") });
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /Cannot write to stdout/);
  },
);

Deno.test("without /proc a sentence says so", inBubblewrap, async () => {
  await using s = await talk();
  const run = await s.json("hi", {
    under: ["bwrap", "--bind", "/", "/", "--tmpfs", "/proc"],
  });
  assert.equal(run.code, 1);
  assert.match(String(errorOf(run)["message"]), /\/proc is not mounted/);
});

Deno.test("a working folder on a disk that was taken away is said", {
  ignore: onlyCompiled.ignore || Deno.uid() !== 0,
}, async () => {
  await using s = await talk();
  const away =
    'mkdir m && mount -t tmpfs none m && cd m && umount -l "$OLDPWD/m"; exec "$@"';
  const run = await s.json("hi", {
    under: ["unshare", "-m", "bash", "-c", away, "bash"],
  });
  assert.equal(run.code, 1);
  assert.match(String(errorOf(run)["message"]), /working folder/);
});

Deno.test(
  "a user who may run no more threads is told so, and root is not bound",
  {
    ignore: onlyCompiled.ignore || Deno.uid() !== 0,
  },
  async () => {
    await using s = await talk();
    // Where any user may run it.
    await using copy = await copyProgram();
    const limited = (user: number, count: number): readonly string[] => [
      ...["setpriv", "--reuid", `${user}`, "--clear-groups", "bash", "-c"],
      `shift; ulimit -u ${count}; exec "${copy.path}" "$@"`,
      "bash",
    ];
    for (const count of [1, 4]) {
      const run = await s.json("hi", { under: limited(61_234, count) });
      assert.equal(run.code, 1);
      assert.match(
        String(errorOf(run)["message"]),
        /more processes.*ulimit -u/,
      );
    }
    const many = await s.run(["--version"], { under: limited(61_234, 40) });
    assert.equal(many.code, 0, many.stderr);
    const root = await s.json("hi", { under: limited(0, 1) });
    assert.equal(root.code, 0, root.stderr);
  },
);

/** In a folder that everybody may enter. */
async function copyProgram(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const folder = await Deno.makeTempDir({ dir: "/var/tmp" });
  await Deno.chmod(folder, 0o755);
  const path = `${folder}/rondo`;
  await Deno.copyFile(agentCommand()[0], path);
  await Deno.chmod(path, 0o755);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
