/** Servers that a session runs, used by the next command while the network is closed. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  type MockRequest,
  type Part,
  say,
  type Step,
} from "../support/mock_model.ts";
import {
  eventsOf,
  hasBubblewrap,
  itemsOf,
  lastEvent,
  type Stage,
  stage,
} from "./support.ts";

const IS_ROOT = Deno.uid() === 0;
const USERS = IS_ROOT ? ["root", "nobody"] as const : ["nobody"] as const;
type User = (typeof USERS)[number];

/** The slow ones: databases of the system, and packages from the registry. */
const IS_SLOW = Deno.env.get("LIVE_SERVERS") === "all";
const PAGE = "a page of the workspace\n";

interface Use {
  readonly server: string;
  /** What the server says once it can be used. */
  readonly ready: RegExp;
  readonly client: string;
  readonly port: number;
  readonly files?: Readonly<Record<string, string>>;
  /** Run in the workspace before, outside of any sandbox. */
  readonly install?: readonly string[];
}

function exec(cmd: string, waitMs: number): Part {
  return call("exec_command", { cmd, yield_time_ms: waitMs });
}

/** Plays a model that starts the server, waits until it is ready, and uses it. */
function using(
  { server, ready, client, port }: Use,
  onOutside: (state: Promise<string>) => void,
): (request: MockRequest) => Step {
  let said = "";
  let polls = 0;
  let isUsed = false;
  return (request) => {
    if (request.index === 0) return exec(server, 1_000);
    const newest = String(
      request.input.findLast(({ type }) => type === "function_call_output")
        ?.["output"],
    );
    if (isUsed) return say(newest);
    said += newest;
    if (ready.test(said)) {
      isUsed = true;
      onOutside(lookFromOutside(port));
      return exec(client, 30_000);
    }
    const session = /running with session ID (\d+)/.exec(newest)?.[1];
    if (session === undefined || polls++ > 60) return say(`not ready: ${said}`);
    return call("write_stdin", {
      session_id: Number(session),
      yield_time_ms: 1_000,
    });
  };
}

// The test itself is no command of the thread.
async function lookFromOutside(port: number): Promise<string> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return "open";
  } catch {
    return "closed";
  }
}

/** What the client printed, with its head; the port is looked at from outside, too. */
async function play(use: Use, user: User): Promise<string> {
  let outside = Promise.resolve("never looked at");
  await using s = await stage({
    script: using(use, (state) => outside = state),
    files: { "page.txt": PAGE, ...use.files },
  });
  if (use.install !== undefined) await install(s, use.install);
  const run = await s.json("go", {
    args: ["-m", "gpt-5.5"],
    sandbox: "workspace-write",
    ...(IS_ROOT && user === "nobody" && { under: await asNobody(s) }),
  });
  const [started] = eventsOf(run, "thread.started");
  const { loopback } = started?.["sandbox"] as JsonObject;
  assert.equal(loopback, "shared");
  assert.equal(run.code, 0, run.stderr);
  assert.equal(lastEvent(run)["reaped"], 1);
  assert.equal(await outside, "closed");
  return String(itemsOf(run, "agent_message").at(-1)?.["text"]);
}

async function install(
  { home }: Stage,
  [program = "", ...args]: readonly string[],
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    cwd: home.work,
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function asNobody({ home }: Stage): Promise<readonly string[]> {
  await new Deno.Command("chown", { args: ["-R", "65534:65534", home.root] })
    .output();
  return "setpriv --reuid 65534 --regid 65534 --clear-groups".split(" ");
}

async function isThere(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
  }).output();
  return success;
}

for (const user of USERS) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}, as ${user}`, ignore: !hasBubblewrap(), fn });

  test("A server that a session runs answers the next command and nobody else", async () => {
    const text = await play({
      server: "exec /usr/bin/python3 -u -m http.server 8231",
      ready: /Serving HTTP/,
      port: 8231,
      client:
        "/usr/bin/python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8231/page.txt').read())\"",
    }, user);
    assert.match(text, /exited with code 0/);
    assert.match(text, /b'a page of the workspace\\n'/);
  });

  test("A test that listens in a session is met by the next command", async () => {
    const text = await play({
      files: {
        "one.test.mjs": `import { createServer } from "node:http";
import { test } from "node:test";
test("is met", (_, done) => {
  const server = createServer((_, answer) => {
    answer.end("met", () => server.close(() => done()));
    server.closeAllConnections();
  });
  server.listen(8232, "127.0.0.1", () => console.error("listening"));
});
`,
      },
      server: "node --test-reporter=tap --test one.test.mjs & exec sleep 1000",
      ready: /listening/,
      port: 8232,
      client: "curl -sS http://127.0.0.1:8232/",
    }, user);
    assert.match(text, /exited with code 0[^]*met$/);
  });

  const slow = (name: string, needs: string, fn: () => Promise<void>) =>
    IS_SLOW && test(name, async () => {
      if (await isThere(needs)) return await fn();
      console.error(`  SKIPPED: ${needs} is not installed`);
    });

  slow("Redis runs in a session", "redis-server", async () => {
    const text = await play({
      server: "exec redis-server --bind 127.0.0.1 --port 8233 --save ''",
      ready: /eady to accept connections/,
      port: 8233,
      client: "redis-cli -p 8233 set a b && redis-cli -p 8233 get a",
    }, user);
    assert.match(text, /exited with code 0[^]*OK\nb\n$/);
  });

  // It refuses to run as root, whatever the sandbox leaves of him.
  if (user !== "root") {
    slow(
      "Postgres runs in a session",
      "/usr/lib/postgresql/*/bin/postgres",
      async () => {
        const text = await play({
          server:
            "cd /usr/lib/postgresql/*/bin && ./initdb -A trust -U one -D $TMPDIR/data >/dev/null && exec ./postgres -D $TMPDIR/data -h 127.0.0.1 -p 8234 -k ''",
          ready: /ready to accept connections/,
          port: 8234,
          client:
            "psql -h 127.0.0.1 -p 8234 -U one -Atc 'select 6 * 7' postgres",
        }, user);
        assert.match(text, /exited with code 0[^]*\n42\n$/);
      },
    );
  }

  slow("Vite serves a page from a session", "npm", async () => {
    const text = await play({
      files: {
        "index.html": "<p>a page</p>",
        "package.json": '{"dependencies": {"vite": "7"}}',
      },
      server:
        "exec node node_modules/vite/bin/vite.js --host 127.0.0.1 --port 8235 --strictPort",
      ready: /Local:/,
      port: 8235,
      client: "curl -sS http://127.0.0.1:8235/",
      install: ["npm", "install", "--no-audit", "--no-fund"],
    }, user);
    assert.match(text, /exited with code 0[^]*<p>a page<\/p>/);
  });
}
