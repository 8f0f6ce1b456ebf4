/** The recording in the README: the built program at a real terminal, with a scripted model. */
import {
  call,
  customCall,
  type MockModel,
  mockModel,
  say,
} from "../../tests/support/mock_model.ts";
import { openPty } from "../../tests/support/pty.ts";
import {
  agentCommand,
  agentEnv,
  type AgentHome,
  agentHome,
  mockConfig,
} from "../../tests/support/run_agent.ts";
import { renderSvg } from "./svg.ts";

export const RECORDING = new URL("rondo.svg", import.meta.url);

const COLUMNS = 84;
const TASK = "the check fails: find out why and fix it";

const FILES = {
  "duration.mjs": `const SECONDS = { h: 360, m: 60, s: 1 };

export function seconds(text) {
  let sum = 0;
  for (const [, n, unit] of text.matchAll(/(\\d+)([hms])/g)) {
    sum += Number(n) * SECONDS[unit];
  }
  return sum;
}
`,
  "check.mjs": `import { seconds } from "./duration.mjs";

const got = seconds("1h30m");
console.log(got === 5400 ? "ok" : \`1h30m is 5400 s, not \${got} s\`);
process.exit(got === 5400 ? 0 : 1);
`,
};

const PATCH = `*** Begin Patch
*** Update File: duration.mjs
@@
-const SECONDS = { h: 360, m: 60, s: 1 };
+const SECONDS = { h: 3600, m: 60, s: 1 };
*** End Patch
`;

const SCRIPT = [
  [
    say("I run the check first."),
    call("shell", { command: ["bash", "-c", "node check.mjs"] }),
  ],
  [
    say("An hour counts as 360 seconds; it has 3600."),
    customCall("apply_patch", PATCH),
    call("shell", { command: ["bash", "-c", "node check.mjs"] }),
  ],
  [
    say(
      "Fixed: `duration.mjs` counted an hour as **360 s**. The check passes now.",
    ),
  ],
];

if (import.meta.main) await Deno.writeTextFile(RECORDING, await record());

/** Plays the conversation and draws what stands on the terminal at its end. */
export async function record(): Promise<string> {
  await using model = mockModel({ script: SCRIPT });
  await using home = await agentHome();
  // Its name is on the screen, and as long each time.
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "duration-" });
  try {
    return await play(model, home, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function play(
  model: MockModel,
  home: AgentHome,
  folder: string,
): Promise<string> {
  for (const [name, text] of Object.entries(FILES)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, {
      bottom: `[projects.${JSON.stringify(folder)}]\ntrust_level = "trusted"`,
    }),
  );
  await using pty = openPty({
    argv: [...agentCommand(), "-s", "workspace-write"],
    cwd: folder,
    columns: COLUMNS,
    rows: 50,
    env: agentEnv(home, { TERM: "xterm-256color" }),
  });
  await pty.shows("/help lists commands");
  await pty.type(`${TASK}\r`);
  // The turn has ended: no line of the status is left.
  await pty.shows(/passes now\.\s*›$/);
  const { rows, styles } = pty.cells();
  const svg = renderSvg({ rows, styles }, {
    columns: COLUMNS,
    title: "rondo -s workspace-write",
  });
  await pty.type("\x04");
  await pty.code;
  return svg;
}
