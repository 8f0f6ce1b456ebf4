/** What is handed out, taken as a user takes it: without a network, into a bare root. */
import assert from "node:assert/strict";
import { VERSION } from "../../core/protocol/version.ts";
import { makePackages } from "../../scripts/npm.ts";
import { makeRelease } from "../../scripts/release/mod.ts";
import { localTarget } from "../../scripts/targets.ts";
import { agentCommand } from "../support/run_agent.ts";
import { findOnMachine, makeRoot, runInRoot } from "./root.ts";
import { checkTurn } from "./turn.ts";

const [RONDO] = agentCommand();
const { name: TARGET } = localTarget();

/** Nothing answers there. */
const NO_REGISTRY = "http://127.0.0.1:9";

/** A folder with the executable as the build names it. */
async function stageExecutable(folder: string): Promise<string> {
  const from = `${folder}/built`;
  await Deno.mkdir(from);
  await Deno.copyFile(RONDO, `${from}/rondo-${TARGET}`);
  return from;
}

/** Every link of the pages that came with a program leads to a file that came, too. */
async function checkLinks(folder: string): Promise<void> {
  const open = ["README.md"];
  const seen = new Set<string>();
  for (const page of open) {
    if (seen.has(page)) continue;
    seen.add(page);
    const url = new URL(page, `file://${folder}/`);
    assert.ok((await Deno.stat(url)).isFile, page);
    if (!page.endsWith(".md")) continue;
    const text = await Deno.readTextFile(url);
    for (const [, to = ""] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
      open.push(new URL(to, `file:///${page}`).pathname.slice(1));
    }
  }
}

Deno.test("the npm packages are installed without a network and run a whole turn", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo npm " });
  try {
    const from = await stageExecutable(folder);
    await makePackages({ from, out: `${folder}/dist` });
    const tarballs = (await Array.fromAsync(Deno.readDir(`${folder}/dist`)))
      .map(({ name }) => `${folder}/dist/${name}`);
    assert.equal(tarballs.length, 2);
    const app = `${folder}/app`;
    await Deno.mkdir(app);
    await Deno.writeTextFile(`${app}/package.json`, "{}");
    const { code, stderr } = await new Deno.Command("npm", {
      args: [
        "install",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=0",
        ...tarballs,
      ],
      cwd: app,
      env: {
        HOME: folder,
        npm_config_cache: `${folder}/cache`,
        npm_config_registry: NO_REGISTRY,
      },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    await checkLinks(`${app}/node_modules/@rondo-cli/rondo`);
    await checkLinks(`${app}/node_modules/@rondo-cli/${TARGET}`);
    await using root = await makeRoot({
      node: await findOnMachine("node"),
      rondo: RONDO,
    });
    await Deno.mkdir(`${root.path}/app`);
    const program = `/app/node_modules/@rondo-cli/${TARGET}/bin/rondo`;
    const wrapper = "/app/node_modules/@rondo-cli/rondo/rondo.cjs";
    await checkTurn(
      program,
      (words, env) =>
        runInRoot(root, ["/bin/node", wrapper, ...words], {
          env,
          binds: { "/app": app },
        }),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("install.sh takes a release from a file URL in a bare root, and it runs a whole turn", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo release " });
  try {
    const from = await stageExecutable(folder);
    const out = `${folder}/dist`;
    await makeRelease({ from, out, baseUrl: "file:///release" });
    for (const kind of ["tar.gz", "tar.zst"]) {
      const unpacked = `${folder}/${kind}`;
      await Deno.mkdir(unpacked);
      const { success } = await new Deno.Command("tar", {
        args: ["-xf", `${out}/rondo-${VERSION}-${TARGET}.${kind}`],
        cwd: unpacked,
      }).output();
      assert.ok(success);
      await checkLinks(`${unpacked}/rondo-${VERSION}`);
    }
    const busybox = await findOnMachine("busybox");
    const { stdout } = await new Deno.Command(busybox, { args: ["--list"] })
      .output();
    const applets = new TextDecoder().decode(stdout).trim().split("\n");
    await using root = await makeRoot({
      rondo: RONDO,
      ...Object.fromEntries(applets.map((name) => [name, busybox])),
    });
    await Deno.remove(`${root.path}/bin/rondo`);
    await Deno.mkdir(`${root.path}/release`);
    const script =
      'sh /release/install.sh --prefix /tmp/p >&2 && mkdir /tmp/w && cd /tmp/w && exec /tmp/p/bin/rondo "$@"';
    await checkTurn(
      "/tmp/p/bin/rondo",
      (words, env) =>
        runInRoot(root, ["/bin/sh", "-c", script, "sh", ...words], {
          env,
          binds: { "/release": out },
          tmpBytes: 320 * 1024 * 1024,
        }),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
