import assert from "node:assert/strict";
import {
  messageAnswer,
  runOnce,
  type Subject,
  subjects,
} from "../../scripts/bench/bench.ts";

const [subject] = subjects();
assert(subject !== undefined);

/** How far the program has read its own file when its first request is there; by proc(5). */
async function readSoFar(
  sandbox: string,
  { home, args = [] }: {
    readonly home?: string;
    readonly args?: readonly string[];
  } = {},
): Promise<number> {
  let position = NaN;
  const run: Subject = { ...subject as Subject, extraArgs: args };
  await runOnce({
    subject: run,
    sandbox,
    ...(home !== undefined && { home }),
    answer: (_, pid) => {
      for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
        const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
        if (target !== Deno.realPathSync(run.path)) continue;
        const info = Deno.readTextFileSync(`/proc/${pid}/fdinfo/${name}`);
        position = Number(/^pos:\s*(\d+)/m.exec(info)?.[1]);
      }
      return messageAnswer();
    },
  });
  return position;
}

Deno.test({
  name:
    "a run of every day leaves the later script alone, and one with a server reads it",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const home = await Deno.makeTempDir({ prefix: "rondo-later-" });
    try {
      const early = await readSoFar("danger-full-access");
      // The second one takes over what the first has proved.
      for (const _ of ["first", "second"]) {
        assert.equal(await readSoFar("read-only", { home }), early);
      }
      const server = 'mcp_servers.off={command="true",enabled=false}';
      const later = await readSoFar("danger-full-access", {
        args: ["-c", server],
      });
      assert(later > early);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});
