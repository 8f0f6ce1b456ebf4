/** Messages of the agent held against the schema of ACP, as its own library carries it. */
import schema from "@agentclientprotocol/sdk/schema/v1/schema.json" with {
  type: "json",
};
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";

/** What a method's parameters and its answer are called in the schema. */
const METHODS: Readonly<Record<string, string>> = {
  "initialize": "Initialize",
  "authenticate": "Authenticate",
  "session/new": "NewSession",
  "session/load": "LoadSession",
  "session/resume": "ResumeSession",
  "session/list": "ListSessions",
  "session/close": "CloseSession",
  "session/prompt": "Prompt",
  "session/set_mode": "SetSessionMode",
  "session/set_config_option": "SetSessionConfigOption",
  "session/request_permission": "RequestPermission",
  "fs/read_text_file": "ReadTextFile",
  "fs/write_text_file": "WriteTextFile",
  "elicitation/create": "CreateElicitation",
};

/** Notifications of the agent. */
const NOTES: Readonly<Record<string, string>> = {
  "session/update": "SessionNotification",
  "$/cancel_request": "CancelRequestNotification",
};

export class AcpChecker {
  readonly problems = new Set<string>();
  /** Methods, answers and kinds of updates that were seen. */
  readonly kinds = new Set<string>();
  messages = 0;
  readonly #checks = new Map<string, ValidateFunction>();
  readonly #ajv = new Ajv2020({
    strict: false,
    logger: false,
    validateFormats: false,
  });

  constructor() {
    this.#ajv.addSchema(schema, "acp");
  }

  /** A message of the agent; `asked` has the methods of the client's requests by id. */
  take(message: JsonObject, asked: ReadonlyMap<unknown, string>): void {
    this.messages++;
    if (message["jsonrpc"] !== "2.0") this.problems.add("no JSON-RPC 2.0");
    const { id, method } = message;
    if (typeof method === "string") {
      const known = METHODS[method];
      const name = id === undefined
        ? NOTES[method]
        : known && `${known}Request`;
      const update = asObject(asObject(message["params"])?.["update"]);
      this.kinds.add(String(update?.["sessionUpdate"] ?? method));
      return this.#check(name, method, message["params"]);
    }
    const name = asked.get(id) ?? "";
    if (message["error"] !== undefined) {
      return this.#check("Error", name, message["error"]);
    }
    this.kinds.add(`answer ${name}`);
    const known = METHODS[name];
    this.#check(known && `${known}Response`, name, message["result"]);
  }

  #check(definition: string | undefined, what: string, value: unknown): void {
    if (definition === undefined) {
      this.problems.add(`${what}: no such message`);
      return;
    }
    const check = this.#checks.get(definition) ??
      this.#ajv.compile({ $ref: `acp#/$defs/${definition}` });
    this.#checks.set(definition, check);
    if (check(value)) return;
    const [error] = check.errors ?? [];
    this.problems.add(
      `${what}: ${error?.instancePath} ${error?.message}: ${
        JSON.stringify(value).slice(0, 400)
      }`,
    );
  }
}
