/** Why a back end did not work -> the smallest change of the machine that would help. Pure. */

interface Hint {
  readonly words: RegExp;
  readonly help: string;
}

// First match wins. The texts are those of bubblewrap 0.8 to 0.11 and of our launcher.
const BWRAP_HINTS: readonly Hint[] = [
  {
    words: /not installed/,
    help: "install bubblewrap (apt-get install bubblewrap)",
  },
  {
    words: /mount proc on/i,
    help:
      "in a container: --security-opt systempaths=unconfined; the next back end does not need it",
  },
  {
    words: /loopback|RTM_NEWADDR|RTM_NEWLINK/i,
    help: "in a container: --cap-add NET_ADMIN",
  },
  {
    words: /make \/ slave|AppArmor/i,
    help: "in a container: --security-opt apparmor=unconfined",
  },
  {
    words: /uid map/i,
    help:
      "an outer sandbox forbids a second one inside it; none is needed when the launcher works",
  },
  {
    words: /no space left|ENOSPC|max_user_namespaces/i,
    help: "sysctl -w user.max_user_namespaces=15000",
  },
  {
    words: /namespace/i,
    help:
      "in a container: --security-opt seccomp=unconfined; on a host: sysctl -w kernel.unprivileged_userns_clone=1, on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0",
  },
];

const LANDLOCK_HINTS: readonly Hint[] = [
  {
    words: /errno 38\b/,
    help:
      "needs Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK; in a container also a seccomp profile that knows it",
  },
  {
    words: /errno 95\b/,
    help: "boot with landlock in the lsm= list of the kernel command line",
  },
  {
    words: /errno 1\b/,
    help:
      "in a container: a seccomp profile that allows landlock_create_ruleset (Docker 20.10.10 or newer)",
  },
];

/** One sentence of help, or empty when none is known. */
export function hintFor(
  kind: "bwrap" | "landlock" | "seatbelt",
  detail: string,
): string {
  const hints = kind === "bwrap"
    ? BWRAP_HINTS
    : kind === "landlock"
    ? LANDLOCK_HINTS
    : [];
  return hints.find(({ words }) => words.test(detail))?.help ?? "";
}
