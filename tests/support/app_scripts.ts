/** Random talks with the app server: what the model does, and what the client does meanwhile. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "../../core/util/json/json.ts";
import { stage } from "../e2e/support.ts";
import type { AppClient, Message } from "./app_client.ts";
import { call, customCall, fail, say, think } from "./mock_model.ts";
import type { Step } from "./mock_script.ts";
import type { AgentHome } from "./run_agent.ts";

/** One turn. */
export interface TalkStep {
  readonly model: string;
  /** To questions, in the words of the protocol. */
  readonly answer: string;
  /** `never` answers nothing and interrupts instead. */
  readonly client: string;
}

export const TALK: fc.Arbitrary<TalkStep[]> = fc.array(
  fc.record({
    model: fc.constantFrom("say", "think", "command", "patch", "fail", "plan"),
    answer: fc.constantFrom("accept", "acceptForSession", "decline", "cancel"),
    client: fc.constantFrom(
      "wait",
      "steer",
      "interrupt",
      "twice",
      "late",
      "never",
    ),
  }),
  { minLength: 1, maxLength: 6 },
);

type OpenClient = (
  home: AgentHome,
  answer: (request: Message) => unknown,
) => Promise<AppClient>;

/** A server to talk with, one talk after the other. */
export class Talks implements AsyncDisposable {
  readonly #stage: Awaited<ReturnType<typeof stage>>;
  readonly #client: AppClient;
  readonly #steps: Step[];
  #current: TalkStep | undefined;
  #files = 0;

  constructor(
    place: Awaited<ReturnType<typeof stage>>,
    open: (talks: () => Talks) => AppClient,
    steps: Step[],
  ) {
    this.#stage = place;
    this.#steps = steps;
    this.#client = open(() => this);
  }

  static async open(open: OpenClient): Promise<Talks> {
    const steps: Step[] = [];
    const place = await stage({
      laws: false,
      script: () => steps.shift() ?? [say("end")],
    });
    const made: { talks?: Talks } = {};
    const client = await open(
      place.home,
      (request) => made.talks?.answer(request),
    );
    made.talks = new Talks(place, () => client, steps);
    return made.talks;
  }

  /** What the client says to a question; undefined is nothing. */
  async answer(request: Message): Promise<unknown> {
    const { answer = "decline", client = "wait" } = this.#current ?? {};
    if (client === "never") {
      const { threadId, turnId } = request["params"] as JsonObject;
      await this.#try("turn/interrupt", {
        threadId: threadId ?? null,
        turnId: turnId ?? null,
      });
      return undefined;
    }
    const result = { decision: answer };
    if (client === "late") await new Promise((ready) => setTimeout(ready, 20));
    if (client === "twice") {
      await this.#client.send({ id: request["id"], result });
    }
    return result;
  }

  /** Each turn that begins ends, and each item in it, once. */
  async talk(steps: readonly TalkStep[]): Promise<void> {
    const client = this.#client;
    const threadId = await client.startThread({
      sandbox: "read-only",
      approvalPolicy: "on-request",
    });
    for (const step of steps) {
      this.#current = step;
      this.#steps.splice(0, Infinity, this.#toStep(step.model));
      const input = [{ type: "text", text: "go" }];
      const { turn } = await client.request("turn/start", { threadId, input });
      const turnId = String((turn as JsonObject)["id"]);
      if (step.client === "steer") {
        const expectedTurnId = turnId;
        await this.#try("turn/steer", { threadId, input, expectedTurnId });
      }
      if (step.client === "interrupt") {
        await this.#try("turn/interrupt", { threadId, turnId });
      }
      await client.ended(turnId);
    }
    await client.request("thread/unsubscribe", { threadId });
    this.#check(threadId);
    client.forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#stage[Symbol.asyncDispose]();
  }

  // It may come too late, which is refused.
  async #try(method: string, params: JsonObject): Promise<void> {
    await this.#client.request(method, params).catch(() => {});
  }

  #check(threadId: string): void {
    const ids = (method: string): string[] =>
      this.#client.all(method).filter((one) => one["threadId"] === threadId)
        .map(({ item }) => String((item as JsonObject)["id"])).sort();
    const ended = ids("item/completed");
    assert.deepEqual(ids("item/started"), ended);
    assert.equal(new Set(ended).size, ended.length, "an item ends once");
    const asked = this.#client.messages.filter(({ id, method }) =>
      id !== undefined && method !== undefined
    );
    const settled = this.#client.all("serverRequest/resolved");
    assert.equal(settled.length, asked.length, "each question is settled");
  }

  #toStep(model: string): Step {
    const name = `f${this.#files++}`;
    switch (model) {
      case "think":
        return [think("hm"), say("thought")];
      case "command":
        return [call("shell", {
          command: ["touch", name],
          sandbox_permissions: "require_escalated",
          justification: "to see",
        })];
      case "patch":
        return [customCall(
          "apply_patch",
          `*** Begin Patch\n*** Add File: ${name}\n+x\n*** End Patch\n`,
        )];
      case "plan":
        return [
          call("update_plan", { plan: [{ step: "s", status: "in_progress" }] }),
        ];
      case "fail":
        return fail(400, { message: "no" });
      default:
        return [say("said")];
    }
  }
}
