/** Substitutes for what differs between machines and runs. */
import type { Json, JsonObject } from "../util/json/json.ts";
import type { CassetteHeader } from "./format.ts";

// Shorter values are too likely to be part of something else.
const LENGTH_MIN = 4;

/** Replaces values by substitutes and back. */
export class Substitutes {
  readonly #pairs: readonly (readonly [string, string])[];

  /** `thread` is the id of the thread that speaks. */
  constructor(
    places: Pick<CassetteHeader, "cwd" | "home" | "codexHome" | "temp">,
    thread: string | null,
  ) {
    const pairs: [string | null, string][] = [
      [places.cwd, "⟦cwd⟧"],
      [places.codexHome, "⟦codex_home⟧"],
      [places.temp, "⟦temp⟧"],
      [places.home, "⟦home⟧"],
      [thread, "⟦thread⟧"],
    ];
    this.#pairs = pairs
      .flatMap(([value, name]) =>
        value === null ? [] : [[value, name] as const]
      )
      .filter(([value]) => value.length >= LENGTH_MIN)
      // A path inside another one has a substitute of its own.
      .sort(([left], [right]) => right.length - left.length);
  }

  encode(text: string): string {
    return this.#pairs.reduce(
      (result, [value, name]) => result.replaceAll(value, name),
      text,
    );
  }

  /** Back, within JSON text: values are escaped as they are there. */
  decode(text: string): string {
    return this.#pairs.reduce(
      (result, [value, name]) =>
        result.replaceAll(name, () => JSON.stringify(value).slice(1, -1)),
      text,
    );
  }

  /** A JSON value with every text in it encoded. */
  encodeAll(value: Json): Json {
    if (typeof value === "string") return this.encode(value);
    if (Array.isArray(value)) {
      return value.map((child) => this.encodeAll(child));
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as JsonObject)
        .map(([key, child]) => [key, this.encodeAll(child)]),
    );
  }
}
