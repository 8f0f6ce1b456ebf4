/** What /proc/PID/status says about a process. Pure. */

/** How many seccomp filters lie on it; kernels before 5.9 only say whether there is one. */
export function parseFilterCount(status: string): number {
  const count = /^Seccomp_filters:\s*(\d+)/m.exec(status)?.[1];
  const mode = /^Seccomp:\s*(\d+)/m.exec(status)?.[1];
  return Number(count ?? (mode === "2" ? 1 : 0));
}
