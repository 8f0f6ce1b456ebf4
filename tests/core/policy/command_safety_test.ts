/** Commands that only read, and dangers in every corner of a script. */
import assert from "node:assert/strict";
import {
  findDanger,
  findScriptDanger,
  isFilter,
  isKnownSafe,
} from "../../../core/policy/command_safety.ts";

Deno.test("isKnownSafe() knows the readers and their safe forms", () => {
  const safe = [
    "cat x",
    "ls -la",
    "/bin/ls",
    "/usr/bin/grep -r x .",
    "head -5 x",
    "wc -l",
    "tac x",
    "base64 x",
    "base64 -d x",
    "find . -name x -print",
    "rg x --glob *.ts",
    "sed -n 3p",
    "sed -n 3,9p file",
    "uniq",
    "uniq -c file",
    "uniq -f 1 -",
    "uniq --count -- -file",
    "base64 -- -o",
    "rg --pretty x",
    "rg -e -z x",
    "grep -A 3 x y",
    "whoami",
    "cd /tmp",
  ];
  for (const line of safe) {
    assert.equal(isKnownSafe(line.split(" ")), true, line);
  }
});

Deno.test("isKnownSafe() does not trust what can write, run or hide", () => {
  const unsafe = [
    "",
    "./cat x",
    "/tmp/ls",
    "bin/ls",
    "git status",
    "sort x",
    "tee x",
    "awk 1",
    "xargs ls",
    "base64 -o y x",
    "base64 --output=y",
    "base64 -do y",
    "find . -exec rm {} +",
    "find . -execdir x",
    "find . -ok x",
    "find . -okdir x",
    "find . -delete",
    "find . -fls x",
    "find . -fprint x",
    "find . -fprint0 x",
    "find . -fprintf x",
    "rg --pre x y",
    "rg --pre=x y",
    "rg --hostname-bin x",
    "rg --hostname-bin=x",
    "rg --search-zip x",
    "rg -z x",
    "rg -nz x",
    "sed 3p",
    "sed -n 3d",
    "sed -n 3w",
    "sed -n 3p -i",
    "sed -n 3p a b",
    "sed -i s/a/b/ x",
    "sed -n $p x",
    "uniq a b",
    "uniq - b",
    "uniq -c - b",
    "uniq -- - b",
    "uniq -f 1 - b",
    "uniq a -c b",
    "rg --pr x y",
    "rg --host x",
    "base64 --out y",
    "env ls",
    "cat2",
    "constructor",
  ];
  for (const line of unsafe) {
    assert.equal(isKnownSafe(line.split(" ")), false, line);
  }
});

Deno.test("isFilter() knows what reads its standard input and no file", () => {
  for (
    const line of [
      "tail -20",
      "tail -n 20",
      "head -c 5",
      "grep -i error",
      "grep -A 3 -e x",
      "wc -l",
      "sed -n 1,20p",
      "echo done /etc/passwd",
      "tr a b",
      "uniq -c",
      "cat",
      "true",
    ]
  ) {
    assert.equal(isFilter(line.split(" ")), true, line);
  }
  for (
    const line of [
      "cat /home/u/.codex/auth.json",
      "tail -20 x",
      "tail -n 20 x",
      "grep x y",
      "grep -f x",
      "grep -e x /etc/shadow",
      "grep -iex /etc/shadow",
      "grep -d recurse x",
      "grep -r x",
      "grep -irn x",
      "wc --files0-from=x",
      "sed -n 1p x",
      "cd x",
      "ls",
      "find .",
      "rg x",
      "stat x",
      "uniq x",
      "base64 -i x",
      "make",
    ]
  ) {
    assert.equal(isFilter(line.split(" ")), false, line);
  }
});

Deno.test("findDanger() sees rm by force, also behind other programs", () => {
  const dangerous = [
    "rm -f x",
    "rm -rf x",
    "rm -Rfv x",
    "rm --force x",
    "rm x -f",
    "/bin/rm -rf x",
    "sudo rm -rf x",
    "sudo -u root rm -f x",
    "env A=b rm -f x",
    "timeout 5 rm -f x",
    "nice -n 5 sudo rm -f x",
    "xargs rm -f",
    "xargs -n 1 rm -rf",
    "find . -exec rm -f {} +",
    "nohup rm -f x",
    "command rm -f x",
    "exec rm -f x",
    "busybox rm -f x",
  ];
  for (const line of dangerous) {
    assert.notEqual(findDanger(line.split(" ")), undefined, line);
  }
  for (
    const line of [
      "rm x",
      "rm -r x",
      "rm -- -f",
      "ls -f",
      "rmdir -f",
      "grep rm -f",
      "git rm x",
      "",
    ]
  ) {
    assert.equal(findDanger(line.split(" ")), undefined, line);
  }
  assert.notEqual(findDanger(["bash", "-c", "cd x; rm -rf y"]), undefined);
  assert.notEqual(findDanger(["sh", "-xc", "rm -rf y"]), undefined);
  assert.notEqual(findDanger(["sudo", "bash", "-lc", "rm -rf y"]), undefined);
  assert.notEqual(findDanger(["eval", "rm -rf y"]), undefined);
});

Deno.test("findScriptDanger() looks into every corner of a script", () => {
  const dangerous = [
    "rm -rf x > log",
    "ls; rm -f x",
    "ls && rm -f x",
    "ls | xargs rm -f",
    "if true; then rm -f x; fi",
    "for i in a; do rm -rf $i; done",
    "while :; do rm -f x; done",
    "(rm -f x)",
    "{ rm -f x; }",
    "echo $(rm -f x)",
    'echo "$(rm -f x)"',
    "echo `rm -f x`",
    'echo "`rm -f x`"',
    "f() { rm -f x; }",
    "A=b rm -f x",
    "! rm -f x",
    "ls\nrm -f x",
    "ls & rm -f x",
    'bash -c "rm -f x"',
    "cat <(rm -f x)",
    "bash <<'E'\nrm -f x\nE",
    "cat <<E\n$(rm -f x)\nE",
    "cat <<E\nx\nE\nrm -f x",
    "r''m -f x",
    '"rm" -f x',
    "r\\m -f x",
    "rm \\\n -f x",
    "case a in a) rm -f x;; esac",
    "time rm -f x",
    "rm 2>/dev/null -f x",
    "echo \"$(bash -c 'rm -f x')\"",
    "cat <<-E\n\tx\n\tE\nrm -f x",
    "echo $((1+1)); rm -f x",
  ];
  for (const script of dangerous) {
    assert.notEqual(findScriptDanger(script), undefined, script);
  }
  const harmless = [
    "echo 'rm -rf x'",
    'echo "rm -rf x"',
    "cat > f <<'E'\nrm -rf x\nE",
    "cat > f <<E\nrm -rf x\nE",
    "# rm -rf x",
    "ls # rm -f x",
    "echo x > rm",
    "git rm x",
    "rm $x",
    "echo a#b",
  ];
  for (const script of harmless) {
    assert.equal(findScriptDanger(script), undefined, script);
  }
});

Deno.test("findScriptDanger() ends on broken and huge scripts", () => {
  for (
    const script of [
      "$(".repeat(5_000),
      "'",
      '"$(',
      "`",
      "<<",
      "<<E",
      "sudo ".repeat(5_000),
      ")))",
      "\\",
    ]
  ) {
    assert.equal(findScriptDanger(script), undefined);
  }
});
