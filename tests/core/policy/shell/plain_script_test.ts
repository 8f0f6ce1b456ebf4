/** The plain-script reader: a table, and a real bash as the judge of random scripts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseScript } from "../../../../core/policy/shell/plain_script.ts";
import { runInBash } from "./support_bash.ts";

function wordsOf(script: string): unknown {
  return parseScript(script)?.map(({ words }) => words);
}

const FUZZ = Number(Deno.env.get("SHELL_FUZZ") ?? "2000");

Deno.test("parseScript() reads literal words and the four operators", () => {
  const table: [string, string[][]][] = [
    ["ls", [["ls"]]],
    ["  ls   -la\t/tmp  \n", [["ls", "-la", "/tmp"]]],
    ["a && b || c ; d | e", [["a"], ["b"], ["c"], ["d"], ["e"]]],
    ["a&&b||c;d|e", [["a"], ["b"], ["c"], ["d"], ["e"]]],
    ["ls;", [["ls"]]],
    ["'git status' x", [["git status", "x"]]],
    [`echo 'a b'"c d"e`, [["echo", "a bc de"]]],
    [`echo "it's" '"x"'`, [["echo", "it's", '"x"']]],
    [`echo '' ""`, [["echo", "", ""]]],
    ["echo '$HOME `id` \\ * ~ # !'", [["echo", "$HOME `id` \\ * ~ # !"]]],
    [`echo "a * ? ~ # {x} [y] ; | & > <"`, [[
      "echo",
      "a * ? ~ # {x} [y] ; | & > <",
    ]]],
    ["echo 'two\nlines'", [["echo", "two\nlines"]]],
    [`git commit -m "Grüße"`, [["git", "commit", "-m", "Grüße"]]],
    ["env A=b cmd", [["env", "A=b", "cmd"]]],
    ["make CC=gcc-12", [["make", "CC=gcc-12"]]],
    ["./x.sh --a=b,c:d@e%f+g", [["./x.sh", "--a=b,c:d@e%f+g"]]],
    ["echo if then", [["echo", "if", "then"]]],
    ["ls\npwd\n\n# done\nid # who\n", [["ls"], ["pwd"], ["id"]]],
    ["# first\nls", [["ls"]]],
    ["a &&\n  b |\n  # c\n  d", [["a"], ["b"], ["d"]]],
    ["ls \\\n  -l", [["ls", "-l"]]],
    ["echo 'a#b' #c", [["echo", "a#b"]]],
    ["make 2>&1 | tail -20", [["make"], ["tail", "-20"]]],
    ["a >/dev/null 2>&1 && b 2> /dev/null </dev/null x", [["a"], ["b", "x"]]],
    ["a&>/dev/null;b>&2", [["a"], ["b"]]],
    ["time ls", [["ls"]]],
    ["set -euo pipefail; ls", [["set", "-euo", "pipefail"], ["ls"]]],
  ];
  for (const [script, words] of table) {
    assert.deepEqual(wordsOf(script), words, script);
  }
});

Deno.test("parseScript() cannot tell when a shell would do anything of its own", () => {
  const odd = [
    // nothing, or nothing between operators
    "",
    " ",
    ";",
    "&&",
    "a &&",
    "a |",
    "a ;; b",
    "a && ; b",
    "; a",
    "a || | b",
    // expansions
    "echo $HOME",
    'echo "$HOME"',
    "echo ${x}",
    "echo $(id)",
    "echo `id`",
    'echo "`id`"',
    "echo $((1+1))",
    "echo $'a'",
    'echo $"a"',
    "ls *.ts",
    "ls ?",
    "ls [ab]",
    "ls ~",
    "ls ~root",
    "ls a:~",
    "echo {a,b}",
    "echo {1..3}",
    "echo =ls",
    // redirections and jobs
    "ls > x",
    "ls >> x",
    "cat < x",
    "cat <<E\nE",
    "cat <<< x",
    "ls > /dev/null2",
    "ls >/dev/null/x",
    "ls 2>&1x",
    "ls 2>&3",
    "ls >/dev/sda",
    "2>&1",
    "> /dev/null",
    "ls &> x",
    "ls &",
    "a & b",
    "a |& b",
    "a &&& b",
    // structure
    "(ls)",
    "{ ls; }",
    "f() { ls; }",
    "if true; then ls; fi",
    "! ls",
    "for x in a; do ls; done",
    "while true; do ls; done",
    "case x in x) ls;; esac",
    "[[ a ]]",
    "((1))",
    "function f",
    "coproc ls",
    "select x in a",
    // assignments
    "A=b",
    "A+=b ls",
    "A[0]=b ls",
    "ls && A=b",
    // escapes, comments, history, control characters
    "echo a\\ b",
    'echo "a\\b"',
    "echo a#b",
    "echo !x",
    'echo "a!"',
    "ls\r",
    "ls \0",
    "echo 'a\x01'",
    "echo 'a\rb'",
    "ls\x0b",
    "ls ^x",
    "ls\u00a0x",
    "echo é",
    "echo \ud800",
    // open quotes
    "echo 'a",
    'echo "a',
    "echo 'it''s'",
    // builtins that read code or change the shell
    "eval ls",
    ". x",
    "source x",
    "exec ls",
    "export A=b",
    "declare A=b",
    "alias a=b",
    "set +e",
    "set -- x",
    "set -a",
    "set x",
    "time",
    "time -p ls",
    "time ! ls",
    "a\\\nb",
    "ls \\",
    "ls;\n;",
    "a &&\n&& b",
    "# nothing",
    "shopt -s x",
    "trap ls EXIT",
    "read x",
    "unset x",
    "hash -p x ls",
    "builtin eval x",
    "command eval x",
    "test -v 'a[$(id)]'",
    "[ a ]",
    "let x=1",
    "printf -v x y",
    "mapfile x",
    "wait -p x",
    "'eval' ls",
    "compgen -W 'x'",
    "%1",
    "- ls",
    "'' x",
    "x".repeat(70_000),
  ];
  for (const script of odd) {
    assert.equal(wordsOf(script), undefined, JSON.stringify(script));
  }
});

Deno.test("time behind a pipe is a program, not the shell's word", () => {
  assert.equal(parseScript("x | time y"), undefined);
  assert.deepEqual(parseScript("x | y; time z")?.at(-1)?.words, ["z"]);
});

Deno.test("parseScript() keeps literal assignments apart and names the operators", () => {
  assert.deepEqual(parseScript("A=b C='d e' ls && time x 2>&1 | y;"), [
    {
      assignments: [["A", "b"], ["C", "d e"]],
      words: ["ls"],
      folded: [],
      joiner: "&&",
    },
    { assignments: [], words: ["x"], folded: ["time", "2>&1"], joiner: "|" },
    { assignments: [], words: ["y"], folded: [], joiner: ";" },
  ]);
  assert.equal(parseScript("A=$x ls"), undefined);
  assert.equal(parseScript("A=b"), undefined);
});

Deno.test("parseScript() never differs from what a real bash would run", async () => {
  const seed = Date.now();
  const scripts = fc.sample(arbitraryScript(), { numRuns: FUZZ, seed });
  // A name with a slash never reaches bash's handler of unknown commands.
  const plain = scripts.flatMap((script) => {
    const commands = parseScript(script);
    return commands === undefined ||
        commands.some(({ assignments, words }) =>
          assignments.length > 0 || words[0]?.includes("/")
        )
      ? []
      : [{ script, commands }];
  });
  // Otherwise the property would hold for a reader that knows nothing.
  assert.ok(plain.length > FUZZ / 10, `only ${plain.length} plain of ${FUZZ}`);
  for (const status of [0, 1] as const) {
    const runs = await runInBash(plain.map(({ script }) => script), status);
    for (const [at, { script, commands }] of plain.entries()) {
      const expected: (readonly string[])[] = [];
      let runsNext = true;
      for (const { words, joiner } of commands) {
        if (runsNext) expected.push(words);
        // With one and the same status for all, `&&` and `||` are known in advance.
        if (joiner === "&&") runsNext = status === 0;
        else if (joiner === "||") runsNext = status === 1;
        else if (joiner === ";") runsNext = true;
      }
      assert.deepEqual(
        [...(runs[at] ?? [])].map((one) => JSON.stringify(one)).sort(),
        expected.map((one) => JSON.stringify(one)).sort(),
        `seed ${seed}, status ${status}: ${JSON.stringify(script)}`,
      );
    }
  }
});

// Mostly sane scripts, some of them with one odd thing put in anywhere.
function arbitraryScript(): fc.Arbitrary<string> {
  const odd = fc.constantFrom(
    ..."$`\\*?[]{}~!#&|;<>()=^%'\"\n\r\t -+@:,.".split(""),
    "$a",
    "${a}",
    "$(a)",
    "`a`",
    "<<E",
    "&&",
    "||",
    ">f",
    "2>&1",
    " >/dev/null ",
    "&>/dev/null",
    "\n#a\n",
    " \\\n ",
    "A=b ",
    " #",
    "é",
    "~/",
    "=ls",
    "{a,b}",
    "\\\n",
    "$'",
    "|&",
    ";;",
    "''",
    '""',
    "!!",
    "a[0]=",
    "\u00a0",
    "\x01",
    "\x7f",
    " eval ",
    " if ",
    " time ",
    " ! ",
    " { ",
    " } ",
    "'\\''",
  );
  const inner = fc.string({
    unit: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(..."ab c/.-=\n\té🙂".match(/./gsu) ?? []),
      },
      { weight: 1, arbitrary: odd },
    ),
    maxLength: 6,
  });
  const piece = fc.oneof(
    fc.constantFrom(
      "a",
      "b1",
      "-x",
      "--y=z",
      "x/y",
      "a.b",
      "1",
      "a,b",
      "a:b",
      "@",
      "%",
      "+",
    ),
    inner.map((text) => `'${text.replaceAll("'", "")}'`),
    inner.map((text) => `"${text.replaceAll('"', "")}"`),
  );
  const word = fc.array(piece, { minLength: 1, maxLength: 3 }).map((all) =>
    all.join("")
  );
  const name = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        "cmd",
        "ls",
        "git",
        "echo",
        "cd",
        "true",
        "no-such",
        "x1",
      ),
    },
    { weight: 1, arbitrary: word },
  );
  const blank = fc.constantFrom(" ", "  ", "\t");
  const command = fc.tuple(name, blank, fc.array(word, { maxLength: 3 }))
    .map(([first, gap, rest]) => [first, ...rest].join(gap));
  const operator = fc.constantFrom(
    " && ",
    "&&",
    " || ",
    "||",
    " ; ",
    ";",
    " | ",
    "|",
  );
  const script = fc.tuple(
    command,
    fc.array(fc.tuple(operator, command), { maxLength: 3 }),
  )
    .map(([first, rest]) => first + rest.map((pair) => pair.join("")).join(""));
  const broken = fc.tuple(script, odd, fc.nat()).map(([text, what, at]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + what + text.slice(place);
  });
  return fc.oneof(script, broken, fc.string({ unit: odd, maxLength: 8 }));
}
