/** Namespaces of the kernel, held without a process in them (namespaces(7)). */
import type { Namespace, NamespaceKind } from "../../protocol/host.ts";
import { openLibc } from "./libc.ts";

const NAMES = { user: "user", network: "net" } as const;
const O_CLOEXEC = 0o2000000;

/** Throws when the process is gone, or not one of ours. */
export function holdNamespace(pid: number, kind: NamespaceKind): Namespace {
  const path = `/proc/${pid}/ns/${NAMES[kind]}`;
  const libc = openLibc();
  const name = new TextEncoder().encode(`${path}\0`);
  const descriptor = libc?.open(name, O_CLOEXEC, 0) ?? -1;
  if (descriptor < 0) {
    throw new Error(`Cannot hold ${path}: it cannot be opened`);
  }
  return { kind, descriptor, release: () => libc?.close(descriptor) };
}
