/** Real clients of ACP against build/rondo, fetched from npm; not part of the gate. */
// deno run --no-check -A scripts/acp_clients.ts
import assert from "node:assert/strict";
import type { JsonObject } from "../core/util/json/json.ts";
import { type Stage, stage } from "../tests/e2e/support.ts";
import { call, say } from "../tests/support/mock_model.ts";
import { agentCommand, agentEnv } from "../tests/support/run_agent.ts";

const ACPX = "acpx@0.19.1";
// The last one whose package holds the examples.
const SDK = "@agentclientprotocol/sdk@1.8.0";

const MADE = {
  command: ["touch", "made"],
  sandbox_permissions: "require_escalated",
  justification: "it has to be there",
};
const READ_ONLY = {
  top: 'sandbox_mode = "read-only"\napproval_policy = "on-request"',
};

if (import.meta.main) await main();

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-acp-" });
  try {
    const words = ["install", "--no-audit", "--no-fund", "--prefix", folder];
    await run({ cwd: folder, program: "npm", args: [...words, ACPX, SDK] });
    await playAcpx(folder);
    console.log(`ok  ${ACPX}: one prompt with an approval`);
    await playAcpxSession(folder);
    console.log(`ok  ${ACPX}: a session that goes on, in another mode`);
    await playExample(folder);
    console.log(`ok  ${SDK}: the example client, with an approval`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function playAcpx(folder: string): Promise<void> {
  await using s = await stage({
    laws: false,
    script: [[call("shell", MADE)], [say("made it")]],
    config: READ_ONLY,
  });
  const words = ["--approve-all", "--format", "json", "exec", "make it"];
  const out = await acpx(s, folder, words);
  const said = out.trim().split("\n").map((line) =>
    JSON.parse(line) as JsonObject
  );
  assert.ok(said.length > 0);
  assert.match(out, /made it/);
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
}

async function playAcpxSession(folder: string): Promise<void> {
  await using s = await stage({
    laws: false,
    script: [
      [say("first")],
      [call("shell", { command: ["touch", "made"] })],
      [say("second")],
    ],
    config: { top: 'sandbox_mode = "workspace-write"' },
  });
  try {
    await acpx(s, folder, ["sessions", "new"]);
    assert.match(await acpx(s, folder, ["prompt", "one"]), /first/);
    await acpx(s, folder, ["set-mode", "read-only"]);
    assert.match(await acpx(s, folder, ["prompt", "two"]), /second/);
    await assert.rejects(Deno.stat(`${s.home.work}/made`));
    assert.match(s.model.request(1).text, /"text":"one"/);
  } finally {
    await acpx(s, folder, ["sessions", "close"]);
  }
}

async function acpx(
  s: Stage,
  folder: string,
  words: readonly string[],
): Promise<string> {
  const agent = `${agentCommand()[0]} acp`;
  return await run({
    cwd: s.home.work,
    program: `${folder}/node_modules/.bin/acpx`,
    args: ["--agent", agent, "--ttl", "5", ...words],
    env: agentEnv(s.home),
  });
}

// It starts its own agent with npx: what stands for that on the path is rondo.
async function playExample(folder: string): Promise<void> {
  await using s = await stage({
    laws: false,
    script: [[call("shell", MADE)], [say("hello, editor")]],
    config: READ_ONLY,
  });
  const bin = `${folder}/bin`;
  await Deno.mkdir(bin);
  const text = `#!/bin/sh\nexec ${agentCommand()[0]} acp\n`;
  await Deno.writeTextFile(`${bin}/npx`, text, { mode: 0o755 });
  const env = agentEnv(s.home);
  const out = await run({
    cwd: s.home.work,
    program: "node",
    args: [
      `${folder}/node_modules/@agentclientprotocol/sdk/dist/examples/client.js`,
    ],
    env: { ...env, PATH: `${bin}:${env["PATH"]}` },
    stdin: "1\n",
  });
  assert.match(out, /hello, editor/);
  assert.match(out, /Agent completed with: end_turn/);
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
}

interface Run {
  readonly cwd: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

async function run(
  { cwd, program, args, env, stdin = "" }: Run,
): Promise<string> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    ...(env && { env, clearEnv: true }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  // The example asks on its stdin, which must not end before.
  const ended = child.output();
  const { success, stdout, stderr } = await ended;
  await writer.close().catch(() => {});
  const decoder = new TextDecoder();
  const out = decoder.decode(stdout);
  assert.ok(
    success,
    `${program} ${args.join(" ")}\n${out}\n${decoder.decode(stderr)}`,
  );
  return out;
}
