/** What servers of MCP want to know of the person, asked through the client. */
import type { CreateElicitationRequest } from "@agentclientprotocol/sdk";
import * as z from "zod/mini";
import type { FormAnswer, FormRequest } from "../../protocol/form.ts";
import { buildFormSchema, parseFormAnswer } from "../wire/form_schema.ts";
import type { Client } from "./client.ts";

const Answer = z.looseObject({
  action: z.enum(["accept", "decline", "cancel"]),
  content: z.optional(z.unknown()),
});

/** Where nobody can answer, or does, nothing is given. Never rejects. */
export async function elicit(
  client: Client,
  form: FormRequest,
  { sessionId, elicitationId, signal }: {
    readonly sessionId: string;
    readonly elicitationId: string;
    readonly signal: AbortSignal;
  },
): Promise<FormAnswer> {
  const { can } = client;
  const { fields, url } = form;
  const isOffered = url === undefined
    ? can.elicitation?.form
    : can.elicitation?.url;
  if (!isOffered) return { action: "cancel" };
  const message = `${form.from}: ${form.message}`;
  const params = url === undefined
    ? {
      sessionId,
      message,
      mode: "form" as const,
      requestedSchema: buildFormSchema(fields),
    }
    : { sessionId, message, mode: "url" as const, url, elicitationId };
  try {
    const asked = params as CreateElicitationRequest;
    const given = await client.ask("elicitation/create", asked, signal);
    const { action, content } = Answer.parse(given);
    return parseFormAnswer(fields, { action, content });
  } catch {
    return { action: "cancel" };
  }
}
