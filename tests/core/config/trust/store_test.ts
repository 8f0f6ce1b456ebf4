/** Approvals: kept by content, for one project, for their owner alone. */
import assert from "node:assert/strict";
import { describeSource } from "../../../../core/config/trust/describe.ts";
import type { ProjectSource } from "../../../../core/config/trust/source.ts";
import {
  forgetDecisions,
  readTrustStore,
  saveDecision,
} from "../../../../core/config/trust/store.ts";
import { Machine } from "../config_fixture.ts";

async function sources(
  machine: Machine,
  cwd: string = machine.cwd,
): Promise<readonly ProjectSource[]> {
  return (await machine.load({ cwd, flags: { trust: true } })).trust.sources;
}

function servers(args: readonly string[], gap = ""): string {
  return `{"mcpServers":${gap}{"x":{"command":"sh","args":${
    JSON.stringify(args)
  }}}}`;
}

Deno.test("an approval holds for other spaces and orders, and for no other content", async () => {
  await using machine = await Machine.create();
  const file = `${machine.cwd}/.mcp.json`;
  const write = (text: string): Promise<void> => machine.write(file, text);
  await write(servers(["-c", "true"]));
  await machine.approve();
  const [first] = await sources(machine);
  assert.equal(first?.decision, "approved");
  assert.match(first.sha256, /^[0-9a-f]{64}$/);
  await write(servers(["-c", "true"], "\n  "));
  assert.equal((await sources(machine))[0]?.decision, "approved");
  await write(
    '{"mcpServers":{"x":{"args":["-c","true"],"command":"sh"}},"more":1}',
  );
  assert.equal((await sources(machine))[0]?.decision, "approved");
  await write(servers(["-c", "false"]));
  const [changed] = await sources(machine);
  assert.equal(changed?.decision, undefined);
  assert.ok(changed);
  assert.deepEqual(describeSource(changed), [
    '- MCP server "x" starts: sh -c true',
    '+ MCP server "x" starts: sh -c false',
  ]);
});

Deno.test("approvals are for their owner alone, and are forgotten whole", async () => {
  await using machine = await Machine.create();
  await machine.write(`${machine.cwd}/.mcp.json`, servers([]));
  await machine.approve();
  const path = `${machine.codexHome}/trust.json`;
  assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  const host = machine.host();
  assert.equal(
    await forgetDecisions(host, machine.codexHome, machine.cwd),
    true,
  );
  assert.equal(
    await forgetDecisions(host, machine.codexHome, machine.cwd),
    false,
  );
  assert.equal((await sources(machine))[0]?.decision, undefined);
});

Deno.test("a file of approvals that cannot be understood approves nothing", async () => {
  await using machine = await Machine.create();
  await machine.write(`${machine.cwd}/.mcp.json`, servers([]));
  await machine.approve();
  for (const text of ["{", "[]", '{"projects":{"/p":{"f":{"decision":1}}}}']) {
    await machine.write(`${machine.codexHome}/trust.json`, text);
    assert.deepEqual(
      await readTrustStore(machine.host(), machine.codexHome),
      {},
    );
    assert.equal((await sources(machine))[0]?.decision, undefined, text);
  }
});

Deno.test("a no is remembered for the same content, and a changed one is asked about again", async () => {
  await using machine = await Machine.create();
  const file = `${machine.cwd}/.mcp.json`;
  await machine.write(file, servers([]));
  const { trust } = await machine.load({ flags: { trust: true } });
  await saveDecision(machine.host(), machine.codexHome, {
    place: trust,
    sources: trust.sources,
    decision: "refused",
  });
  assert.equal((await sources(machine))[0]?.decision, "refused");
  await machine.write(file, servers(["more"]));
  assert.equal((await sources(machine))[0]?.decision, undefined);
});

Deno.test("scripts that settings name count as they were approved, wherever they are named", async () => {
  const named: Readonly<Record<string, string>> = {
    "./tools/run.sh": "tools/run.sh",
    "cd tools && ./run.sh": "tools/run.sh",
    'sh "$(git rev-parse --show-toplevel)/tools/run.sh"': "tools/run.sh",
    "node --require=./tools/run.sh x": "tools/run.sh",
    "${NONE:-tools}/run.sh": "tools/run.sh",
    "$HERE/tools/run.sh": "tools/run.sh",
    "tool": "bin/tool",
    "PATH=lib:$PATH server": "lib/server",
    "make -f tools/all.mk": "tools/all.mk",
    "make": "Makefile",
    "npm run serve": "package.json",
    "npx -y @a/server@1": "node_modules/@a/server/package.json",
    "npx -y server": "node_modules/.bin/server",
    "awk -f tools/run.txt": "tools/run.txt",
    "node -r ./a.cjs tools/run.txt": "tools/run.txt",
    "cat tools/run.txt | sh": "tools/run.txt",
    "sh <tools/run.txt": "tools/run.txt",
    "python3 -m pkg.server": "pkg/server.py",
    "python3 -m pkg.tool": "pkg/__init__.py",
    "for one in steps/*; do sh $one; done": "steps/10-first",
    "sh${IFS}tools/run.sh": "tools/run.sh",
    "docker compose up": "compose.override.yaml",
    "cargo run": "rust-toolchain.toml",
    "yarn start": ".yarn/releases/yarn-4.cjs",
    "jest": "jest.config.mjs",
    "./gradlew run": "gradle/wrapper/gradle-wrapper.jar",
    "python3 ./pkg": "pkg/__main__.py",
    "run-parts ./steps": "steps/10-first",
    "PYTHONPATH=lib python3 -m server": "lib/server.py",
    "node ./dir": "dir/index.js",
    "node tools/serve": "tools/serve.js",
    "node --import file://$HERE/my%20tools/a.mjs": "my tools/a.mjs",
    "sh 'my tools/run.sh'": "my tools/run.sh",
    "sh my\\ tools/run.sh": "my tools/run.sh",
    "sh to'o'ls/run.sh": "tools/run.sh",
    "sh tools/r*.sh": "tools/run.sh",
    "bash tools/{run,x}.sh": "tools/run.sh",
    "BASH_ENV=tools/x.env bash": "tools/x.env",
    "program --config tools/x.json": "tools/x.json",
  };
  for (const [command, path] of Object.entries(named)) {
    await using machine = await Machine.create();
    machine.env["HERE"] = machine.cwd;
    machine.env["PATH"] = `${machine.cwd}/bin:/usr/bin`;
    await machine.write(`${machine.cwd}/${path}`, "echo one\n");
    await machine.write(
      `${machine.cwd}/.codex/hooks.json`,
      JSON.stringify({ Stop: [{ hooks: [{ command }] }] }),
    );
    await machine.approve();
    const [source] = await sources(machine);
    assert.equal(source?.decision, "approved", command);
    assert.deepEqual(Object.keys(source.programs), [path], command);
    await machine.write(`${machine.cwd}/${path}`, "echo two\n");
    const [changed] = await sources(machine);
    assert.equal(changed?.decision, undefined, command);
    assert.ok(changed);
    assert.match(describeSource(changed).join("\n"), /^- leads to the file/m);
  }
});

Deno.test("what an approved script loads in turn counts as it was approved, too", async () => {
  const loaded: readonly (readonly [
    command: string,
    files: readonly (
      readonly [path: string, text: string]
    )[],
  ])[] = [
    ["node tools/a.mjs", [
      ["tools/a.mjs", 'import { b } from "./lib/b";\n'],
      ["tools/lib/b.ts", 'const c = require("../c.cjs");\n'],
      ["tools/c.cjs", 'new Worker(join(__dirname, "d.js"));\n'],
      ["tools/d.js", "\n"],
    ]],
    ["python3 tools/a.py", [
      ["tools/a.py", "import json, helper\nfrom pkg.sub import (x)\n"],
      ["tools/helper.py", "from . import other\n"],
      ["tools/other.py", ""],
      ["tools/pkg/__init__.py", ""],
      ["tools/pkg/sub.py", "from ..helper import y\n"],
    ]],
    ["sh tools/a.sh", [
      [
        "tools/a.sh",
        '. "$(dirname "$0")/lib.sh"\n./b; python3 tools/c.py\n"${BASH_SOURCE%/*}/d.sh"\n',
      ],
      ["tools/d.sh", ""],
      ["tools/lib.sh", ""],
      ["tools/b", ""],
      ["tools/c.py", ""],
    ]],
    ["ruby a.rb", [["a.rb", 'require_relative "b"\n'], ["b.rb", ""]]],
    ["php a.php", [["a.php", "require __DIR__ . '/b.php';"], ["b.php", ""]]],
  ];
  for (const [command, files] of loaded) {
    await using machine = await Machine.create();
    for (const [path, text] of files) {
      await machine.write(`${machine.cwd}/${path}`, text);
    }
    await machine.write(`${machine.cwd}/tools/unrelated.js`, "");
    await machine.write(
      `${machine.cwd}/.codex/hooks.json`,
      JSON.stringify({ Stop: [{ hooks: [{ command }] }] }),
    );
    await machine.approve();
    const [source] = await sources(machine);
    assert.equal(source?.decision, "approved", command);
    const paths = files.map(([path]) => path).sort();
    assert.deepEqual(Object.keys(source.programs), paths, command);
  }
});

Deno.test("a script that appears where none was is a change", async () => {
  await using machine = await Machine.create();
  await machine.write(`${machine.cwd}/.mcp.json`, servers(["later.sh"]));
  await machine.approve();
  assert.equal((await sources(machine))[0]?.decision, "approved");
  await machine.write(`${machine.cwd}/later.sh`, "echo\n");
  assert.equal((await sources(machine))[0]?.decision, undefined);
});

Deno.test("what a program only reads and writes may change", async () => {
  await using machine = await Machine.create();
  const command = "python3 serve.py --db data.sqlite --log x.log >out.txt";
  await machine.write(`${machine.cwd}/serve.py`, "");
  for (const name of ["data.sqlite", "x.log", "out.txt", "other.py"]) {
    await machine.write(`${machine.cwd}/${name}`, "");
  }
  await machine.write(
    `${machine.cwd}/.codex/hooks.json`,
    JSON.stringify({ Stop: [{ hooks: [{ command }] }] }),
  );
  await machine.approve();
  const [source] = await sources(machine);
  assert.deepEqual(Object.keys(source?.programs ?? {}), ["serve.py"]);
});

Deno.test("a script of another trusted folder that the person's own settings start counts as it was approved", async () => {
  await using machine = await Machine.create();
  const other = `${machine.home}/other`;
  const script = `${other}/tools/run.sh`;
  await machine.write(script, "echo one\n");
  await machine.user(
    `[projects.${JSON.stringify(other)}]\ntrust_level = "trusted"\n` +
      `[mcp_servers.x]\ncommand = "sh"\nargs = [${JSON.stringify(script)}]\n`,
  );
  await machine.approve();
  const [source] = await sources(machine);
  assert.equal(source?.decision, "approved");
  assert.deepEqual(Object.keys(source.programs), [script]);
  await machine.write(script, "echo two\n");
  assert.equal((await sources(machine))[0]?.decision, undefined);
});

Deno.test("settings that name more than can be looked at are never approved", async () => {
  await using machine = await Machine.create();
  const words = Array.from({ length: 3_000 }, (_, at) => `w${at}`);
  await machine.write(`${machine.cwd}/.mcp.json`, servers(words));
  await machine.approve();
  assert.equal((await sources(machine))[0]?.decision, undefined);
});

Deno.test("an approval holds in every worktree of a repository, where the files are the same", async () => {
  await using machine = await Machine.create();
  const tree = `${machine.root}/tree`;
  const entry = `${machine.cwd}/.git/worktrees/tree`;
  await machine.write(`${tree}/.git`, `gitdir: ${entry}\n`);
  await machine.write(`${entry}/gitdir`, `${tree}/.git\n`);
  await machine.write(`${machine.cwd}/.mcp.json`, servers([]));
  await machine.write(`${tree}/.mcp.json`, servers([]));
  await machine.approve();
  assert.equal((await sources(machine, tree))[0]?.decision, "approved");
  await machine.write(`${tree}/.mcp.json`, servers(["other"]));
  assert.equal((await sources(machine, tree))[0]?.decision, undefined);
});
