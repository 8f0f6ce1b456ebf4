/** The person of a conversation as MCP servers see them; known only once the terminal is open. */
import type { FormAnswer, UserPrompter } from "../../protocol/form.ts";
import type { Decision } from "../../protocol/policy.ts";
import type { AgentRuntime } from "../agent.ts";
import type { McpPerson } from "../mcp_access.ts";

export class ReplPrompter {
  #person: UserPrompter | undefined;
  #runtime: (() => AgentRuntime) | undefined;

  /** The face of the conversation has been opened. */
  meet(person: UserPrompter): void {
    this.#person = person;
  }

  /** Where the model is reached, asked for at each request. */
  useRuntime(runtime: () => AgentRuntime): void {
    this.#runtime = runtime;
  }

  /** What servers are given; nobody answers before there is somebody. */
  answers(): McpPerson {
    return {
      elicit: async (form, signal): Promise<FormAnswer> =>
        await this.#person?.fill(form, signal) ?? { action: "cancel" },
      sampling: {
        ask: async (request, signal): Promise<Decision> =>
          await this.#person?.allow(request, signal) ?? { type: "deny" },
        send: async (request, context, signal) => {
          const runtime = this.#runtime?.();
          if (runtime === undefined) {
            throw new Error("Broken invariant: no world");
          }
          const { sendSampling } = await import("../sampling.ts");
          return await sendSampling(runtime, request, { context, signal });
        },
        tell: (message) => this.#person?.tell(message),
      },
    };
  }
}
