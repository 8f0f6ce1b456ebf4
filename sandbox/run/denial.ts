/** Was that the sandbox or the command? And what may help. Pure. */

// Words that programs use when a right was missing, lower case.
const DENIAL_WORDS = [
  "operation not permitted",
  "permission denied",
  "read-only file system",
  "seccomp",
  "sandbox",
  "landlock",
  "failed to write file",
];

/** 128 + SIGSYS: a call the seccomp filter kills for. */
const KILLED_BY_FILTER = 159;

/** Whether a sandboxed command's failure looks like the sandbox's doing. */
export function isDenial(exitCode: number, output: string): boolean {
  if (exitCode === 0) return false;
  const text = output.toLowerCase();
  if (DENIAL_WORDS.some((word) => text.includes(word))) return true;
  return exitCode === KILLED_BY_FILTER;
}

const NETWORK_WORDS = [
  "could not resolve host",
  "temporary failure in name resolution",
  "name or service not known",
  "getaddrinfo",
  "network is unreachable",
  "eai_again",
  "enotfound",
  "no address associated with hostname",
  "failed to lookup address",
  "dns error",
];

/** Whether a failure looks like a network that is switched off. */
export function isNetworkFailure(exitCode: number, output: string): boolean {
  if (exitCode === 0) return false;
  const text = output.toLowerCase();
  return NETWORK_WORDS.some((word) => text.includes(word));
}
