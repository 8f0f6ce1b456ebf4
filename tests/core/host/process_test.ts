import assert from "node:assert/strict";

const PROCESS = new URL("../../../core/host/process.ts", import.meta.url).href;
const HOST = new URL("../../../core/host/deno_host.ts", import.meta.url).href;

/** Runs lines of code in a process of their own; permissions cannot be given back. */
async function run(code: string): Promise<unknown> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", code],
    stdin: "null",
  }).output();
  assert.equal(success, true, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("prepareProcess() leaves the agent what it needs and nothing more", async () => {
  const held = await run(`
    import { heldPermissions, prepareProcess } from ${JSON.stringify(PROCESS)};
    prepareProcess();
    console.log(JSON.stringify(heldPermissions()));
  `);
  assert.deepEqual(held, ["read", "write", "net", "env", "run", "sys"]);
});

Deno.test("keepOnly() gives up the rest for good", async () => {
  const [held, error] = await run(`
    import { heldPermissions, keepOnly } from ${JSON.stringify(PROCESS)};
    keepOnly(["read", "write"]);
    const start = async () => (await new Deno.Command("true").output()).code;
    const error = await start().catch((thrown) => thrown.name);
    console.log(JSON.stringify([heldPermissions(), error]));
  `) as [string[], string];
  assert.deepEqual(held, ["read", "write"]);
  assert.equal(error, "NotCapable");
});

Deno.test({
  name: "the host reads /proc although the runtime would not",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const found = await run(`
      import { prepareProcess } from ${JSON.stringify(PROCESS)};
      import { denoHost } from ${JSON.stringify(HOST)};
      prepareProcess();
      const host = denoHost();
      const { files, pid } = host;
      console.log(JSON.stringify({
        runtime: await Deno.readTextFile("/proc/" + pid + "/stat")
          .then(() => "read", (error) => error.name),
        stat: (await files.readText("/proc/" + pid + "/stat")).split(" ")[0],
        tasks: (await files.list("/proc/" + pid + "/task")).map((t) => t.name)
          .includes(String(pid)),
        link: await files.readLink("/proc/self/ns/pid"),
        missing: await files.readText("/proc/0/stat").catch((e) => e.code),
        alive: [host.isAlive(pid), host.isAlive(2 ** 22 + 1)],
      }));
    `) as Record<string, unknown>;
    assert.equal(found["runtime"], "NotCapable");
    assert.match(String(found["stat"]), /^\d+$/);
    assert.equal(found["tasks"], true);
    assert.match(String(found["link"]), /^pid:\[\d+\]$/);
    assert.equal(found["missing"], "ENOENT");
    assert.deepEqual(found["alive"], [true, false]);
  },
});
