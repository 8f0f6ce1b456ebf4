/** The file alone, in root file systems that hold next to nothing. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { agentCommand } from "../support/run_agent.ts";
import { findOnMachine, makeRoot, runInRoot } from "./root.ts";
import { checkTurn } from "./turn.ts";

const [RONDO] = agentCommand();
const INSTALLER = fileURLToPath(
  new URL("../../scripts/install.sh", import.meta.url),
);
const LIBGCC = "libgcc_s.so.1";

Deno.test("a root with the file and its libraries alone runs a whole turn", async () => {
  await using root = await makeRoot({ rondo: RONDO });
  await checkTurn(
    "/bin/rondo",
    (words, env) => runInRoot(root, ["/bin/rondo", ...words], { env }),
  );
});

Deno.test("a root with BusyBox runs a whole turn", async () => {
  const busybox = await findOnMachine("busybox");
  await using root = await makeRoot({ rondo: RONDO, busybox, sh: busybox });
  await checkTurn(
    "/bin/rondo",
    (words, env) => runInRoot(root, ["/bin/rondo", ...words], { env }),
  );
});

Deno.test("a root without /proc gets one sentence, of rondo and of install.sh", async () => {
  const busybox = await findOnMachine("busybox");
  const shell = { sh: busybox, uname: busybox, rondo: RONDO };
  await using root = await makeRoot(shell);
  const run = (...command: string[]) =>
    runInRoot(root, command, {
      hasProc: false,
      binds: { "/tmp/install.sh": INSTALLER },
    });
  const started = await run("/bin/rondo", "exec", "--json", "go");
  assert.match(started.stderr, /^Error: .*\/proc is not mounted, must be/);
  const last = JSON.parse(started.stdout.trim().split("\n").at(-1) ?? "");
  assert.deepEqual([last.type, last.exit_code], ["turn.failed", 1]);
  assert.equal(started.code, 1);
  const installed = await run(
    "/bin/sh",
    "/tmp/install.sh",
    "--prefix",
    "/tmp/p",
  );
  assert.match(installed.stderr, /\/proc is not mounted, must be/);
  assert.equal(installed.code, 1);
});

Deno.test("install.sh says what a root lacks before it fetches anything", async () => {
  const busybox = await findOnMachine("busybox");
  const applets = ["sh", "uname", "sed", "getconf", "mktemp", "rm", "cat"];
  const shell = Object.fromEntries(applets.map((name) => [name, busybox]));
  const binds = { "/tmp/install.sh": INSTALLER };
  const install = ["/bin/sh", "/tmp/install.sh", "--prefix", "/tmp/p"];
  await using bare = await makeRoot(shell);
  const noGlibc = await runInRoot(bare, install, { binds });
  assert.match(noGlibc.stderr, /this system has no glibc/);
  assert.equal(noGlibc.code, 1);
  await using linked = await makeRoot({ ...shell, rondo: RONDO });
  for await (const path of findFiles(linked.path)) {
    if (path.endsWith(LIBGCC)) await Deno.remove(path);
  }
  const noLibgcc = await runInRoot(linked, install, { binds });
  assert.match(noLibgcc.stderr, /libgcc_s\.so\.1 is missing/);
  assert.equal(noLibgcc.code, 1);
});

async function* findFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* findFiles(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
