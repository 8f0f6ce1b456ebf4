/** The form of the file that keeps the outcome of a proof. */
import * as z from "zod/mini";
import type { BackendAttempt } from "./candidates.ts";

export interface StoredProof {
  /** As readMachine() gave it. */
  readonly machine: Readonly<Record<string, string>>;
  readonly attempts: readonly BackendAttempt[];
}

/** The content of that file. */
export function proofSchema(): z.ZodMiniType<StoredProof> {
  const bwrapNames = [
    "bwrap",
    "bwrap-landlock",
    "bwrap-noproc",
    "bwrap-nouserns",
  ] as const;
  const features = z.object({
    program: z.string(),
    userNamespace: z.boolean(),
    ownProc: z.boolean(),
    networkNamespace: z.boolean(),
    sharesNetwork: z.exactOptional(z.boolean()),
    hasLandlock: z.exactOptional(z.boolean()),
  });
  const backend = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("bwrap"), name: z.enum(bwrapNames), features }),
    z.object({
      kind: z.literal("landlock"),
      name: z.literal("landlock"),
      abi: z.exactOptional(z.int()),
    }),
  ]);
  const attempt = z.object({
    name: z.enum([...bwrapNames, "landlock"]),
    isProved: z.boolean(),
    detail: z.string(),
    hint: z.string(),
    backend: z.exactOptional(backend),
  });
  return z.object({
    machine: z.record(z.string(), z.string()),
    attempts: z.array(attempt),
  });
}
