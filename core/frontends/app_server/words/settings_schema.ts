/** What clients send about lists, settings and accounts; other members are passed over. */
import * as z from "zod/mini";
import { PageParams } from "./schema.ts";

export const SkillsParams = z.looseObject({
  cwds: z.nullish(z.array(z.string())),
});
export const ServersParams = z.looseObject({
  ...PageParams.shape,
  threadId: z.nullish(z.string()),
  serverName: z.nullish(z.string()),
});
export const ProfileParams = z.looseObject({
  ...PageParams.shape,
  cwd: z.nullish(z.string()),
});

const Edit = z.looseObject({
  keyPath: z.string(),
  value: z.nullable(z.string()),
});
export type ConfigEdit = z.infer<typeof Edit>;

const Place = {
  filePath: z.nullish(z.string()),
  expectedVersion: z.nullish(z.string()),
};
export const ConfigWriteParams = z.looseObject({ ...Edit.shape, ...Place });
export const ConfigBatchParams = z.looseObject({
  edits: z.array(Edit),
  ...Place,
});
export const ConfigReadParams = z.looseObject({ cwd: z.nullish(z.string()) });
export const LoginParams = z.looseObject({
  type: z.string(),
  apiKey: z.optional(z.string()),
});
