/** Tests of core/config/profiles.ts. */
import assert from "node:assert/strict";
import { listProfiles } from "../../../core/config/profiles.ts";
import { Machine } from "./config_fixture.ts";

Deno.test("listProfiles() names tables of config.toml, then files of their own", async () => {
  await using machine = await Machine.create();
  const { codexHome } = machine;
  const host = machine.host();
  assert.deepEqual(await listProfiles(host, codexHome), []);
  await Deno.writeTextFile(
    `${codexHome}/config.toml`,
    '[profiles.fast]\nmodel = "a"\n[profiles.deep]\nmodel = "b"\n',
  );
  for (const name of ["work", "fast", "alone"]) {
    await Deno.writeTextFile(`${codexHome}/${name}.config.toml`, "");
  }
  assert.deepEqual(
    await listProfiles(host, codexHome),
    ["fast", "deep", "alone", "work"],
  );
});
