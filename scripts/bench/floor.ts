/** The floor: config, request, stream and commands on the same runtime, and no harness. */

interface Item {
  readonly type: string;
  readonly call_id?: string;
  readonly arguments?: string;
}

/** As long as the instructions and tools of a real request. */
const INSTRUCTIONS = "x".repeat(12_000);

if (import.meta.main) {
  if (Deno.args[0] === "--version") print("floor 0");
  else await main(Deno.args.at(-1) ?? "");
  Deno.exit(0);
}

async function main(prompt: string): Promise<void> {
  const home = Deno.env.get("CODEX_HOME");
  const config = await Deno.readTextFile(`${home}/config.toml`);
  const base = /base_url = "([^"]+)"/.exec(config)?.[1];
  const content = [{ type: "input_text", text: prompt }];
  const input: unknown[] = [{ type: "message", role: "user", content }];
  for (let calls = 1; calls > 0;) {
    calls = 0;
    const model = "m";
    const body = { model, instructions: INSTRUCTIONS, input, stream: true };
    for await (const item of sample(`${base}/responses`, body)) {
      input.push(item);
      print(JSON.stringify(item));
      if (item.type !== "function_call") continue;
      calls++;
      input.push({
        type: "function_call_output",
        call_id: item.call_id,
        output: await runCall(item),
      });
    }
  }
}

async function* sample(url: string, body: unknown): AsyncGenerator<Item> {
  const { body: stream } = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream ?? []) {
    const parts = (rest + decoder.decode(chunk, { stream: true }))
      .split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const event = JSON.parse(part.slice(part.indexOf("data: ") + 6));
      if (event.type === "response.output_item.done") yield event.item;
    }
  }
}

async function runCall(item: Item): Promise<string> {
  const [command = "", ...args] = JSON.parse(item.arguments ?? "{}").command;
  const { stdout } = await new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return new TextDecoder().decode(stdout.subarray(0, 40_000));
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
