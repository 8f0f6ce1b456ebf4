/** What the model may say to the shell tool, and what is made of it. */
import * as z from "zod/mini";
import { ToolError } from "../../core/protocol/error.ts";
import type { CallView } from "../../core/protocol/item.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";
import { resolvePath } from "../../core/util/path.ts";

export interface ShellCall {
  readonly argv: readonly string[];
  /** Absolute. */
  readonly workdir: string;
  readonly timeoutMs: number;
  readonly escalated: boolean;
  readonly justification?: string;
  readonly prefixRule?: readonly string[];
}

const Timeout = z.number().check(z.positive());
const Arguments = z.object({
  command: z.array(z.string()).check(z.minLength(1)),
  workdir: z.optional(z.string()),
  timeout_ms: z.optional(Timeout),
  sandbox_permissions: z.optional(
    z.enum(["use_default", "require_escalated"]),
  ),
  /** The older name of the same. */
  with_escalated_permissions: z.optional(z.boolean()),
  justification: z.optional(z.string()),
  prefix_rule: z.optional(z.array(z.string())),
});

/** The parameters as the request describes them. */
export const SHELL_PARAMETERS: JsonObject = {
  type: "object",
  properties: {
    command: {
      type: "array",
      items: { type: "string" },
      description: "Program and arguments, one string each",
    },
    justification: {
      type: "string",
      description:
        "With require_escalated: one short question to the user that says what the command is for",
    },
    prefix_rule: {
      type: "array",
      items: { type: "string" },
      description:
        "With require_escalated: first words of the command that the user could allow once and for all",
    },
    sandbox_permissions: {
      type: "string",
      enum: ["use_default", "require_escalated"],
      description: "require_escalated asks to run outside the sandbox",
    },
    timeout_ms: {
      type: "number",
      description:
        `Milliseconds after which the command is ended (${LIMITS.commandTimeoutMs} unless given)`,
    },
    workdir: {
      type: "string",
      description:
        "Folder to run in, absolute or relative to the working folder",
    },
  },
  required: ["command"],
  additionalProperties: false,
};

/** Reads the arguments of a call; throws ToolError saying how to mend them. */
export function parseShellCall(call: CallView, cwd: string): ShellCall {
  const given = parseObject(call.input);
  const raw = call.form === "local_shell" ? fromLocalShell(given) : given;
  if (typeof raw["command"] === "string") {
    throw new ToolError(
      `Cannot run the command: "command" is a string, must be a list of strings, such as ${
        JSON.stringify({ command: ["bash", "-lc", raw["command"]] })
      }`,
    );
  }
  const parsed = Arguments.safeParse(withoutNulls(raw));
  if (!parsed.success) throw new ToolError(explain(parsed.error));
  const args = parsed.data;
  if (args.command.some((word) => word.includes("\0"))) {
    throw new ToolError(
      'Cannot run the command: "command" contains a NUL character, must be text',
    );
  }
  return {
    argv: args.command,
    workdir: resolvePath(cwd, args.workdir || "."),
    timeoutMs: Math.min(
      Math.ceil(args.timeout_ms ?? LIMITS.commandTimeoutMs),
      LIMITS.commandTimeoutMaxMs,
    ),
    escalated: args.sandbox_permissions === "require_escalated" ||
      args.with_escalated_permissions === true,
    ...(args.justification === undefined
      ? {}
      : { justification: args.justification }),
    ...(args.prefix_rule === undefined ? {} : { prefixRule: args.prefix_rule }),
  };
}

function parseObject(input: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch (error) {
    throw new ToolError(
      `Cannot read the arguments: not JSON (${(error as Error).message})`,
    );
  }
  const object = asObject(value);
  if (object === undefined) {
    throw new ToolError("Cannot read the arguments: must be a JSON object");
  }
  return object;
}

// The hosted form calls the same things otherwise.
function fromLocalShell(action: JsonObject): JsonObject {
  return {
    command: action["command"] ?? null,
    workdir: action["working_directory"] ?? null,
    timeout_ms: action["timeout_ms"] ?? null,
  };
}

// Models say `null` for what they leave out.
function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null),
  );
}

function explain(error: z.core.$ZodError): string {
  const problems = error.issues.map((issue) => {
    const path = issue.path.join(".");
    return `"${path}": ${EXPECTED[String(issue.path[0])] ?? issue.message}`;
  });
  return `Cannot run the command: ${[...new Set(problems)].join("; ")}`;
}

const EXPECTED: Readonly<Record<string, string>> = {
  command: "must be a list of strings with at least one element",
  workdir: "must be a string",
  timeout_ms: "must be a number of milliseconds above 0",
  sandbox_permissions: 'must be "use_default" or "require_escalated"',
  with_escalated_permissions: "must be true or false",
  justification: "must be a string",
  prefix_rule: "must be a list of strings",
};
