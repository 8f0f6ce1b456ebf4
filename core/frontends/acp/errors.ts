/** What a request is answered with when it cannot be done. */
import { RequestError } from "@agentclientprotocol/sdk";
import {
  errorText,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../protocol/error.ts";

/** JSON-RPC 2.0, section 5.1, and ACP's own for a login. */
const CODES = Object.freeze({
  invalidRequest: -32_600,
  invalidParams: -32_602,
  internal: -32_603,
  authRequired: -32_000,
});

/** The error in our own words: those of the SDK begin with the name of the code. */
export function requestError(
  code: keyof typeof CODES,
  message: string,
  data?: unknown,
): RequestError {
  return new RequestError(CODES[code], message, data);
}

/** Any error as one that the client is told. */
export function toRequestError(error: unknown): unknown {
  if (error instanceof RequestError) return error;
  if (error instanceof UserError && error.kind === "auth") {
    return requestError("authRequired", errorText(error));
  }
  const isTheirs = error instanceof UserError ||
    error instanceof SessionError || error instanceof SandboxUnavailable;
  return requestError(
    isTheirs ? "invalidRequest" : "internal",
    errorText(error),
  );
}
