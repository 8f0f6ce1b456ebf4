/** Makes a tool from its name, description, parameters and function. */
import * as z from "zod/mini";
import { ToolError } from "../../core/protocol/error.ts";
import type { CallView } from "../../core/protocol/item.ts";
import type {
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { checkedJson, type JsonObject } from "../../core/util/json/json.ts";
import { type Arguments, object, type Parameters } from "./parameters.ts";

interface ToolDefinition<P extends Parameters> {
  readonly name: string;
  readonly description: string;
  /** Offered by name, whatever their order here. */
  readonly parameters: P;
  /** May run beside its siblings. */
  readonly parallel: boolean;
  readonly awaitsRecord?: boolean;
  /** Absolute paths that a call reads or changes, as far as its arguments tell. */
  readonly touches: (args: Arguments<P>, cwd: string) => readonly string[];
  readonly run: (
    args: Arguments<P>,
    context: ToolContext,
  ) => Promise<ToolOutput>;
  /** Whether the model is told of it; it is when absent. */
  readonly isOffered?: boolean;
  /** How it is offered when not as a function. */
  readonly spec?: JsonObject;
  /** The arguments before they are checked; parseInput() unless given. */
  readonly argumentsOf?: (call: CallView) => unknown;
}

/** Its calls throw ToolError for arguments that do not fit, naming all that do not. */
export function defineTool<const P extends Parameters>(
  definition: ToolDefinition<P>,
): Tool {
  const { name, parameters, parallel, touches, run } = definition;
  const wanted = object(parameters);
  const parse = (call: CallView): Arguments<P> => {
    const value = (definition.argumentsOf ?? parseInput)(call);
    const parsed = z.safeParse(wanted.schema, value);
    if (parsed.success) return parsed.data;
    throw new ToolError(`Cannot call ${name}: ${renderIssues(parsed.error)}`);
  };
  return {
    name,
    ...(definition.isOffered === false && { isOffered: false }),
    spec: definition.spec ?? functionSpec({
      name,
      description: definition.description.trim(),
      parameters: wanted.offered ?? {},
    }),
    parallel,
    awaitsRecord: definition.awaitsRecord ?? false,
    touches: (call, cwd) => {
      try {
        return touches(parse(call), cwd);
      } catch (error) {
        // run() says what is wrong with them.
        if (error instanceof ToolError) return [];
        throw error;
      }
    },
    run: async (call, context) => await run(parse(call), context),
  };
}

/** A function as the request offers it. */
export function functionSpec(options: {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}): JsonObject {
  const { name, description, parameters } = options;
  return { type: "function", name, description, strict: false, parameters };
}

/** The arguments of a function call; none at all are an empty object. Throws ToolError. */
export function parseInput({ name, input }: CallView): unknown {
  try {
    return checkedJson(input === "" ? "{}" : input);
  } catch (error) {
    throw new ToolError(
      `Cannot call ${name}: the arguments are not JSON (${
        (error as Error).message
      })`,
    );
  }
}

function renderIssues(error: z.core.$ZodError): string {
  const problems = error.issues.map(({ path, message }) =>
    path.length === 0
      ? `the arguments ${message}`
      : `"${path.join(".")}" ${message}`
  );
  return [...new Set(problems)].join("; ");
}
