import assert from "node:assert/strict";
import { ToolError } from "../../../core/protocol/error.ts";
import { parseShellPatch } from "../../../tools/patch/from_shell.ts";

const BODY = "*** Begin Patch\n*** Add File: a\n+$HOME `x` \\n\n*** End Patch";

function script(text: string): ReturnType<typeof parseShellPatch> {
  return parseShellPatch(["bash", "-lc", text], "/w");
}

Deno.test("parseShellPatch() takes the patch from an argument", () => {
  for (const name of ["apply_patch", "applypatch"]) {
    assert.deepEqual(parseShellPatch([name, BODY], "/w"), {
      patch: BODY,
      workdir: "/w",
    });
  }
  assert.equal(parseShellPatch(["apply_patch"], "/w"), undefined);
  assert.equal(parseShellPatch(["apply_patch", BODY, "x"], "/w"), undefined);
  assert.equal(parseShellPatch(["./apply_patch", BODY], "/w"), undefined);
});

Deno.test("parseShellPatch() takes the patch from a heredoc, letter by letter", () => {
  const wanted = { patch: BODY, workdir: "/w" };
  for (
    const opening of [
      "apply_patch <<'EOF'",
      "apply_patch <<EOF",
      'apply_patch <<"EOF"',
      "  apply_patch  << 'EOF' ",
      "\napplypatch <<'EOF'",
      "apply_patch<<'EOF'",
    ]
  ) {
    assert.deepEqual(script(`${opening}\n${BODY}\nEOF\n\n`), wanted, opening);
  }
  assert.deepEqual(script(`apply_patch <<'P A'\n${BODY}\nP A`), wanted);
});

Deno.test("parseShellPatch() knows the shells and flags", () => {
  const text = `apply_patch <<'EOF'\n${BODY}\nEOF`;
  for (const shell of ["bash", "zsh", "sh", "/usr/bin/bash", "/bin/sh"]) {
    for (const flag of ["-lc", "-c"]) {
      assert.equal(parseShellPatch([shell, flag, text], "/w")?.patch, BODY);
    }
  }
  assert.equal(parseShellPatch(["fish", "-c", text], "/w"), undefined);
  assert.equal(parseShellPatch(["bash", "-x", text], "/w"), undefined);
  assert.equal(parseShellPatch(["bash", "-c", text, "x"], "/w"), undefined);
  assert.equal(parseShellPatch([], "/w"), undefined);
});

Deno.test("parseShellPatch() follows one cd before it", () => {
  const dirs: readonly (readonly [string, string])[] = [
    ["sub", "/w/sub"],
    ["../x", "/x"],
    ["/abs/d", "/abs/d"],
    ["'a b'", "/w/a b"],
    ['"a b"', "/w/a b"],
    ["-- sub", "/w/sub"],
  ];
  for (const [dir, workdir] of dirs) {
    assert.deepEqual(
      script(`cd ${dir} && apply_patch <<'EOF'\n${BODY}\nEOF`),
      { patch: BODY, workdir },
      dir,
    );
  }
});

Deno.test("parseShellPatch() leaves everything else to the shell", () => {
  const here = `<<'EOF'\n${BODY}\nEOF`;
  for (
    const text of [
      `echo x; apply_patch ${here}`,
      `echo x && apply_patch ${here}`,
      `cd a && cd b && apply_patch ${here}`,
      `cd a; apply_patch ${here}`,
      `cd a || apply_patch ${here}`,
      `cd && apply_patch ${here}`,
      `cd a b && apply_patch ${here}`,
      `cd $HOME && apply_patch ${here}`,
      `cd "$HOME" && apply_patch ${here}`,
      `cd ~/x && apply_patch ${here}`,
      `cd a* && apply_patch ${here}`,
      `cd - && apply_patch ${here}`,
      `FOO=1 apply_patch ${here}`,
      `apply_patch x ${here}`,
      `apply_patch ${here}\necho done`,
      `apply_patch <<'EOF' && echo done\n${BODY}\nEOF`,
      `apply_patch <<'EOF' | cat\n${BODY}\nEOF`,
      `apply_patch <<'EOF' > log\n${BODY}\nEOF`,
      `apply_patch <<'EOF'\n${BODY}\n EOF`,
      `apply_patch <<'EOF'\n${BODY}`,
      `apply_patch <<'EOF"\n${BODY}\nEOF`,
      `apply_patches ${here}`,
      `cat <<'EOF'\n${BODY}\nEOF`,
      "ls",
      "",
    ]
  ) assert.equal(script(text), undefined, text);
});

Deno.test("parseShellPatch() strips tabs of a heredoc that asks for it", () => {
  assert.deepEqual(
    script("apply_patch <<-EOF\n\t*** Begin Patch\n\t\tx\n\tEOF"),
    {
      patch: "*** Begin Patch\nx",
      workdir: "/w",
    },
  );
});

Deno.test("parseShellPatch() throws for a patch that nobody is told to apply", () => {
  for (
    const argv of [
      [BODY],
      ["bash", "-lc", BODY],
      ["sh", "-c", `\n${BODY}`],
    ]
  ) {
    assert.throws(
      () => parseShellPatch(argv, "/w"),
      (error) =>
        error instanceof ToolError && /apply_patch/.test(error.message),
    );
  }
});
