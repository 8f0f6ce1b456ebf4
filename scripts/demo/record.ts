/** Records the demo's cassette: the program against a scripted model. For maintainers. */
import { mockModel } from "../../tests/support/mock_model.ts";
import {
  call,
  customCall,
  say,
  think,
} from "../../tests/support/mock_script.ts";
import { prepareRun, runRondo } from "./run.ts";

const PATCH = `*** Begin Patch
*** Update File: duration.mjs
@@
-const SECONDS = { h: 360, m: 60, s: 1 };
+const SECONDS = { h: 3600, m: 60, s: 1 };
*** End Patch
`;

const SCRIPT = [
  [
    think("Look at the project and run its tests first."),
    say("I will look at the project and run its tests."),
    call("update_plan", {
      plan: [
        { step: "Reproduce the failure", status: "in_progress" },
        { step: "Fix the cause", status: "pending" },
        { step: "Run all tests", status: "pending" },
      ],
    }),
    call("shell", { command: ["bash", "-c", "ls && cat duration.mjs"] }),
    call("shell", { command: ["node", "--test"] }),
  ],
  [
    think("An hour is counted as 360 seconds; it has 3600."),
    say(
      "Hours are counted as 360 seconds. An hour has 3600: one digit is missing.",
    ),
    customCall("apply_patch", PATCH),
  ],
  [
    call("update_plan", {
      plan: [
        { step: "Reproduce the failure", status: "completed" },
        { step: "Fix the cause", status: "completed" },
        { step: "Run all tests", status: "in_progress" },
      ],
    }),
    call("shell", { command: ["node", "--test"] }),
  ],
  [
    call("update_plan", {
      plan: [
        { step: "Reproduce the failure", status: "completed" },
        { step: "Fix the cause", status: "completed" },
        { step: "Run all tests", status: "completed" },
      ],
    }),
  ],
  [
    say(
      "Fixed: `duration.mjs:2` counted an hour as 360 seconds, now 3600. Both tests pass (`node --test`).",
    ),
  ],
];

if (import.meta.main) await record();

/** Writes scripts/demo/fix_test.cassette anew. */
export async function record(): Promise<void> {
  const cassette = decodeURIComponent(
    new URL("./fix_test.cassette", import.meta.url).pathname,
  );
  await Deno.remove(cassette).catch(() => {});
  await using model = mockModel({ script: SCRIPT });
  await using run = await prepareRun();
  const code = await runRondo(run, [
    "--record",
    cassette,
    "--replay-mode",
    "model",
    "-c",
    `openai_base_url="${model.url}"`,
  ]);
  console.log(`rondo ended with ${code}; wrote ${cassette}`);
}
