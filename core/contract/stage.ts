/** What a staged run says of its patch: the field `stage` of the last line. */
import * as z from "zod/mini";

export const ExecStage = z.object({
  patch: z.nullable(z.string()).check(
    z.describe("File with the patch; null when nothing was changed"),
  ),
  files: z.array(z.object({
    path: z.string(),
    kind: z.enum(["add", "update", "delete"]),
    from: z.optional(z.string()).check(z.describe("Its name before")),
    insertions: z.int(),
    deletions: z.int(),
  })).check(z.describe("Paths below the top of the tree that was staged")),
  insertions: z.int(),
  deletions: z.int(),
  left_out: z.array(z.string()).check(
    z.describe("What has changed and is not in the patch"),
  ),
});
export type ExecStage = z.infer<typeof ExecStage>;
