/** One session: a thread, what the client sees of it, and what it has it do. */
import type {
  ContentBlock,
  PromptRequest,
  PromptResponse,
  SessionConfigOption,
  SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { Event } from "../../protocol/event.ts";
import type { FormAnswer, FormRequest } from "../../protocol/form.ts";
import { type Op, partsText } from "../../protocol/op.ts";
import { hidesFiles } from "../../protocol/policy.ts";
import type { ModelChoice } from "../../protocol/settings.ts";
import type { EditorFiles } from "../../protocol/tool.ts";
import { cutLine } from "../../util/text/visible_text.ts";
import { parseTrace } from "../wire/trace.ts";
import type { Client } from "./client.ts";
import {
  availableCommands,
  type CommandPlace,
  findCommand,
} from "./commands.ts";
import { readUnsaved } from "./editor_files.ts";
import { elicit } from "./elicitation.ts";
import { requestError } from "./errors.ts";
import { readPrompt } from "./prompt.ts";
import type { AcpHost, AcpThread } from "./services.ts";
import { SessionPrompts } from "./session_prompts.ts";
import { SessionQuestions } from "./session_questions.ts";
import { SessionSettings } from "./session_settings.ts";
import { SessionUpdates } from "./words/updates.ts";

interface SessionOptions {
  readonly open: AcpThread;
  readonly client: Client;
  readonly host: AcpHost;
  readonly editor: EditorFiles;
  readonly models: readonly ModelChoice[];
  readonly onClosed: () => void;
}

export class AcpSession {
  readonly id: string;
  readonly settings: SessionSettings;
  readonly #options: SessionOptions;
  readonly #updates: SessionUpdates;
  readonly #prompts: SessionPrompts;
  readonly #questions: SessionQuestions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #shown = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  #title: string;

  constructor(options: SessionOptions) {
    const { open, client, host } = options;
    this.#options = options;
    this.id = open.thread.id;
    this.#title = open.facts.title;
    this.settings = new SessionSettings(options);
    this.#prompts = new SessionPrompts(open.thread);
    this.#updates = new SessionUpdates({
      can: client.can,
      hasTerminals: client.hasTerminals,
      run: host.newId().slice(-8),
    });
    this.#questions = new SessionQuestions(options, this.#updates);
    void this.#pump();
  }

  /** Rejects when it ends before it has begun. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Its working folder, links resolved. */
  get cwd(): string {
    return this.#options.open.facts.cwd;
  }

  /** Empty when it is not recorded. */
  get logPath(): string {
    return this.#options.open.facts.path;
  }

  /** Lets updates out: not before the answer that tells of the session. */
  show(): void {
    this.#shown.resolve();
  }

  /** Resolves when its turn is over. Throws RequestError. */
  async prompt(
    { prompt, _meta }: Pick<PromptRequest, "prompt" | "_meta">,
    signal: AbortSignal,
  ): Promise<PromptResponse> {
    const stopReason = await this.#prompts.run(async () => {
      const op = await this.#read(prompt, signal);
      return op?.type === "user.input"
        ? { ...op, trace: parseTrace(_meta) }
        : op;
    }, signal);
    return { stopReason };
  }

  cancel(): void {
    this.#prompts.cancel();
  }

  async setMode(id: string, signal: AbortSignal): Promise<void> {
    await this.settings.setMode(id, this.#until(signal));
  }

  async setOption(
    id: string,
    value: unknown,
    signal: AbortSignal,
  ): Promise<SessionConfigOption[]> {
    return await this.settings.setOption(id, value, this.#until(signal));
  }

  /** Ends the turn and the thread; resolves when its log is on the disk. */
  async close(): Promise<void> {
    const { thread } = this.#options.open;
    this.#shown.resolve();
    thread.submit({ type: "shutdown" });
    await thread.closed;
  }

  /** Asks for what a server wants to know of the person. Never rejects. */
  async elicit(form: FormRequest, signal: AbortSignal): Promise<FormAnswer> {
    const { client, host } = this.#options;
    return await elicit(client, form, {
      sessionId: this.id,
      elicitationId: host.newId(),
      signal: this.#until(signal),
    });
  }

  async #pump(): Promise<void> {
    try {
      for await (const event of this.#options.open.thread.events()) {
        if (event.type !== "thread.started") await this.#shown.promise;
        await this.#take(event);
      }
    } finally {
      this.#end();
    }
  }

  // A client that reads slowly holds its threads up, and not their events in memory.
  async #take(event: Event): Promise<void> {
    const updates = [
      ...this.settings.take(event),
      ...this.#updates.take(event),
    ];
    for (const update of updates) await this.#tell(update);
    switch (event.type) {
      case "thread.started":
        this.#ready.resolve();
        await this.#shown.promise;
        await this.#tell({
          sessionUpdate: "available_commands_update",
          availableCommands: availableCommands(),
        });
        break;
      case "approval.requested":
        void this.#questions.approve(event);
        break;
      case "approval.settled":
        this.#questions.settled(event.approvalId);
        break;
      case "turn.completed":
        this.#questions.stop();
        break;
      default:
        break;
    }
    this.#prompts.take(event);
  }

  async #tell(update: SessionUpdate): Promise<void> {
    await this.#options.client.update(this.id, update);
  }

  async #read(
    blocks: readonly ContentBlock[],
    signal: AbortSignal,
  ): Promise<Op | undefined> {
    const { host } = this.#options;
    const { current } = this.settings;
    // What no tool may read is in no message that only names it.
    const editor = current && hidesFiles(current.sandbox)
      ? {}
      : this.#options.editor;
    const parts = await readPrompt(blocks, {
      readUnsaved: (path) =>
        readUnsaved(path, { editor, host, signal: this.#until(signal) }),
    });
    const text = partsText(parts);
    const command = findCommand(text);
    if (command !== undefined) return await command(this.#place(signal));
    await this.#entitle(text);
    return { type: "user.input", parts };
  }

  // What it is called until it has a name: the first words that were said.
  async #entitle(text: string): Promise<void> {
    if (this.#title !== "") return;
    this.#title = cutLine(text);
    await this.#tell({
      sessionUpdate: "session_info_update",
      title: this.#title,
      updatedAt: this.#options.host.now().toISOString(),
    });
  }

  #place(signal: AbortSignal): CommandPlace {
    const { host } = this.#options;
    return {
      checkIdle: (command) => {
        if (this.#prompts.isIdle) return;
        throw requestError(
          "invalidRequest",
          `Cannot ${command}: a turn is running`,
        );
      },
      setMode: (id) => this.setMode(id, signal),
      hasFile: async (name) =>
        await host.files.stat(`${this.cwd}/${name}`) !== undefined,
      say: (text) =>
        this.#tell({
          sessionUpdate: "agent_message_chunk",
          content: { type: "text", text },
        }),
      status: () => this.#status(),
    };
  }

  #status(): string {
    const { model, reasoningEffort, sandbox } = this.settings.current ?? {};
    const effort = reasoningEffort === undefined ? "" : ` (${reasoningEffort})`;
    return [
      `session: ${this.id}`,
      `folder: ${this.cwd}`,
      `model: ${model?.slug}${effort}`,
      `mode: ${this.settings.view().modes.currentModeId}`,
      `sandbox: ${sandbox?.mode}`,
    ].map((line) => `- ${line}`).join("\n");
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#ended.signal]);
  }

  #end(): void {
    this.#ended.abort(new DOMException("The session has ended", "AbortError"));
    this.#questions.stop();
    this.#prompts.close();
    this.settings.close();
    this.#ready.promise.catch(() => {});
    this.#ready.reject(
      requestError("internal", "Cannot open the session: it has ended"),
    );
    this.#options.onClosed();
  }
}
