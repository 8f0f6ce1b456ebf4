/** A model that calls every tool of the server `t` once, and then says that it is done. */

interface Body {
  readonly input: readonly { readonly type: string }[];
  readonly tools: readonly {
    readonly name?: string;
    readonly parameters?: { readonly properties?: Record<string, unknown> };
  }[];
}

/** Serves it on the loopback interface. */
export function startModel(): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      if (request.method !== "POST") return new Response("", { status: 404 });
      const items = itemsFor(await request.json() as Body);
      const events = [
        { type: "response.created", response: { id: "r" } },
        ...items.map((item) => ({ type: "response.output_item.done", item })),
        {
          type: "response.completed",
          response: { id: "r", status: "completed", output: [] },
        },
      ];
      const text = events.map((one) => `data: ${JSON.stringify(one)}\n\n`);
      return new Response(text.join(""), {
        headers: { "content-type": "text/event-stream" },
      });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function itemsFor({ input, tools }: Body): readonly Record<string, unknown>[] {
  const isDone = input.some(({ type }) => type === "function_call_output");
  const calls = isDone
    ? []
    : tools.filter(({ name }) => name?.startsWith("mcp__t__"));
  if (calls.length > 0) {
    return calls.map(({ name, parameters }, at) => ({
      type: "function_call",
      id: `fc_${at}`,
      call_id: `call_${at}`,
      name,
      arguments: JSON.stringify(
        Object.fromEntries(
          Object.keys(parameters?.properties ?? {}).map((key) => [key, 3]),
        ),
      ),
    }));
  }
  const content = [{ type: "output_text", text: "done" }];
  return [{ type: "message", id: "msg_1", role: "assistant", content }];
}
