/** Runs a program where there is no bubblewrap: it takes the launcher of its own. */
export const WITHOUT_BWRAP: readonly string[] = [
  "/usr/bin/bwrap",
  ...["--dev-bind", "/", "/"],
  ...["--ro-bind", "/dev/null", "/usr/bin/bwrap", "--"],
];
