/** JSON-RPC as the app server speaks it: messages, and what an error is called. */
// JSON-RPC 2.0; as Codex's, without the member "jsonrpc".
import * as z from "zod/mini";
import {
  errorText,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../protocol/error.ts";

export type RequestId = string | number;

const Id = z.union([z.string(), z.number()]);

/** A request, a notification, or the answer to a request of ours. */
export const ClientMessage = z.union([
  z.looseObject({
    method: z.string(),
    id: z.optional(Id),
    params: z.optional(z.unknown()),
  }),
  z.looseObject({ id: Id, result: z.unknown() }).check(
    z.refine((message) => "result" in message),
  ),
  z.looseObject({ id: Id, error: z.looseObject({ message: z.string() }) }),
]);

/** JSON-RPC 2.0, section 5.1. */
export const RPC = Object.freeze({
  parse: -32_700,
  invalidRequest: -32_600,
  noMethod: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
});

/** Answers a request with an error. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a request cannot have in the present state of things. */
export function refusal(message: string): RpcError {
  return new RpcError(RPC.invalidRequest, message);
}

/** The bytes of a member in base64. Throws RpcError. */
export function parseBase64(
  member: string,
  text: string,
): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw new RpcError(
      RPC.invalidParams,
      `Cannot take "${member}": not base64, must be`,
    );
  }
}

/** The members of an error answer. */
export function renderError(
  error: unknown,
): { readonly code: number; readonly message: string } {
  if (error instanceof RpcError) {
    return { code: error.code, message: error.message };
  }
  const isTheirs = error instanceof UserError ||
    error instanceof SessionError || error instanceof SandboxUnavailable;
  return {
    code: isTheirs ? RPC.invalidRequest : RPC.internal,
    message: errorText(error),
  };
}

/** The parameters of a method, checked. Throws RpcError. */
export function parseParams<S extends z.ZodMiniType>(
  schema: S,
  params: unknown,
): z.infer<S> {
  const parsed = z.safeParse(schema, params ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0
    ? "they do"
    : `"${issue.path.join(".")}" does`;
  throw new RpcError(
    RPC.invalidParams,
    `Cannot take the parameters: ${where} not fit${
      issue === undefined ? "" : ` (${issue.message})`
    }`,
  );
}
