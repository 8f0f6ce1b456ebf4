/** The models a user can choose from: configured, in the catalog, or OpenAI's. */
import { type ModelCatalog, modelInfoOf } from "./models.ts";
import type { ModelChoice } from "../../protocol/settings.ts";
import type { Config } from "../file/schema.ts";

const OPENAI_SLUGS: readonly string[] = [
  "gpt-6.1-sol",
  "gpt-6.1-terra",
  "gpt-6-astra",
  "gpt-6-sol",
  "gpt-6-luna",
  "gpt-5.6-sol",
  "gpt-5.6-terra",
  "gpt-5.6-luna",
  "gpt-5.5",
];
const EFFORTS: readonly string[] = ["low", "medium", "high", "xhigh"];

/** Without the network: the configured model first, then what the files name. */
export function knownModels(
  config: Config,
  catalog: ModelCatalog,
  options: { readonly isOpenai: boolean },
): readonly ModelChoice[] {
  const slugs = new Set([
    config.model,
    ...catalog.keys(),
    ...(config.review_model === undefined ? [] : [config.review_model]),
    ...Object.keys(config.prices),
    ...(options.isOpenai ? OPENAI_SLUGS : []),
  ]);
  return [...slugs].map((slug) => ({
    slug,
    efforts: modelInfoOf(config, catalog, slug).supportsReasoning
      ? EFFORTS
      : [],
  }));
}
