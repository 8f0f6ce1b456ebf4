/** What clients send about commands and files; other members are passed over. */
import * as z from "zod/mini";

const Size = z.object({
  rows: z.int().check(z.gte(1), z.lte(1_000)),
  cols: z.int().check(z.gte(1), z.lte(1_000)),
});
const Id = z.string().check(z.minLength(1));

export const ExecParams = z.looseObject({
  command: z.array(z.string()).check(z.minLength(1)),
  processId: z.nullish(Id),
  tty: z.nullish(z.boolean()),
  streamStdin: z.nullish(z.boolean()),
  streamStdoutStderr: z.nullish(z.boolean()),
  outputBytesCap: z.nullish(z.int()),
  disableTimeout: z.nullish(z.boolean()),
  timeoutMs: z.nullish(z.int()),
  cwd: z.nullish(z.string()),
  env: z.nullish(z.record(z.string(), z.nullable(z.string()))),
  size: z.nullish(Size),
  sandboxPolicy: z.nullish(z.looseObject({ type: z.string() })),
  permissionProfile: z.nullish(z.string()),
});
export type ExecParams = z.infer<typeof ExecParams>;

export const ExecWriteParams = z.looseObject({
  processId: Id,
  deltaBase64: z.nullish(z.string()),
});
export const ResizeParams = z.looseObject({ processId: Id, size: Size });
export const ProcessParams = z.looseObject({ processId: Id });

const Path = z.string().check(z.regex(/^\//));
export const PathParams = z.looseObject({ path: Path });
export const FileWriteParams = z.looseObject({
  path: Path,
  dataBase64: z.string(),
});
export const FolderParams = z.looseObject({
  path: Path,
  recursive: z.nullish(z.boolean()),
});
export const RemoveParams = z.looseObject({
  path: Path,
  recursive: z.nullish(z.boolean()),
  force: z.nullish(z.boolean()),
});
export const CopyParams = z.looseObject({
  sourcePath: Path,
  destinationPath: Path,
  recursive: z.nullish(z.boolean()),
});
export const SearchParams = z.looseObject({
  query: z.string(),
  roots: z.array(Path),
});
