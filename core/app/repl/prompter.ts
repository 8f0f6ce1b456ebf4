/** The user as MCP servers reach them: set once the terminal is open. */
import type { FormAnswer, UserPrompter } from "../../protocol/form.ts";
import type { Decision } from "../../protocol/policy.ts";
import type { AgentRuntime } from "../agent.ts";
import type { McpPerson } from "../mcp_access.ts";

export class ReplPrompter {
  #prompter: UserPrompter | undefined;
  #runtime: (() => AgentRuntime) | undefined;

  set(prompter: UserPrompter): void {
    this.#prompter = prompter;
  }

  /** Where the model is reached, looked up at each request. */
  useRuntime(runtime: () => AgentRuntime): void {
    this.#runtime = runtime;
  }

  /** What servers are given: cancelled and denied until a prompter is set. */
  answers(): McpPerson {
    return {
      elicit: async (form, signal): Promise<FormAnswer> =>
        await this.#prompter?.fill(form, signal) ?? { action: "cancel" },
      sampling: {
        ask: async (request, signal): Promise<Decision> =>
          await this.#prompter?.allow(request, signal) ?? { type: "deny" },
        send: async (request, context, signal) => {
          const runtime = this.#runtime?.();
          if (runtime === undefined) {
            throw new Error("Broken invariant: no runtime");
          }
          const { sendSampling } = await import("../sampling.ts");
          return await sendSampling(runtime, request, { context, signal });
        },
        tell: (message) => this.#prompter?.tell(message),
      },
    };
  }
}
