/** A client of `rondo app-server` that stops reading, before the built program. */
import assert from "node:assert/strict";
import { serveHttp } from "../support/http_server.ts";
import { agentCommand, agentEnv } from "../support/run_agent.ts";
import { assertNoneLeft, newMarker, stage } from "./support.ts";

const TOTAL_BYTES = 512 * 1024 * 1024;
const PIECE_BYTES = 16 * 1024;
/** Beyond what is there anyway: what waits for the client, and what the runtime reads ahead. */
const ROOM_BYTES = 64 * 1024 * 1024;

interface EndlessModel {
  readonly url: string;
  readonly takenBytes: number;
  end(): Promise<void>;
}

// A command, and then an answer that goes on for as long as it is read.
function endlessModel(marker: string): EndlessModel {
  const encoder = new TextEncoder();
  const line = (event: Record<string, unknown>): Uint8Array<ArrayBuffer> =>
    encoder.encode(
      `event: ${event["type"]}\ndata: ${JSON.stringify(event)}\n\n`,
    );
  const command = {
    type: "response.output_item.done",
    output_index: 0,
    item: {
      type: "function_call",
      id: "fc_1",
      call_id: "call_1",
      name: "shell",
      arguments: JSON.stringify({
        command: ["sh", "-c", `sleep 300; : ${marker}`],
      }),
    },
  };
  const item = { type: "message", id: "m_1", role: "assistant", content: [] };
  const begun = {
    type: "response.output_item.added",
    output_index: 1,
    item,
  };
  const piece = line({
    type: "response.output_text.delta",
    item_id: "m_1",
    output_index: 1,
    content_index: 0,
    delta: "x".repeat(PIECE_BYTES),
  });
  let takenBytes = 0;
  const server = serveHttp(() =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(line(command));
          controller.enqueue(line(begun));
        },
        pull: (controller) => {
          controller.enqueue(piece);
          takenBytes += piece.length;
          if (takenBytes >= TOTAL_BYTES) controller.close();
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    )
  );
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    get takenBytes(): number {
      return takenBytes;
    },
    end: () => server.shutdown(),
  };
}

/** Resolves to the value once it has not changed for half a second. */
async function settled(value: () => number): Promise<number> {
  let last = value();
  for (let same = 0; same < 25;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    same = value() === last ? same + 1 : 0;
    last = value();
  }
  return value();
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

Deno.test({
  name:
    "app-server holds the model's answer up while its client reads nothing, and nothing is left when it goes",
  ignore: Deno.build.os !== "linux",
  async fn(): Promise<void> {
    const marker = newMarker();
    const model = endlessModel(marker);
    await using s = await stage({ url: model.url });
    const { home } = s;
    const [program = "", ...args] = agentCommand();
    const child = new Deno.Command(program, {
      args: [...args, "app-server"],
      cwd: home.work,
      clearEnv: true,
      env: agentEnv(home),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = child.stdin.getWriter();
    const reader = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    let said = "";
    const send = async (id: number, method: string, params: unknown) => {
      const text = `${JSON.stringify({ id, method, params })}\n`;
      await writer.write(new TextEncoder().encode(text));
    };
    const until = async (words: RegExp): Promise<string> => {
      for (;;) {
        const found = words.exec(said);
        if (found !== null) return found[1] ?? "";
        said += (await reader.read()).value ?? assert.fail("It has ended");
      }
    };
    await send(1, "initialize", { clientInfo: { name: "t", version: "1" } });
    const { work: cwd } = home;
    await send(2, "thread/start", { cwd, sandbox: "danger-full-access" });
    const threadId = await until(/"thread":\{"id":"([^"]+)"/);
    const before = await residentBytes(child.pid);
    const input = [{ type: "text", text: "go" }];
    await send(3, "turn/start", { threadId, input });
    await until(/"item\/started".*commandExecution/);
    const taken = await settled(() => model.takenBytes);
    assert.ok(taken > 0 && taken < ROOM_BYTES, `${taken} bytes were taken`);
    const grown = await residentBytes(child.pid) - before;
    assert.ok(grown < 2 * ROOM_BYTES, `${grown} bytes were kept`);
    // It goes on where the client does.
    const more = said.length + 2 * taken;
    while (said.length < more) {
      said += (await reader.read()).value ?? assert.fail("It has ended");
    }
    assert.ok(model.takenBytes > taken);
    await reader.cancel();
    await writer.close();
    assert.equal((await child.status).code, 0);
    await assertNoneLeft(marker);
    await model.end();
  },
});
