/** What a client changes of a session: its mode, its model. More rights are asked for. */
import type {
  RequestError,
  SessionConfigOption,
  SessionModeState,
  SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { Event } from "../../protocol/event.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import type { ModelChoice, TurnSettings } from "../../protocol/settings.ts";
import type { Client } from "./client.ts";
import { requestError } from "./errors.ts";
import { currentMode, sessionModes } from "./words/modes.ts";
import { configOptions, modeState } from "./words/options.ts";
import { buildModeQuestion } from "./words/permissions.ts";
import type { AcpHost, AcpThread } from "./services.ts";

interface SettingsPlace {
  readonly open: AcpThread;
  readonly client: Client;
  readonly host: Pick<AcpHost, "newId">;
  readonly models: readonly ModelChoice[];
}

/** What a session is opened with, in the words of the protocol. */
interface SettingsView {
  readonly modes: SessionModeState;
  readonly configOptions: SessionConfigOption[];
}

export class SessionSettings {
  readonly #place: SettingsPlace;
  /** Modes that the person allowed for the rest of the session. */
  readonly #allowed = new Set<string>();
  #changed = Promise.withResolvers<void>();
  #settings: TurnSettings | undefined;
  #configured: SandboxPolicy | undefined;

  constructor(place: SettingsPlace) {
    this.#place = place;
  }

  /** The settings of the next turn; undefined before the thread has begun. */
  get current(): TurnSettings | undefined {
    return this.#settings;
  }

  view(): SettingsView {
    const choices = this.#choices();
    return { modes: modeState(choices), configOptions: configOptions(choices) };
  }

  take(event: Event): readonly SessionUpdate[] {
    if (event.type === "thread.started") {
      this.#settings = event.settings;
      // Nothing of the client's is in it: it is what the person has configured.
      const { after, sandbox } = event.settings;
      this.#configured = after?.sandbox ?? sandbox;
    }
    if (event.type !== "settings.changed") return [];
    const before = this.view();
    this.#settings = event.settings;
    const { modes: { currentModeId }, configOptions } = this.view();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    const isSame = JSON.stringify(configOptions) ===
      JSON.stringify(before.configOptions);
    return [
      ...(currentModeId === before.modes.currentModeId ? [] : [{
        sessionUpdate: "current_mode_update" as const,
        currentModeId,
      }]),
      ...(isSame ? [] : [{
        sessionUpdate: "config_option_update" as const,
        configOptions,
      }]),
    ];
  }

  /** The thread has ended: nothing changes any more. */
  close(): void {
    this.#changed.resolve();
  }

  /** Throws RequestError when there is no such mode, or it is not allowed. */
  async setMode(id: string, signal: AbortSignal): Promise<void> {
    const { modes, settings } = this.#choices();
    const mode = modes.find((one) => one.id === id);
    if (mode === undefined) throw unknown("mode", id, modes);
    if (currentMode(settings) === id) return;
    if (mode.isWider && !this.#allowed.has(id)) {
      const answer = await this.#ask(mode, signal);
      if (answer === "no") {
        throw requestError(
          "invalidRequest",
          `Cannot switch to mode ${id}: it allows more than is configured, and nobody allowed it`,
        );
      }
      if (answer === "session") this.#allowed.add(id);
    }
    await this.#change(mode.patch);
  }

  /** Resolves to all options as they are then. Throws RequestError. */
  async setOption(
    id: string,
    value: unknown,
    signal: AbortSignal,
  ): Promise<SessionConfigOption[]> {
    const { configOptions: options } = this.view();
    const option = options.find((one) => one.id === id);
    if (option?.type !== "select") throw unknown("option", id, options);
    const values = option.options.flatMap((one) =>
      "value" in one ? [{ id: one.value }] : []
    );
    const chosen = values.find((one) => one.id === value)?.id;
    if (chosen === undefined) throw unknown(id, String(value), values);
    if (id === "mode") await this.setMode(chosen, signal);
    else if (chosen !== option.currentValue) {
      await this.#change(
        id === "model"
          ? this.#place.open.modelPatch(chosen)
          : { reasoningEffort: chosen },
      );
    }
    return this.view().configOptions;
  }

  async #ask(
    mode: Parameters<typeof buildModeQuestion>[0],
    signal: AbortSignal,
  ): Promise<"once" | "session" | "no"> {
    const { client, open, host } = this.#place;
    const { params, read } = buildModeQuestion(mode, host.newId());
    const sessionId = open.thread.id;
    return await client.ask("session/request_permission", {
      sessionId,
      ...params,
    }, signal).then(read, () => "no");
  }

  async #change(patch: Partial<TurnSettings>): Promise<void> {
    const { thread, refuseSettings } = this.#place.open;
    const why = refuseSettings(patch);
    if (why !== undefined) {
      throw requestError(
        "invalidRequest",
        `Cannot change the settings: ${why}`,
      );
    }
    const { promise } = this.#changed;
    thread.submit({ type: "settings.change", patch });
    await promise;
  }

  #choices(): Parameters<typeof configOptions>[0] {
    const settings = this.#settings;
    if (settings === undefined || this.#configured === undefined) {
      throw requestError(
        "invalidRequest",
        "Cannot use the session: it has not begun",
      );
    }
    const { open, models } = this.#place;
    const modes = sessionModes({
      configured: this.#configured,
      modePolicy: open.modePolicy,
    }).filter(({ id, patch }) =>
      id === currentMode(settings) || open.refuseSettings(patch) === undefined
    );
    return { settings, modes, models };
  }
}

function unknown(
  what: string,
  id: string,
  known: readonly { readonly id: string }[],
): RequestError {
  const names = known.map((one) => one.id).join(", ");
  return requestError(
    "invalidParams",
    `Cannot set ${what} ${id}: there is no such, must be one of ${names}`,
  );
}
