/** The file in a minimal Debian, with and without its libgcc, and in a root with musl. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { agentCommand } from "../support/run_agent.ts";
import {
  findOnMachine,
  makeDebian,
  makeRoot,
  type Root,
  runInRoot,
} from "./root.ts";
import { checkTurn } from "./turn.ts";

const [RONDO] = agentCommand();
const INSTALLER = fileURLToPath(
  new URL("../../scripts/install.sh", import.meta.url),
);
const LIBGCC = "libgcc_s.so.1";
const MULTIARCH = `usr/lib/${Deno.build.arch}-linux-gnu`;
const MUSL = `ld-musl-${Deno.build.arch}.so.1`;

Deno.test("a minimal Debian", async (t) => {
  await using debian = await makeDebian();
  await placeProgram(debian);
  await t.step("runs a whole turn", () => checkProgram(debian));
  await t.step("with musl installed beside glibc still runs it", async () => {
    const musl = await runInRoot(debian, [`/lib/${MUSL}`]);
    assert.match(musl.stderr, /^musl libc/);
    await checkProgram(debian);
  });
  await t.step("without libgcc says what is missing", async () => {
    const library = `${debian.path}/${MULTIARCH}/${LIBGCC}`;
    await Deno.mkdir(`${debian.path}/opt/lib`);
    await Deno.rename(library, `${debian.path}/opt/lib/${LIBGCC}`);
    const started = await runInRoot(debian, ["/opt/rondo", "--version"]);
    assert.match(started.stderr, /error while loading.*libgcc_s\.so\.1/);
    assert.equal(started.code, 127);
    const installed = await runInstaller(debian, "/bin/sh");
    assert.match(installed.stderr, /libgcc_s\.so\.1 is missing, must be there/);
    assert.equal(installed.code, 1);
  });
  for (
    const env of [
      { LD_LIBRARY_PATH: "/opt/lib" },
      { LD_PRELOAD: `/opt/lib/${LIBGCC}` },
    ]
  ) {
    const [name = ""] = Object.keys(env);
    await t.step(
      `with a libgcc anywhere that ${name} names runs a whole turn`,
      () => checkProgram(debian, env),
    );
  }
  await t.step(
    "with a libgcc beside the program does not find it",
    async () => {
      await Deno.rename(
        `${debian.path}/opt/lib/${LIBGCC}`,
        `${debian.path}/opt/${LIBGCC}`,
      );
      const started = await runInRoot(debian, ["/opt/rondo", "--version"]);
      assert.equal(started.code, 127);
    },
  );
  await t.step("lends its musl to a root that has no glibc", async (t) => {
    const busybox = await findOnMachine("busybox");
    const applets = ["sh", "uname", "sed", "getconf", "mktemp", "rm", "cat"];
    const shell = Object.fromEntries(applets.map((name) => [name, busybox]));
    await using root = await makeRoot(shell);
    await addMusl(debian, root);
    await placeProgram(root);
    await t.step("install.sh ends with what to do about it", async () => {
      const installed = await runInstaller(root, "/bin/sh");
      assert.match(
        installed.stderr,
        /no glibc .*Alpine: a folder of libraries/,
      );
      assert.equal(installed.code, 1);
    });
    await t.step("the program is not started, by either loader", async () => {
      const script = "/opt/rondo --version";
      const started = await runInRoot(root, ["/bin/sh", "-c", script]);
      assert.match(started.stderr, /not found/);
      assert.equal(started.code, 127);
      const forced = await runInRoot(
        root,
        [`/lib/${MUSL}`, "/opt/rondo", "--version"],
      );
      assert.match(forced.stderr, /Error (loading|relocating)/);
      assert.equal(forced.code, 127);
    });
    await t.step("with a folder of glibc beside musl runs a turn", async () => {
      await using both = await makeRoot({ ...shell, rondo: RONDO });
      await addMusl(debian, both);
      await placeProgram(both);
      await checkProgram(both);
    });
  });
});

async function placeProgram({ path }: Root): Promise<void> {
  await Deno.mkdir(`${path}/opt`, { recursive: true });
  await Deno.copyFile(RONDO, `${path}/opt/rondo`);
}

async function addMusl(debian: Root, { path }: Root): Promise<void> {
  await Deno.mkdir(`${path}/lib`, { recursive: true });
  await Deno.copyFile(`${debian.path}/lib/${MUSL}`, `${path}/lib/${MUSL}`);
}

function checkProgram(
  root: Root,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  return checkTurn(
    "/opt/rondo",
    (words, env) =>
      runInRoot(root, ["/opt/rondo", ...words], { env: { ...env, ...more } }),
  );
}

function runInstaller(root: Root, shell: string): ReturnType<typeof runInRoot> {
  return runInRoot(root, [shell, "/tmp/install.sh", "--prefix", "/tmp/p"], {
    binds: { "/tmp/install.sh": INSTALLER },
  });
}
