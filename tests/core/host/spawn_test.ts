import assert from "node:assert/strict";
import { sendSignal, spawnChild } from "../../../core/host/spawn.ts";
import { openLibc } from "../../../core/host/system/libc.ts";
import type { SpawnRequest } from "../../../core/protocol/host.ts";

function request(argv: readonly string[]): SpawnRequest {
  const [command = "", ...args] = argv;
  return {
    command,
    args,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdin: "null",
    stdout: "pipe",
    stderr: "null",
    detached: true,
  };
}

/** Process, group and session as the child itself sees them (proc(5), stat). */
const OWN_IDS = [
  "-c",
  "read -r pid _ _ _ group session _ < /proc/self/stat; echo $pid $group $session",
];

Deno.test("spawnChild() hands a child descriptors for what it does before it becomes its command", async () => {
  const held =
    openLibc()?.open(new TextEncoder().encode("/etc/hosts\0"), 0x80000, 0) ??
      -1;
  const numbers = async (more: Partial<SpawnRequest>): Promise<string[]> => {
    const child = spawnChild({
      ...request(["/bin/ls", "/proc/self/fd"]),
      ...more,
    });
    const text = await new Response(child.stdout).text();
    assert.equal((await child.status).code, 0);
    return text.trim().split("\n");
  };
  const said = new TextEncoder().encode("before\n");
  const entry = {
    before: [{ call: "write", args: [1, said, said.length] }],
    inherits: [held],
  } as const;
  const given = await numbers(entry);
  assert.equal(given[0], "before");
  assert.ok(given.includes(`${held}`), String(given));
  assert.ok(!(await numbers({})).includes(`${held}`));
  const closing = { call: "close", args: [held], from: 0 } as const;
  const without = await numbers({ ...entry, before: [closing] });
  assert.ok(!without.includes(`${held}`), String(without));
  openLibc()?.close(held);
});

for (const command of ["/bin/sh", "sh"]) {
  Deno.test(`spawnChild() gives ${command} a session and a group of its own`, async () => {
    const child = spawnChild(request([command, ...OWN_IDS]));
    const ids = (await new Response(child.stdout).text()).trim().split(" ");
    assert.deepEqual(ids, Array(3).fill(String(child.pid)));
    assert.deepEqual(await child.status, { code: 0, signal: null });
  });
}

Deno.test("spawnChild() leaves a child that is not detached in our session", async () => {
  const child = spawnChild({
    ...request(["/bin/sh", ...OWN_IDS]),
    detached: false,
  });
  const [pid, , session] = (await new Response(child.stdout).text()).trim()
    .split(" ");
  assert.equal(pid, String(child.pid));
  assert.notEqual(session, pid);
  await child.status;
});

Deno.test("spawnChild() gives the program the same name, arguments, folder and environment", async () => {
  const child = spawnChild({
    ...request(["/bin/sh", "-c", 'pwd; echo "$0|$1|$A|$PATH"', "name", "a b"]),
    cwd: "/usr",
    env: { A: "b" },
  });
  const [cwd, words] = (await new Response(child.stdout).text()).split("\n");
  assert.equal(cwd, "/usr");
  assert.match(words ?? "", /^name\|a b\|b\|/);
  await child.status;
});

Deno.test("spawnChild() hands bytes to a detached program as a descriptor", async () => {
  const child = spawnChild({
    ...request(["/bin/sh", "-c", 'cat "/proc/self/fd/$0"']),
    args: ["-c", 'cat "/proc/self/fd/$0"', new TextEncoder().encode("bytes")],
  });
  assert.equal(await new Response(child.stdout).text(), "bytes");
  await child.status;
});

for (
  const command of [
    "/no/such/program",
    "/etc/passwd",
    "/usr",
    "no-such-program",
  ]
) {
  Deno.test(`spawnChild() throws at once for ${command}, which cannot be started`, () => {
    assert.throws(() => spawnChild(request([command])));
  });
}

Deno.test("kill() of a group ends a child that has only just been started", async () => {
  for (let round = 0; round < 50; round++) {
    const child = spawnChild(request(["/bin/sleep", "600"]));
    child.kill("SIGKILL", { group: true });
    await child.stdout?.cancel();
    assert.deepEqual(await child.status, { code: 137, signal: "SIGKILL" });
  }
});

Deno.test("kill() of a group ends what its first process has started", async () => {
  const child = spawnChild(
    request(["/bin/sh", "-c", "sleep 600 & echo $!; wait"]),
  );
  const reader = child.stdout?.getReader();
  const { value } = await reader?.read() ?? {};
  const grandchild = Number(new TextDecoder().decode(value));
  child.kill("SIGKILL", { group: true });
  await child.status;
  // Its end closes the pipe, which it held open as well.
  assert.equal((await reader?.read())?.done, true);
  assert.ok(grandchild > 0);
});

Deno.test("kill() of a child that has ended signals nobody", async () => {
  const child = spawnChild(request(["/bin/true"]));
  await child.stdout?.cancel();
  await child.status;
  child.kill("SIGKILL", { group: true });
  child.kill("SIGKILL");
});

Deno.test("sendSignal() takes a process that is gone for no error", async () => {
  const child = spawnChild(request(["/bin/true"]));
  await child.stdout?.cancel();
  await child.status;
  sendSignal(child.pid, "SIGTERM");
  sendSignal(-child.pid, "SIGTERM");
});

Deno.test("kill() of a group ends what a child has started that got its group meanwhile", async () => {
  const child = spawnChild(
    request(["/bin/sh", "-c", "sleep 5 & echo started; wait"]),
  );
  const reader = child.stdout?.getReader();
  await reader?.read();
  const signalled: number[] = [];
  const { kill } = Deno;
  Deno.kill = (pid, signal): void => {
    // As if the session were begun between the first signal and the second.
    if (signalled.push(pid) === 1) throw new Deno.errors.NotFound("ESRCH");
    kill(pid, signal);
  };
  try {
    child.kill("SIGKILL", { group: true });
  } finally {
    Deno.kill = kill;
  }
  assert.deepEqual(signalled, [-child.pid, child.pid, -child.pid]);
  assert.equal((await reader?.read())?.done, true);
  await child.status;
});

Deno.test("spawnChild() fails in the name of the program when its folder is missing or its words are too long", () => {
  const start = request(["/bin/true", "x".repeat(200_000)]);
  assert.throws(() => spawnChild(start), /spawn '\/bin\/true'/);
  const nowhere = { ...request(["/bin/true"]), cwd: "/does/not/exist" };
  assert.throws(() => spawnChild(nowhere), /spawn '\/bin\/true'/);
});

Deno.test("spawnChild() starts what /proc calls this program as this program", async () => {
  const child = spawnChild(request(["/proc/self/exe", "--version"]));
  assert.match(await new Response(child.stdout).text(), /^deno /);
  await child.status;
});
