/** Random talks with the app server: what the model does, and what the client does meanwhile. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "../../core/util/json/json.ts";
import { type Stage, stage } from "../e2e/support.ts";
import type { AppClient, AppClientOptions, Message } from "./app_client.ts";
import { stepFor } from "./script_steps.ts";
import { say, type Step } from "./mock_model.ts";
import { type AgentHome, startAgent } from "./run_agent.ts";

/** One turn. */
export interface TalkStep {
  readonly model: string;
  /** To questions, in the words of the protocol. */
  readonly answer: string;
  /**
   * `never` answers nothing and interrupts instead; `silent` leaves the answer to another
   * client; `dies` goes at a question, or in the turn, and comes back.
   */
  readonly client: string;
}

/** What a client does that answers, sooner or later, and one with which nothing is certain. */
export const TALK = talkOf("wait", "steer", "interrupt", "twice", "late");
export const HARD_TALK = talkOf("late", "twice", "never", "dies", "silent");

function talkOf(...clients: readonly string[]): fc.Arbitrary<TalkStep[]> {
  return fc.array(
    fc.record({
      model: fc.constantFrom(
        "say",
        "think",
        "command",
        "patch",
        "fail",
        "plan",
      ),
      answer: fc.constantFrom(
        "accept",
        "acceptForSession",
        "decline",
        "cancel",
      ),
      client: fc.constantFrom(...clients),
    }),
    { minLength: 1, maxLength: 6 },
  );
}

type OpenClient = (
  options: Required<Pick<AppClientOptions, "home" | "answer">> & {
    readonly socket?: string;
  },
) => Promise<AppClient>;

interface Server extends AsyncDisposable {
  /** Absent: a server for each client, on its own streams. */
  readonly socket?: string;
}

/** A server to talk with, one talk after the other. */
export class Talks implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #open: OpenClient;
  readonly #server: Server;
  readonly #steps: Step[];
  #client: AppClient | undefined;
  #current: TalkStep | undefined;
  #files = 0;

  constructor(
    place: Stage,
    steps: Step[],
    how: { readonly open: OpenClient; readonly server: Server },
  ) {
    this.#stage = place;
    this.#steps = steps;
    this.#open = how.open;
    this.#server = how.server;
  }

  /** On the streams of a server of its own, or on a socket, where clients come and go. */
  static async open(
    open: OpenClient,
    { onSocket = false }: { readonly onSocket?: boolean } = {},
  ): Promise<Talks> {
    const steps: Step[] = [];
    const place = await stage({
      laws: false,
      script: () => steps.shift() ?? [say("end")],
    });
    const server = onSocket
      ? await startServer(place.home)
      : { [Symbol.asyncDispose]: () => Promise.resolve() };
    const talks = new Talks(place, steps, { open, server });
    await talks.#join();
    return talks;
  }

  /** Each turn that begins ends, and each item in it, once. */
  async talk(steps: readonly TalkStep[]): Promise<void> {
    const threadId = await this.#now.startThread({
      sandbox: "read-only",
      approvalPolicy: "on-request",
    });
    for (const step of steps) {
      this.#current = step;
      const name = `f${this.#files++}`;
      this.#steps.splice(0, Infinity, stepFor(step.model, name));
      const other = step.client === "silent"
        ? await this.#follow(threadId)
        : undefined;
      const input = [{ type: "text", text: "go" }];
      const begun = await this.#now.request("turn/start", { threadId, input });
      const turnId = String((begun["turn"] as JsonObject)["id"]);
      await this.#meanwhile(step, threadId, turnId);
      if (step.client === "dies") await this.#comeBack(threadId);
      else await this.#now.ended(turnId);
      await other?.ended(turnId);
      other?.kill();
    }
    await this.#now.request("thread/unsubscribe", { threadId });
    this.#check(threadId);
    this.#now.forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#now[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await this.#stage[Symbol.asyncDispose]();
  }

  get #now(): AppClient {
    return this.#client ?? assert.fail("No client is there");
  }

  async #join(): Promise<void> {
    this.#client = await this.#connect((request) => this.#answer(request));
  }

  async #connect(
    answer: (request: Message) => unknown,
  ): Promise<AppClient> {
    const { socket } = this.#server;
    const { home } = this.#stage;
    return await this.#open({ home, answer, ...(socket && { socket }) });
  }

  // Another client, which answers what the first one does not.
  async #follow(threadId: string): Promise<AppClient> {
    const result = { decision: this.#current?.answer };
    const other = await this.#connect(() => result);
    await other.request("thread/resume", { threadId });
    return other;
  }

  // What the client says to a question; undefined is nothing.
  async #answer(request: Message): Promise<unknown> {
    const { answer = "decline", client = "wait" } = this.#current ?? {};
    const result = { decision: answer };
    const { threadId, turnId } = request["params"] as JsonObject;
    switch (client) {
      case "never":
        await this.#try("turn/interrupt", {
          threadId: threadId ?? null,
          turnId: turnId ?? null,
        });
        return undefined;
      case "silent":
      case "dies":
        return undefined;
      case "twice":
        await this.#now.send({ id: request["id"], result });
        return result;
      case "late":
        // It may come after an answer to a later question.
        await this.#try("thread/read", { threadId: threadId ?? null });
        return result;
      default:
        return result;
    }
  }

  async #meanwhile(
    { client, model }: TalkStep,
    threadId: string,
    turnId: string,
  ): Promise<void> {
    const input = [{ type: "text", text: "go" }];
    if (client === "steer") {
      const expectedTurnId = turnId;
      await this.#try("turn/steer", { threadId, input, expectedTurnId });
    }
    if (client === "interrupt") {
      await this.#try("turn/interrupt", { threadId, turnId });
    }
    if (client === "dies" && (model === "command" || model === "patch")) {
      await this.#now.next(({ method }) =>
        String(method).endsWith("/requestApproval") ||
        method === "turn/completed"
      );
    }
  }

  // What only it followed ends with it; its session is there for the next one.
  async #comeBack(threadId: string): Promise<void> {
    this.#now.kill();
    await this.#join();
    for (let asked = 0;; asked++) {
      const { data } = await this.#now.request("thread/loaded/list");
      if (!(data as string[]).includes(threadId)) break;
      assert.ok(asked < 10_000, "a thread ends with its last client");
    }
    const { thread } = await this.#now.request("thread/resume", { threadId });
    const turns = (thread as JsonObject)["turns"] as JsonObject[];
    assert.ok(turns.length > 0, "the turn was recorded");
    for (const { status } of turns) assert.notEqual(status, "inProgress");
  }

  // It may come too late, which is refused.
  async #try(method: string, params: JsonObject): Promise<void> {
    await this.#now.request(method, params).catch(() => {});
  }

  #check(threadId: string): void {
    const ids = (method: string): string[] =>
      this.#now.all(method).filter((one) => one["threadId"] === threadId)
        .map(({ item }) => String((item as JsonObject)["id"])).sort();
    const ended = ids("item/completed");
    assert.deepEqual(ids("item/started"), ended);
    assert.equal(new Set(ended).size, ended.length, "an item ends once");
    const asked = this.#now.messages.filter(({ id, method }) =>
      id !== undefined && method !== undefined
    );
    const settled = this.#now.all("serverRequest/resolved");
    assert.equal(settled.length, asked.length, "each question is settled");
  }
}

async function startServer(home: AgentHome): Promise<Server> {
  const socket = `${home.root}/s`;
  const server = startAgent({
    home,
    args: ["app-server", "--listen", `unix://${socket}`],
    stdin: "open",
  });
  while (!await isThere(socket)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { socket, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
