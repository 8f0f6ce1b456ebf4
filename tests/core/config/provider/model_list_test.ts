/** Which models are offered, in which order. */
import assert from "node:assert/strict";
import { knownModels } from "../../../../core/config/provider/model_list.ts";
import { loadCatalog } from "../../../../core/config/provider/catalog.ts";
import { Machine } from "../config_fixture.ts";

Deno.test("knownModels() has the configured one first, then what the files name, each once", async () => {
  await using machine = await Machine.create();
  await machine.user(
    'model = "mine"\nreview_model = "judge"\n[prices.mine]\ninput = 1\noutput = 1\n[prices.priced]\ninput = 1\noutput = 1\n',
  );
  const file = `${machine.root}/c.json`;
  await machine.write(file, '{"models":[{"slug":"listed"}]}');
  const { config } = await machine.load();
  const catalog = await loadCatalog(machine.host(), file);
  const slugs = (isOpenai: boolean): readonly string[] =>
    knownModels(config, catalog, { isOpenai }).map(({ slug }) => slug);
  assert.deepEqual(slugs(false), ["mine", "listed", "judge", "priced"]);
  assert.deepEqual(slugs(true).slice(0, 4), slugs(false));
  assert.ok(slugs(true).includes("gpt-5.5"));
});

Deno.test("knownModels() offers efforts where the model reasons", async () => {
  await using machine = await Machine.create();
  await machine.user('model = "gpt-5.5"\nreview_model = "gpt-4o"\n');
  const { config } = await machine.load();
  const [reasons, answers] = knownModels(config, new Map(), {
    isOpenai: false,
  });
  assert.deepEqual(reasons?.efforts, ["low", "medium", "high", "xhigh"]);
  assert.deepEqual(answers?.efforts, []);
});
