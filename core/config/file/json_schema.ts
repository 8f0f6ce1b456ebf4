/** The JSON Schema of config.toml, for `rondo schema config` and editors. */
import * as z from "zod/mini";
import type { JsonObject } from "../../util/json.ts";
import { ConfigFile } from "./schema.ts";

/** Generated from the schema that checks the file (JSON Schema 2020-12). */
export function renderConfigSchema(): JsonObject {
  const schema = z.toJSONSchema(ConfigFile, { io: "input" }) as JsonObject;
  return { ...schema, title: "config.toml" };
}
