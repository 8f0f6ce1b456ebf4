/** The benchmarks' own parts: the page of results, and the floor. */
import assert from "node:assert/strict";
import { messageAnswer } from "../../scripts/bench/bench.ts";
import { medianOf, renderResults } from "../../scripts/bench/rows.ts";
import { serveHttp } from "../support/http_server.ts";

Deno.test("medianOf() is the middle value, the upper of two", () => {
  assert.equal(medianOf([3, 1, 2]), 2);
  assert.equal(medianOf([4, 1, 3, 2]), 3);
});

Deno.test("renderResults() has a column for each program, and a share where one was measured", () => {
  const page = renderResults([
    {
      name: "one message",
      unit: "ms",
      runs: 3,
      cells: [
        { subject: "rondo", median: 50, least: 49 },
        { subject: "peer", median: 100, least: 90, share: 0.5 },
      ],
    },
    {
      name: "proof",
      unit: "ms",
      runs: 1,
      cells: [{ subject: "rondo", median: 9, least: 9 }],
    },
  ], {
    at: new Date(0),
    command: "deno task bench --peer peer",
    subjects: [["rondo", "rondo 1.2.3"], ["peer", "peer 4"]],
  });
  assert.match(page, /^- 1970-01-01, `deno task bench --peer peer`$/m);
  assert.match(page, /^- rondo: `rondo 1\.2\.3`$/m);
  assert.match(
    page,
    /^\| figure \| unit \| runs \| rondo \| peer \| share of peer \|$/m,
  );
  assert.match(
    page,
    /^\| one message \| ms \| 3 \| 50\.0 \| 100\.0 \| 0\.50 \|$/m,
  );
  assert(page.includes("\n| proof | ms | 1 | 9.00 |  |  |\n"));
});

Deno.test("the floor runs the calls that it is given and sends what came of them", async () => {
  const home = await Deno.makeTempDir();
  const bodies: { readonly input: readonly Record<string, unknown>[] }[] = [];
  const call = {
    type: "function_call",
    call_id: "call_1",
    name: "shell",
    arguments: '{"command":["echo","hello"]}',
  };
  const asks = `data: ${
    JSON.stringify({ type: "response.output_item.done", item: call })
  }\n\n`;
  const server = serveHttp(async (request) => {
    bodies.push(await request.json());
    return new Response(bodies.length === 1 ? asks : messageAnswer());
  });
  try {
    await Deno.writeTextFile(
      `${home}/config.toml`,
      `base_url = "http://127.0.0.1:${server.port}"\n`,
    );
    const floor = new URL("../../scripts/bench/floor.ts", import.meta.url).href;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", floor, "exec", "go"],
      env: { CODEX_HOME: home },
    }).output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /word/);
    assert.equal(bodies.length, 2);
    assert.deepEqual(bodies[1]?.input.slice(1), [call, {
      type: "function_call_output",
      call_id: "call_1",
      output: "hello\n",
    }]);
  } finally {
    await server.shutdown();
    await Deno.remove(home, { recursive: true });
  }
});
