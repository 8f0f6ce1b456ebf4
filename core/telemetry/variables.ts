/** Variables of the environment read as OpenTelemetry says: empty is unset, what is wrong is told. */

type Env = (name: string) => string | undefined;

/** Reads variables and collects what is wrong with them. */
export class Variables {
  readonly #env: Env;
  readonly #warnings: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Tells it once. */
  warn(text: string): void {
    const warning = `Telemetry: ${text}`;
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  text(name: string): string {
    return this.#env(name)?.trim() ?? "";
  }

  word(name: string): string {
    return this.text(name).toLowerCase();
  }

  /** Only `true` is. */
  isTrue(name: string): boolean {
    return this.word(name) === "true";
  }

  /** A whole number from `least` on. */
  count(name: string, otherwise: number, least = 0): number {
    const text = this.text(name);
    const value = Number(text);
    if (text === "") return otherwise;
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.warn(
      `${name} is "${text}", must be a whole number from ${least} on: it counts as ${otherwise}`,
    );
    return otherwise;
  }

  /** A number from 0 to 1; 1 when unset. */
  share(name: string): number {
    const text = this.text(name);
    const value = text === "" ? 1 : Number(text);
    if (value >= 0 && value <= 1) return value;
    this.warn(
      `${name} is "${text}", must be a number from 0 to 1: it counts as 1`,
    );
    return 1;
  }
}

/** `name=value,name=value`, the values in the encoding of URLs. */
export function parsePairs(
  text: string,
): {
  readonly pairs: Readonly<Record<string, string>>;
  /** False when a part of it was not understood, and left out. */
  readonly isWhole: boolean;
} {
  const pairs: Record<string, string> = {};
  let isWhole = true;
  for (const part of text.split(",")) {
    if (part.trim() === "") continue;
    const at = part.indexOf("=");
    const value = decoded(part.slice(at + 1).trim());
    const name = decoded(part.slice(0, Math.max(at, 0)).trim());
    if (!name || value === undefined) isWhole = false;
    else pairs[name] = value;
  }
  return { pairs, isWhole };
}

/** Percent signs taken for what they stand for; undefined where they stand for nothing. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
