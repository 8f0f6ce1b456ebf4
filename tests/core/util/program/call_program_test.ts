import assert from "node:assert/strict";
import {
  endWith,
  goTo,
  renderProgram,
  type Step,
} from "../../../../core/util/program/call_program.ts";
import { ARCHES, runMade, starterOf } from "../../../support/made.ts";

function say(text: string): Step {
  const bytes = new TextEncoder().encode(text);
  return { call: "write", args: [1, bytes, bytes.length] };
}

const NO_SUCH_CALL: Step = { call: "close", args: [999_999] };
const EBADF = -9;
const GOOD_END: readonly Step[] = [say("end\n"), {
  call: "exit_group",
  args: [5],
}];

for (const arch of ARCHES) {
  const starter = Deno.build.os === "linux" ? starterOf(arch) : undefined;

  Deno.test({
    name: `renderProgram() makes every call in turn, whatever comes (${arch})`,
    ignore: starter === undefined,
    fn: async () => {
      const steps = [say("one "), NO_SUCH_CALL, say("two "), ...GOOD_END];
      assert.deepEqual(await runMade(renderProgram(steps, arch), starter), {
        code: 5,
        stdout: "one two end\n",
        stderr: "",
      });
    },
  });

  Deno.test({
    name: `renderProgram() goes on by the result of a call (${arch})`,
    ignore: starter === undefined,
    fn: async () => {
      const runWith = async (step: Partial<Step>) => {
        const steps = [
          { ...NO_SUCH_CALL, ...step },
          say("next "),
          ...GOOD_END,
        ];
        const { code, stdout, stderr } = await runMade(
          renderProgram(steps, arch),
          starter,
        );
        return `${code} ${stdout}${stderr}`.trim();
      };
      const refused = endWith("no", 7);
      const went = "5 next end";
      assert.equal(await runWith({ from: EBADF, to: EBADF }), went);
      assert.equal(await runWith({ to: EBADF }), went);
      assert.equal(await runWith({ from: EBADF }), went);
      assert.equal(await runWith({ from: EBADF + 1, otherwise: 1 }), "5 end");
      assert.equal(await runWith({ to: EBADF - 1, otherwise: 1 }), "5 end");
      assert.equal(await runWith({ from: 0, otherwise: refused }), "7 no");
      assert.equal(
        await runWith({ from: 0, otherwise: [goTo(refused)] }),
        "7 no",
      );
    },
  });
}

Deno.test("renderProgram() makes the same table for both architectures but for the numbers of calls", () => {
  const steps = [
    say("a"),
    { call: "seccomp", args: [1, 0, [2, new Uint8Array(16)]] } as const,
    { ...NO_SUCH_CALL, from: 0, otherwise: endWith("no", 3) },
    ...GOOD_END,
  ];
  const [first, second] = ARCHES.map((arch) => renderProgram(steps, arch));
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(first.length, second.length);
  // Headers of 64 + 2 * 56 bytes, then 64 of code, then 72 for a step: its number first.
  const end = 240 + 72 * 7;
  const differ = [...first.keys()].filter((at) =>
    at >= 240 && first[at] !== second[at]
  );
  assert.ok(differ.every((at) => at < end && (at - 240) % 72 < 8), `${differ}`);
});

Deno.test("renderProgram() keeps a text or a block once, however often it is named", () => {
  const long = "x".repeat(1000);
  const block = endWith(long, 1);
  const open = (path: string): Step => ({
    call: "openat",
    args: [-100, path, 0, 0],
    from: 0,
    otherwise: block,
  });
  const once = renderProgram([open(long), ...block], "x86_64").length;
  const often = renderProgram(
    [...Array(10).fill(open(long)), ...block],
    "x86_64",
  );
  assert.equal(often.length, once + 9 * 72);
});
