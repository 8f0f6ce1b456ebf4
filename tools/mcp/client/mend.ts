/** Messages of servers that are not quite the protocol, taken as Codex takes them. Pure. */
// A null is a member left out, any version is spoken. What cannot be read is an error at
// once: the SDK would drop it, and the call would wait for its time limit.
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  LATEST_PROTOCOL_VERSION,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import { errorText } from "../../../core/protocol/error.ts";
import {
  asObject,
  type Json,
  type JsonObject,
} from "../../../core/util/json/json.ts";

/** JSON-RPC 2.0, section 5.1: a fault of the server's own. */
const SERVER_FAULT = -32_000;

/** The message as the SDK reads it. */
export function mendMessage(message: JsonObject): JsonObject {
  const { id, result, params, error, ...rest } = message;
  const isAnswer = typeof id === "number" && !("method" in rest);
  if (!isAnswer) {
    const given = asObject(params);
    return {
      ...rest,
      jsonrpc: "2.0",
      ...(id != null && { id }),
      ...(given !== undefined && { params: withoutNulls(given) }),
      ...(result !== undefined && { result }),
      ...(error !== undefined && { error }),
    };
  }
  const fault = asObject(error);
  if (fault !== undefined) {
    const { code, message: words, data } = fault;
    const text = typeof words === "string" ? words : JSON.stringify(fault);
    const number = Number.isInteger(code) ? code as number : SERVER_FAULT;
    return {
      jsonrpc: "2.0",
      id,
      error: { code: number, message: text, ...(data != null && { data }) },
    };
  }
  const given = asObject(result);
  if (given === undefined) {
    const what = error == null && result === undefined
      ? "its answer has neither result nor error"
      : "the result in its answer is no object";
    return faultAnswer(id, what);
  }
  return { jsonrpc: "2.0", id, result: mendResult(given) };
}

/** The answer of a server whose own cannot be read. */
export function faultAnswer(
  id: number,
  state: string,
): { jsonrpc: "2.0"; id: number; error: { code: number; message: string } } {
  const message = `Cannot read from the server: ${state}`;
  return { jsonrpc: "2.0", id, error: { code: SERVER_FAULT, message } };
}

// What a tool says is data, nulls included; what is said of the connection is not.
function mendResult(result: JsonObject): JsonObject {
  const { protocolVersion, _meta, ...rest } = result;
  const meta = asObject(_meta);
  if (typeof protocolVersion !== "string") {
    return { ...rest, ...(meta !== undefined && { _meta: meta }) };
  }
  const isKnown = SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion);
  return withoutNullsInside({
    ...rest,
    capabilities: rest["capabilities"] ?? {},
    protocolVersion: isKnown ? protocolVersion : LATEST_PROTOCOL_VERSION,
  });
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null),
  );
}

function withoutNullsInside(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(withoutNulls(object)).map(([key, value]): [string, Json] => {
      const inner = asObject(value);
      return [key, inner === undefined ? value : withoutNullsInside(inner)];
    }),
  );
}

/** The words for what the SDK throws; the findings of its schemas are pages of JSON. */
export function faultText(error: unknown): string {
  return error instanceof Error && "issues" in error
    ? "it answered with something that is not a message of the protocol"
    : errorText(error);
}
