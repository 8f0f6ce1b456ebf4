import assert from "node:assert/strict";
import { openPlace } from "../support.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";

const MACOS = { ignore: Deno.build.os !== "darwin" };

Deno.test("run() confines commands by seatbelt", MACOS, async () => {
  await using place = await openPlace();
  const sandboxStatus = await place.sandbox.sandboxStatus(
    workspaceWrite(),
    place.workspace,
  );
  assert.equal(sandboxStatus.backend, "seatbelt");
  const inside = await place.run("echo x > f && cat f; mkdir .git");
  assert.match(inside.output.head, /^x\n/);
  assert.notEqual(inside.exitCode, 0, "nothing plants a repository");
  const outside = await place.run(`echo x > ${place.base}/outside`);
  assert.equal(outside.denied, true);
  const closed = await place.run("echo x > g", { policy: READ_ONLY });
  assert.notEqual(closed.exitCode, 0);
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connect = `exec 3<>/dev/tcp/127.0.0.1/${server.addr.port}`;
  const offline = await place.run(`bash -c '${connect}'`);
  assert.notEqual(offline.exitCode, 0);
  const online = await place.run(`bash -c '${connect}'`, {
    policy: workspaceWrite({ networkAccess: true }),
  });
  assert.equal(online.exitCode, 0, online.output.head);
  server.close();
});

Deno.test("run() hides files by seatbelt", MACOS, async () => {
  await using place = await openPlace();
  await Deno.writeTextFile(`${place.workspace}/.env`, "secret\n");
  const policy = workspaceWrite({ denyRead: ["**/.env"] });
  const result = await place.run("cat .env; mv .env x; cat x", { policy });
  assert.equal(result.output.head.includes("secret"), false);
});
