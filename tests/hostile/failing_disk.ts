/** Every call for files fails with every error a disk has, wherever one of its folders lies. */
import { call, customCall, say, type Step } from "../support/mock_model.ts";
import type { AgentHome } from "../support/run_agent.ts";
import { faultyHost, FILE_CALLS, type FileCall } from "./faulty_host.ts";
import { hostOf, runInside } from "./in_process.ts";
import { openStage, type Situation } from "./situation.ts";

const ERRORS: Readonly<Record<string, number>> = {
  EPERM: 1,
  EIO: 5,
  EACCES: 13,
  EMFILE: 24,
  ENOSPC: 28,
  EROFS: 30,
  ENAMETOOLONG: 36,
  ELOOP: 40,
  ESTALE: 116,
  EDQUOT: 122,
};

const FOLDERS: Readonly<Record<string, (home: AgentHome) => string>> = {
  "of ours": ({ codexHome }) => codexHome,
  "of the project": ({ work }) => work,
  "anywhere": () => "/",
};

/** The first ones of a run, and all of them. */
const WHICH = [0, 1, 2, 5, 10, undefined] as const;

const PATCH = [
  "*** Begin Patch",
  "*** Update File: a.txt",
  "@@",
  "-a",
  "+b",
  "*** Add File: new/b.txt",
  "+b",
  "*** End Patch",
].join("\n");

// What touches files: images, patches, commands, long outputs, a plan, an answer.
const STEPS: readonly Step[] = [
  [
    call("shell", { command: ["bash", "-lc", "seq 1 100000; echo x > c.txt"] }),
    call("view_image", { path: "a.png" }),
    customCall("apply_patch", PATCH),
  ],
  [call("shell", { command: ["bash", "-lc", `cd . && ls`] })],
  say("done"),
];

/** Every fault. */
export function failingDisks(): Situation[] {
  return FILE_CALLS.flatMap((name) =>
    Object.entries(ERRORS).flatMap(([code, errno]) =>
      Object.entries(FOLDERS).flatMap(([folder, below]) =>
        WHICH.map((at) => ({
          kind: "disks that fail",
          name: `${name} ${folder}: ${code}, ${at ?? "each"}`,
          isQuick: code === "EIO" && at === undefined,
          run: () => tryFault({ call: name, errno, below, at }),
        }))
      )
    )
  );
}

async function tryFault(fault: {
  readonly call: FileCall;
  readonly errno: number;
  readonly below: (home: AgentHome) => string;
  readonly at: number | undefined;
}): Promise<void> {
  await using stage = await openStage({ script: () => say("done") });
  stage.model.add(...STEPS);
  const { home } = stage;
  await Deno.writeTextFile(`${home.work}/a.txt`, "a\n");
  await Deno.writeTextFile(`${home.work}/AGENTS.md`, "Be brief.\n");
  await Deno.writeFile(`${home.work}/a.png`, new Uint8Array(64));
  await Deno.mkdir(`${home.codexHome}/skills/one`, { recursive: true });
  await Deno.writeTextFile(
    `${home.codexHome}/skills/one/SKILL.md`,
    "---\nname: one\ndescription: one\n---\n",
  );
  const { host } = faultyHost(hostOf(home), {
    call: fault.call,
    errno: fault.errno,
    below: fault.below(home),
    ...(fault.at !== undefined && { at: fault.at }),
  });
  await runInside(host);
}
