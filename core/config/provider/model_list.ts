/** The models a user can choose from: configured, in the catalog, or OpenAI's. */
import { FAMILIES } from "./families.ts";
import { type ModelCatalog, modelInfoOf } from "./models.ts";
import type { ModelChoice } from "../../protocol/settings.ts";
import type { Config } from "../file/schema.ts";

// What most models that reason take.
const EFFORTS: readonly string[] = ["low", "medium", "high"];
const OPENAI_SLUGS: readonly string[] = Object.keys(FAMILIES)
  .filter((slug) => FAMILIES[slug]?.isListed === true);

/** Without the network: the configured model first, then what the files name. */
export function knownModels(
  config: Config,
  catalog: ModelCatalog,
  options: { readonly isOpenai: boolean },
): readonly ModelChoice[] {
  const slugs = new Set([
    config.model,
    ...listedIn(catalog),
    ...(config.review_model === undefined ? [] : [config.review_model]),
    ...Object.keys(config.prices),
    ...(options.isOpenai ? OPENAI_SLUGS : []),
  ]);
  return [...slugs].map((slug) => {
    const { supportsReasoning, efforts } = modelInfoOf(config, catalog, slug);
    return { slug, efforts: supportsReasoning ? efforts ?? EFFORTS : [] };
  });
}

function listedIn(catalog: ModelCatalog): readonly string[] {
  const place = ({ priority = 0 }: { readonly priority?: number }): number =>
    priority;
  return [...catalog].filter(([, { isListed }]) => isListed)
    .sort(([, a], [, b]) => place(a) - place(b))
    .map(([slug]) => slug);
}
