/** Questions to the user about a server: whether a tool may run, and what the server asks. */
import { cutLine } from "../../core/util/text/visible_text.ts";
import type { ApprovalRequest, Decision } from "../../core/protocol/policy.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";
import type { FormAnswer } from "../../core/protocol/form.ts";
import type { ElicitHook, McpElicitation } from "./client/types.ts";
import { parseForm } from "./form.ts";

const DECLINED: FormAnswer = { action: "decline" };

export function buildCallQuestion(
  call: {
    readonly server: string;
    readonly tool: string;
    readonly args: JsonObject;
  },
  { reason, cwd }: { readonly reason: string; readonly cwd: string },
): ApprovalRequest {
  return {
    kind: "mcp",
    title: `${call.server}/${call.tool}`,
    detail: JSON.stringify(call.args, null, 2),
    cwd,
    reason,
    forbids: "",
    sessionScope: `every call of ${call.tool} of the server ${call.server}`,
  };
}

/** For the model, when a call was not allowed. */
export function refusalText(
  decision: Extract<Decision, { readonly type: "deny" | "abort" }>,
): string {
  const word = decision.type === "deny" ? decision.message?.trim() ?? "" : "";
  return word === ""
    ? "The user rejected this call; nothing was run"
    : `The user rejected this call, nothing was run, and said: ${word}`;
}

/**
 * The answer to a server's question. A frontend that can take values answers by its hook;
 * otherwise the user can accept a question that needs no values. Where nobody can be asked,
 * it is declined.
 */
export async function answerElicitation(
  request: McpElicitation,
  context: ToolContext,
  options: { readonly hook?: ElicitHook; readonly signal: AbortSignal },
): Promise<FormAnswer> {
  const { settings, warn } = context;
  const who = `The MCP server ${request.server}`;
  if (!mayAsk(settings)) {
    warn(`${who} asked: "${cutLine(request.message)}"; nobody can answer here`);
    return DECLINED;
  }
  const { url } = request;
  if (url !== undefined && !/^https?:\/\//i.test(url)) {
    warn(
      `${who} asked to open ${
        cutLine(url)
      }; only http:// and https:// can be opened`,
    );
    return DECLINED;
  }
  if (options.hook !== undefined) {
    return await fillForm(request, context, { ...options, hook: options.hook });
  }
  const content = defaultsOf(request.schema);
  if (content === undefined) {
    warn(
      `${who} asked for values: "${cutLine(request.message)}"; none were given`,
    );
    return DECLINED;
  }
  const decision = await context.ask(buildElicitQuestion(request, settings));
  switch (decision.type) {
    case "approve":
    case "approve_for_session":
    case "approve_prefix":
      return request.url === undefined
        ? { action: "accept", content }
        : { action: "accept" };
    default:
      return DECLINED;
  }
}

async function fillForm(
  { server, message, url, schema }: McpElicitation,
  { warn }: ToolContext,
  { hook, signal }: { readonly hook: ElicitHook; readonly signal: AbortSignal },
): Promise<FormAnswer> {
  const from = `The MCP server ${server}`;
  if (url !== undefined) {
    return await hook({ from, message, url, fields: [] }, signal);
  }
  const form = parseForm(schema);
  if (form.type === "fields") {
    return await hook({ from, message, fields: form.fields }, signal);
  }
  warn(
    `${from} asked: "${
      cutLine(message)
    }"; it was not answered because ${form.why}`,
  );
  return DECLINED;
}

function buildElicitQuestion(
  { server, message, url, schema }: McpElicitation,
  { cwd }: TurnSettings,
): ApprovalRequest {
  const values = defaultsOf(schema) ?? {};
  const details = [
    message,
    ...(url === undefined ? [] : [`Page to open: ${url}`]),
    ...(Object.keys(values).length === 0
      ? []
      : [`It will get: ${JSON.stringify(values)}`]),
  ];
  return {
    kind: "mcp",
    question: "Answer this server?",
    title: `${server} asks: ${cutLine(message)}`,
    detail: details.join("\n"),
    cwd,
    reason: "The server itself is asking; share only what it needs",
    forbids: "",
    sessionScope: "nothing: the server would ask again",
  };
}

/** Whether questions of servers reach the person. */
export function mayAsk({ approval }: TurnSettings): boolean {
  return typeof approval === "string"
    ? approval !== "never"
    : approval.granular.mcp_elicitations;
}

// The defaults, which hold when the user just accepts; undefined when values are missing.
function defaultsOf(
  schema: JsonObject,
): FormAnswer["content"] | undefined {
  const values: Record<string, string | number | boolean> = {};
  const properties = asObject(schema["properties"]) ?? {};
  for (const [name, property] of Object.entries(properties)) {
    const value = asObject(property)?.["default"];
    if (
      typeof value === "string" || typeof value === "number" ||
      typeof value === "boolean"
    ) values[name] = value;
  }
  const required = schema["required"];
  const isMissing = Array.isArray(required) &&
    required.some((name) => !Object.hasOwn(values, String(name)));
  return isMissing ? undefined : values;
}
