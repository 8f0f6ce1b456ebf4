/** Which shell commands are written for, which start without a login, what a login adds. */
import assert from "node:assert/strict";
import {
  findShell,
  openPersonVariables,
  withoutLoginShells,
} from "../../../core/app/login_shell.ts";
import { denoHost } from "../../../core/host/host.ts";
import { decide } from "../../../core/policy/decide.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { workspaceWrite } from "../../support/settings.ts";
import { command, input, rulesOf } from "../policy/support.ts";
import type { GateRequest } from "../../../core/protocol/command.ts";
import type { ToolContext } from "../../../core/protocol/tool.ts";

// The argv that reaches the gate behind.
async function argvOf(line: string): Promise<string> {
  const argv = line.split(" ");
  const seen: GateRequest[] = [];
  const gate = withoutLoginShells({
    run: (request) => {
      seen.push(request);
      return Promise.resolve({ type: "refused", reason: "" });
    },
  });
  const action = { type: "command", argv, cwd: "/", escalated: false } as const;
  const request = { action, argv, cwd: "/", timeoutMs: 1, detail: line };
  await gate.run(request, {} as ToolContext);
  const [one] = seen;
  assert(one?.action.type === "command");
  assert.deepEqual(one.argv, one.action.argv);
  return one.argv.join(" ");
}

Deno.test("a login flag of a shell is taken away, and nothing else", async () => {
  const table: readonly (readonly [string, string])[] = [
    ["bash -lc ls", "bash -c ls"],
    ["/bin/zsh -ilc ls", "/bin/zsh -ic ls"],
    ["bash --login -c ls", "bash -c ls"],
    ["bash -l", "bash"],
    ["bash -o pipefail -lc ls", "bash -o pipefail -c ls"],
    ["bash --rcfile f -lc ls", "bash --rcfile f -c ls"],
    ["bash -c ls -l", "bash -c ls -l"],
    ["bash script.sh -lc", "bash script.sh -lc"],
    ["ls -lc", "ls -lc"],
  ];
  for (const [asked, run] of table) assert.equal(await argvOf(asked), run);
});

/** This machine with programs of these paths alone. */
function machineWith(
  shell: string,
  ...programs: string[]
): Parameters<typeof findShell>[0] {
  const { files } = denoHost();
  const stat = async (path: string) =>
    programs.includes(path) ? await files.stat("/bin/sh") : undefined;
  return { env: () => shell, files: { ...files, stat } };
}

Deno.test("Whatever the person's shell is, one that is there is named, and a rule sees what it is given", async () => {
  const rules = rulesOf(
    'prefix_rule(pattern=["git", "push"], decision="forbidden")',
  );
  const table: readonly (readonly [string, readonly string[], string])[] = [
    ["/bin/zsh", ["/bin/zsh", "/bin/bash"], "/bin/zsh"],
    ["/bin/zsh", ["/bin/bash"], "/bin/bash"],
    ["/usr/bin/fish", ["/usr/bin/fish", "/usr/bin/bash"], "/usr/bin/bash"],
    ["/planted/bash", ["/planted/bash"], "/bin/sh"],
    ["/bin/bash", [], "/bin/sh"],
    ["bash", ["bash"], "/bin/sh"],
    ["", [], "/bin/sh"],
  ];
  for (const [shell, programs, expected] of table) {
    const chosen = await findShell(machineWith(shell, ...programs));
    assert.equal(chosen, expected);
    const action = command([chosen, "-c", "git push"]);
    assert.equal(decide(input(action, { rules })).type, "refuse", shell);
  }
});

/** What commands start from in a home with this profile; `own` is all that is set. */
async function variablesWith(
  own: Readonly<Record<string, string>>,
  { profile, policy = workspaceWrite({}) }: {
    readonly profile: string;
    readonly policy?: Parameters<typeof openPersonVariables>[1]["policy"];
  },
): Promise<Readonly<Record<string, string>> & { readonly warned: string }> {
  const home = await Deno.makeTempDir({ dir: "/var/tmp" });
  try {
    for (const name of [".profile", ".bashrc", ".zshrc"]) {
      await Deno.writeTextFile(`${home}/${name}`, profile);
    }
    const base = denoHost();
    const envAll = () => ({ HOME: home, ...own });
    const host: Host = {
      ...base,
      env: (name) => (envAll() as Record<string, string>)[name],
      envAll,
      homeDir: () => home,
    };
    const warned: string[] = [];
    const options = {
      policy,
      cwd: "/srv/ws",
      warn: (text: string) => void warned.push(text),
    };
    const variables = openPersonVariables(host, options);
    await Promise.all([variables.ready(), variables.ready()]);
    return { ...variables.envAll(), warned: warned.join() };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const PROFILE =
  'echo noise; echo more >&2; export TOOLS=1 OWN=theirs PATH="$HOME/tools:/usr/bin:/bin"\n';

Deno.test("Where no shell started rondo, commands see what a login adds, and what was set stays", async () => {
  const own = { PATH: "/image/bin:/bin", OWN: "ours" };
  const seen = await variablesWith(own, { profile: PROFILE });
  assert.match(
    seen["PATH"] ?? "",
    /^\/image\/bin:\/\S+\/tools:\/usr\/bin:\/bin$/,
  );
  assert.equal(seen["TOOLS"], "1");
  assert.equal(seen["OWN"], "ours");
  assert.equal(seen.warned, "");
});

Deno.test("Where a shell started rondo, or a command could write what a login reads, no login is asked", async () => {
  const own = { PATH: "/bin" };
  const profile = PROFILE;
  for (const name of ["SHLVL", "TERM"]) {
    const seen = await variablesWith({ ...own, [name]: "1" }, { profile });
    assert.equal(seen["PATH"], "/bin");
  }
  const policy = workspaceWrite({ writableRoots: ["/var/tmp"] });
  assert.equal(
    (await variablesWith(own, { profile, policy }))["TOOLS"],
    undefined,
  );
});

Deno.test("A login that says nothing is told, and commands start without it", async () => {
  const seen = await variablesWith({ PATH: "/bin" }, { profile: "exit 1\n" });
  assert.equal(seen["PATH"], "/bin");
  assert.match(seen.warned, /was asked and it printed no variables/);
});
