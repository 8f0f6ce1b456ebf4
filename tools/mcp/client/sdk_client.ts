/** The SDK's client, with handlers for the requests of servers. */
import { pathToFileURL } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client";
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { PROGRAM, VERSION } from "../../../core/protocol/version.ts";
import { basename } from "../../../core/util/path.ts";
import { asObject, type JsonObject } from "../../../core/util/json/json.ts";
import type { FormAnswer } from "../../../core/protocol/form.ts";
import { type McpElicitation, McpRefusal } from "./types.ts";

export interface ClientOptions {
  readonly server: string;
  /** The folder that is worked in, when the server is to know; absolute. */
  readonly root: string | undefined;
  /** Whether there is somebody who could let a server ask the model. */
  readonly canSample: boolean;
  readonly onToolsChanged: () => void;
  readonly onElicit: (
    request: McpElicitation,
    signal: AbortSignal,
  ) => Promise<FormAnswer>;
  /** Answers `sampling/createMessage`. Throws McpRefusal. */
  readonly onSample: (
    params: JsonObject,
    signal: AbortSignal,
  ) => Promise<JsonObject>;
}

const METHOD_NOT_FOUND = -32_601;

/** A client that says hello when it is connected. */
export function createClient(options: ClientOptions): Client {
  const { root } = options;
  const client = new Client({ name: PROGRAM, version: VERSION }, {
    capabilities: {
      elicitation: { form: { applyDefaults: true }, url: {} },
      ...(root !== undefined && { roots: {} }),
      ...(options.canSample && { sampling: {} }),
    },
  });
  client.setNotificationHandler(
    ToolListChangedNotificationSchema,
    options.onToolsChanged,
  );
  client.setRequestHandler(
    ElicitRequestSchema,
    async ({ params }, { signal }) => ({
      ...await options.onElicit(elicitationOf(options.server, params), signal),
    }),
  );
  if (root !== undefined) {
    client.setRequestHandler(ListRootsRequestSchema, () => ({
      roots: [{ uri: pathToFileURL(root).href, name: basename(root) }],
    }));
  }
  // Whoever asks for what was not offered gets a reason too.
  client.fallbackRequestHandler = async ({ method, params }, { signal }) => {
    if (method !== "sampling/createMessage") {
      throw new McpRefusal(METHOD_NOT_FOUND, "Method not found");
    }
    return { ...await options.onSample(asObject(params) ?? {}, signal) };
  };
  return client;
}

function elicitationOf(server: string, params: unknown): McpElicitation {
  const request = asObject(params) ?? {};
  const { message, url } = request;
  return {
    server,
    message: typeof message === "string" ? message : "",
    schema: asObject(request["requestedSchema"]) ?? {},
    ...(typeof url === "string" && { url }),
  };
}
