/** The environment through an engine: variables asked for by name, and a child's. */
import type { Host } from "../protocol/host.ts";
import type { Engine } from "./engine.ts";
import { redactVariable } from "./redact.ts";

/**
 * Children get the whole environment, and nobody knows what a person keeps there. No child
 * runs in a full replay, so a cassette needs none of it but what says where things are.
 */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LC_\w+|TERM|TZ|TMPDIR|CODEX_HOME|XDG_\w+)$/;

/** Asked for once: the environment does not change under a running program. */
export function recordedEnv(
  engine: Engine,
  real: Pick<Host, "env" | "envAll">,
): Pick<Host, "env" | "envAll"> {
  const known = new Map<string, string | undefined>();
  let all: Readonly<Record<string, string>> | undefined;
  return {
    env: (name) => {
      if (known.has(name)) return known.get(name);
      const value = engine.runSync({
        key: `env:${name}`,
        real: () => real.env(name),
        encode: (text) =>
          text === undefined ? undefined : redactVariable(name, text),
        decode: (text) => text === undefined ? undefined : String(text),
      });
      known.set(name, value);
      return value;
    },
    envAll: () =>
      all ??= engine.runSync({
        key: "envAll",
        real: () => real.envAll(),
        encode: (values) =>
          Object.fromEntries(
            Object.entries(values).filter(([name]) => KEPT.test(name)),
          ),
        decode: (values) => values as Readonly<Record<string, string>>,
      }),
  };
}
