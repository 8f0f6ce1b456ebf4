/** What can be chosen of a session: mode, model, reasoning effort. Pure. */
import type {
  SessionConfigOption,
  SessionModeState,
} from "@agentclientprotocol/sdk";
import type { ModelChoice, TurnSettings } from "../../../protocol/settings.ts";
import { currentMode, type sessionModes } from "./modes.ts";

interface Choices {
  readonly settings: TurnSettings;
  readonly modes: ReturnType<typeof sessionModes>;
  readonly models: readonly ModelChoice[];
}

/** The modes in the words of `session/set_mode`. */
export function modeState({ settings, modes }: Choices): SessionModeState {
  return {
    currentModeId: currentMode(settings),
    availableModes: modes.map(({ id, name, description }) => ({
      id,
      name,
      description,
    })),
  };
}

/** All choices in the words of `session/set_config_option`. */
export function configOptions(choices: Choices): SessionConfigOption[] {
  const { settings, models } = choices;
  const { currentModeId, availableModes } = modeState(choices);
  const { slug } = settings.model;
  const slugs = new Set([slug, ...models.map((one) => one.slug)]);
  const efforts = effortsOf(choices);
  return [
    {
      type: "select",
      id: "mode",
      name: "Mode",
      category: "mode",
      currentValue: currentModeId,
      options: availableModes.map(({ id, ...words }) => ({
        value: id,
        ...words,
      })),
    },
    {
      type: "select",
      id: "model",
      name: "Model",
      category: "model",
      currentValue: slug,
      options: [...slugs].map((value) => ({ value, name: value })),
    },
    ...(efforts.length === 0 ? [] : [{
      type: "select" as const,
      id: "effort",
      name: "Reasoning effort",
      category: "thought_level",
      currentValue: settings.reasoningEffort ?? "medium",
      options: efforts.map((value) => ({ value, name: value })),
    }]),
  ];
}

function effortsOf({ settings, models }: Choices): readonly string[] {
  const { model, reasoningEffort } = settings;
  const known = models.find(({ slug }) => slug === model.slug)?.efforts ?? [];
  if (known.length === 0) return [];
  return [...new Set([...known, reasoningEffort ?? "medium"])];
}
