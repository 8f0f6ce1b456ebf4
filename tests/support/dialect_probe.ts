/** What the server of a dialect answers to whoever tries out what it takes. */
import type { JsonObject } from "../../core/util/json/json.ts";
import { type Dialect, refusal, WINDOW } from "./dialects.ts";
import { chunk, sse } from "./chat_script.ts";
import { hang, type MockRequest, raw, type Step } from "./mock_model.ts";

/** Undefined for a request that is no try. */
export function answerProbe(
  dialect: Dialect,
  request: MockRequest,
  render: (items: readonly JsonObject[]) => Step,
): Step | undefined {
  const { body, text } = request;
  if (!text.includes("You are being tested")) return undefined;
  const limit = Number(body["max_output_tokens"] ?? body["max_tokens"] ?? 0);
  const isTooMuch = dialect.boundsOutput === true && limit > WINDOW;
  if (isTooMuch || text.length / 4 > WINDOW) return dialect.overflow;
  const isWhole = dialect.style === "json" || dialect.chat?.isWhole;
  if (text.includes("Count from 1") && !isWhole) return slowly(dialect);
  const tools = (body["tools"] ?? []) as readonly JsonObject[];
  const [tool] = tools;
  if (tool?.["type"] === "custom") return customTool(dialect, tool, render);
  const asked = body["tool_choice"] === "none"
    ? null
    : /Call (\w+)( twice)?/.exec(text);
  if (asked !== null) {
    const count = asked[2] === undefined || dialect.isSerial ? 1 : 2;
    return render(
      Array.from({ length: count }, (_, at) => ({
        type: "function_call",
        id: `fc_${at}`,
        call_id: `call_${at}`,
        name: asked[1] ?? "",
        arguments: "{}",
      })),
    );
  }
  if (body["reasoning"] !== undefined) return thinking(dialect, body, render);
  const isSeen = /"type":"(?:input_image|image_url)"/.test(text);
  return render([say(isSeen ? "Red." : "pong")]);
}

function customTool(
  { custom = "refused" }: Dialect,
  tool: JsonObject,
  render: (items: readonly JsonObject[]) => Step,
): Step {
  switch (custom) {
    case "refused":
      return refusal(400, "tools[0].type must be function");
    case "ignored":
      return render([say("pong")]);
    case "works":
      return render([{
        type: "custom_tool_call",
        id: "ctc_1",
        call_id: "call_1",
        name: tool["name"] ?? "",
        input: "pong",
      }]);
  }
}

function thinking(
  { cipher = "absent" }: Dialect,
  body: JsonObject,
  render: (items: readonly JsonObject[]) => Step,
): Step {
  const wanted = JSON.stringify(body["include"] ?? []).includes("encrypted");
  if (wanted && cipher === "refused") {
    return refusal(400, "include: reasoning.encrypted_content is not known");
  }
  const thought = { type: "reasoning", id: "rs_1", summary: [] };
  return render([
    cipher === "works" ? { ...thought, encrypted_content: "c" } : thought,
    say("9.9"),
  ]);
}

// Its beginning, then nothing, where the dialect streams.
function slowly({ style, chat }: Dialect): Step {
  if (chat !== undefined) {
    const begin = chunk({ role: "assistant", content: "1" });
    return [sse([begin], { noDone: true }), hang()];
  }
  const delta = {
    type: "response.output_text.delta",
    item_id: "m",
    delta: "1",
  };
  const { type, ...data } = delta;
  const text = style === "named"
    ? `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
    : `data: ${JSON.stringify(delta)}\n\n`;
  return [raw(text), hang()];
}

function say(text: string): JsonObject {
  return {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text }],
  };
}
