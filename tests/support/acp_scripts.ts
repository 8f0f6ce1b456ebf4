/** Random talks with `rondo acp`: what the model does, and what the editor does meanwhile. */
import assert from "node:assert/strict";
import { methods } from "@agentclientprotocol/sdk";
import fc from "fast-check";
import { stage } from "../e2e/support.ts";
import { AcpClient } from "./acp_client.ts";
import { say, type Step } from "./mock_model.ts";
import { stepFor } from "./script_steps.ts";

const { session } = methods.agent;

/** One prompt. */
export interface AcpStep {
  readonly model: string;
  /** To questions. */
  readonly answer: string;
  /** `never` answers nothing and cancels instead; `dies` ends, and another one goes on. */
  readonly editor: string;
}

export const ACP_TALK: fc.Arbitrary<AcpStep[]> = fc.array(
  fc.record({
    model: fc.constantFrom("say", "think", "command", "patch", "fail", "plan"),
    answer: fc.constantFrom("allow", "allow_session", "reject", "stop"),
    editor: fc.constantFrom(
      "wait",
      "join",
      "cancel",
      "mode",
      "twice",
      "late",
      "never",
      "dies",
    ),
  }),
  { minLength: 1, maxLength: 6 },
);

/** An agent to talk with, one talk after the other. */
export class AcpTalks implements AsyncDisposable {
  readonly #stage: Awaited<ReturnType<typeof stage>>;
  readonly #steps: Step[];
  #editor: AcpClient | undefined;
  #current: AcpStep | undefined;
  #files = 0;
  /** Kinds of messages that the agent has sent. */
  readonly kinds = new Set<string>();
  messages = 0;

  constructor(
    place: Awaited<ReturnType<typeof stage>>,
    steps: Step[],
  ) {
    this.#stage = place;
    this.#steps = steps;
  }

  static async open(): Promise<AcpTalks> {
    const steps: Step[] = [];
    const place = await stage({
      laws: false,
      script: () => steps.shift() ?? [say("end")],
      config: {
        top: 'sandbox_mode = "read-only"\napproval_policy = "on-request"',
      },
    });
    return new AcpTalks(place, steps);
  }

  /** Each prompt is answered, each call that begins ends, and every message fits the schema. */
  async talk(steps: readonly AcpStep[]): Promise<void> {
    let sessionId = await (await this.#connect()).session();
    for (const step of steps) {
      this.#current = step;
      const name = `f${this.#files++}`;
      this.#steps.splice(0, Infinity, stepFor(step.model, name));
      if (step.editor === "dies") sessionId = await this.#die(sessionId);
      else await this.#play(step, sessionId);
    }
    const editor = await this.#connect();
    await editor.agent.request(session.close, { sessionId });
    this.#check(editor);
    editor.updates.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
    await this.#stage[Symbol.asyncDispose]();
  }

  async #play({ editor: what }: AcpStep, sessionId: string): Promise<void> {
    const editor = await this.#connect();
    const prompts = [editor.prompt(sessionId, "go")];
    if (what === "join") prompts.push(editor.prompt(sessionId, "and this"));
    const ended = Promise.allSettled(prompts);
    if (what === "cancel") await editor.cancel(sessionId);
    if (what === "mode") {
      await editor.agent.request(session.setMode, {
        sessionId,
        modeId: this.#files % 2 === 0 ? "plan" : "read-only",
      });
    }
    for (const one of await ended) {
      if (one.status === "rejected") {
        assert.equal(this.#current?.model, "fail", String(one.reason));
      } else {
        assert.match(one.value.stopReason, /^(end_turn|cancelled)$/);
      }
    }
  }

  // In the middle of a turn, if it comes to that.
  async #die(sessionId: string): Promise<string> {
    const editor = await this.#connect();
    const prompt = editor.prompt(sessionId, "go").catch(() => {});
    await editor.agent.request(session.list, {});
    await this.#leave();
    await prompt;
    await (await this.#connect()).agent.request(session.resume, {
      sessionId,
      cwd: this.#stage.home.work,
      mcpServers: [],
    });
    return sessionId;
  }

  async #connect(): Promise<AcpClient> {
    const can = { session: { notices: {}, compaction: {} } };
    this.#editor ??= await AcpClient.open({
      home: this.#stage.home,
      can,
      choose: (request, id) => this.#answer(request.sessionId, id),
    });
    return this.#editor;
  }

  async #leave(): Promise<void> {
    const editor = this.#editor;
    this.#editor = undefined;
    if (editor === undefined) return;
    await editor[Symbol.asyncDispose]();
    const { success } = await editor.status;
    assert.ok(success, "an editor that leaves is no failure");
    this.messages += editor.checker.messages;
    for (const kind of editor.checker.kinds) this.kinds.add(kind);
  }

  async #answer(sessionId: string, id: unknown): Promise<string | undefined> {
    const { answer = "reject", editor = "wait" } = this.#current ?? {};
    if (editor === "never") {
      await this.#editor?.cancel(sessionId);
      return undefined;
    }
    if (editor === "late") await new Promise((ready) => setTimeout(ready, 20));
    if (editor === "twice") {
      const outcome = { outcome: "selected", optionId: answer };
      this.#editor?.say({ jsonrpc: "2.0", id, result: { outcome } });
    }
    return answer;
  }

  #check(editor: AcpClient): void {
    assert.deepEqual([...editor.checker.problems], []);
    const begun = editor.all("tool_call").map(({ toolCallId }) => toolCallId);
    assert.equal(new Set(begun).size, begun.length, "a call begins once");
    const ended = editor.all("tool_call_update")
      .filter(({ status }) => status === "completed" || status === "failed")
      .map(({ toolCallId }) => toolCallId);
    assert.deepEqual(ended.toSorted(), begun.toSorted(), "a call ends once");
  }
}
