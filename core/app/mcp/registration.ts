/** How a client becomes known to a server it logs in to. Pure. */
import { usageError } from "../../protocol/error.ts";
import type { ClientRegistration } from "../../../tools/mcp/client/oauth.ts";

/** Throws UserError "usage" where the client that is there cannot become known that way. */
export function checkRegistration(
  how: ClientRegistration | undefined,
  clientId: string | undefined,
): void {
  const isPage = clientId?.startsWith("https://") === true;
  const problem = how === "cimd" && !isPage
    ? `the client id is ${
      clientId ?? "missing"
    }, must be the https URL of its metadata`
    : how === "dcr" && clientId !== undefined
    ? `the client id is ${clientId}, must be absent`
    : undefined;
  if (problem === undefined) return;
  throw usageError(`Cannot use --oauth-client-registration ${how}: ${problem}`);
}
