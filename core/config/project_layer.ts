/** A project's settings, sorted: what counts as it is, what needs a yes, what never counts. */
import { LIMITS } from "../protocol/limits.ts";
import { canonicalJson, type Json } from "../util/json/json.ts";
import { type Layer, layerOrigin, renderOrigin } from "./layers.ts";
import { type Config, MACHINE_KEYS } from "./file/schema.ts";
import { FATED_KEYS } from "./file/fates.ts";
import {
  emptyTable,
  isTable,
  type TomlTable,
  type TomlValue,
  valueAt,
} from "./file/toml.ts";
import { knownKeysAt } from "./file/schema_walk.ts";

/** Limits that hold where the person has written none: a project may only go below them. */
const DEFAULT_LIMITS: Readonly<Record<string, number>> = {
  max_steps: LIMITS.stepsPerTurn,
  max_failing_rounds: LIMITS.failingLoop.end,
  max_same_rounds: LIMITS.idleLoop.end,
  tell_failing_rounds: LIMITS.failingLoop.tell,
  tell_same_rounds: LIMITS.idleLoop.tell,
  // In seconds.
  max_wait: LIMITS.retryAfterMaxMs / 1_000,
};

/** What the person has without the project. */
export interface PersonSettings {
  readonly tree: TomlTable;
  readonly sandboxMode: Config["sandbox_mode"];
  readonly approvalPolicy: Config["approval_policy"];
  /** Variables that hold keys of their providers and servers. */
  readonly secretNames: readonly string[];
}

interface Others {
  readonly person: PersonSettings;
  /** The person's settings, with those of the folders above laid over them. */
  readonly below: TomlTable;
}

interface SortedSettings {
  /** Counts without a question. */
  readonly harmless: TomlTable;
  /** Counts once it is approved. */
  readonly gated: TomlTable;
  /** What never counts, in sentences with file and key. */
  readonly refused: readonly string[];
}

// They choose among models and words. Every key that is not listed needs a yes, so that
// a new one does from its first day.
const HARMLESS: ReadonlySet<string> = new Set([
  "model",
  "review_model",
  "model_context_window",
  "model_auto_compact_token_limit",
  "tool_output_token_limit",
  "model_reasoning_effort",
  "model_reasoning_summary",
  "model_supports_reasoning_summaries",
  "model_verbosity",
  "service_tier",
  "instructions",
  "developer_instructions",
  "compact_prompt",
  "include_permissions_instructions",
  "include_environment_context",
  "project_doc_max_bytes",
  "strict_cache",
  "hide_agent_reasoning",
  "show_raw_agent_reasoning",
  ...Object.keys(FATED_KEYS).filter((key) =>
    FATED_KEYS[key]?.type === "ignored"
  ),
]);

// Values that only take away.
const STRICT: Readonly<Record<string, readonly TomlValue[]>> = {
  "web_search": ["disabled"],
  "allow_login_shell": [false],
  "sandbox_workspace_write.network_access": [false],
  "sandbox_workspace_write.git_commits": [false],
  "sandbox_workspace_write.allow_unix_sockets": [false],
  "sandbox_workspace_write.build_caches": [false],
  "sandbox_workspace_write.exclude_tmpdir_env_var": [true],
  "sandbox_workspace_write.exclude_slash_tmp": [true],
};

const ENVIRONMENT = "shell_environment_policy";
const MODES: readonly Config["sandbox_mode"][] = [
  "read-only",
  "workspace-write",
  "external-sandbox",
  "danger-full-access",
];
const POLICIES: readonly unknown[] = [
  "untrusted",
  "on-request",
  "on-failure",
  "never",
];

/** Sorts one file of a project. */
export function sortSettings(
  layer: Layer,
  others: Others,
): SortedSettings {
  const sorter = new Sorter(layer, others);
  for (const [key, value] of Object.entries(layer.tree)) sorter.add(key, value);
  return sorter;
}

/** The first of the names that is one of the secrets. */
export function namedSecret(
  names: readonly string[],
  secrets: readonly string[],
): string | undefined {
  const upper = new Set(secrets.map((one) => one.toUpperCase()));
  return names.find((one) => upper.has(one.toUpperCase()));
}

class Sorter implements SortedSettings {
  readonly harmless = emptyTable();
  readonly gated = emptyTable();
  readonly refused: string[] = [];
  readonly #layer: Layer;
  readonly #person: PersonSettings;
  readonly #below: TomlTable;

  constructor(layer: Layer, { person, below }: Others) {
    this.#layer = layer;
    this.#person = person;
    this.#below = below;
  }

  add(key: string, value: TomlValue): void {
    if (MACHINE_KEYS.has(key)) {
      return this.#refuse(
        [key],
        `a project may not set "${key}", your own config.toml may`,
      );
    }
    switch (key) {
      case "sandbox_mode":
      case "approval_policy":
        return this.#addBound(key, value);
      case "mcp_servers":
        return this.#addServers(value);
      case "sandbox_workspace_write":
      case "limits":
        return this.#addTable(key, value);
      case ENVIRONMENT:
        return this.#addEnvironment(value);
    }
    // What no key of the configuration is, is told and dropped by its check.
    const isFree = HARMLESS.has(key) || !knownKeysAt([]).includes(key) ||
      STRICT[key]?.includes(value) === true;
    (isFree ? this.harmless : this.gated)[key] = value;
  }

  #addBound(key: "sandbox_mode" | "approval_policy", value: TomlValue): void {
    const [order, own] = key === "sandbox_mode"
      ? [MODES as readonly unknown[], this.#person.sandboxMode]
      : [POLICIES, this.#person.approvalPolicy];
    const isSame = canonicalJson(value as Json) === canonicalJson(own as Json);
    const wanted = order.indexOf(value);
    // Who has settled each kind of question alone can only be asked about everything.
    const bound = Math.max(0, order.indexOf(own));
    if (isSame || (wanted >= 0 && wanted <= bound)) {
      this.harmless[key] = value;
      return;
    }
    const isKnown = wanted >= 0 || isTable(value);
    // A mistyped value is an error of the file, told with what it must be.
    if (!isKnown) this.harmless[key] = value;
    else {
      const yours = typeof own === "string" ? `"${own}"` : "granular";
      this.#refuse(
        [key],
        `a project may not loosen "${key}", which is ${yours} for you`,
      );
    }
  }

  #addServers(value: TomlValue): void {
    const servers = emptyTable();
    for (const [name, table] of Object.entries(isTable(value) ? value : {})) {
      const path = ["mcp_servers", name];
      if (valueAt(this.#person.tree, path) !== undefined) {
        this.#refuse(
          path,
          `a project may not change "mcp_servers.${name}", which is your own server`,
        );
      } else if (!this.#namesSecret(path, table)) servers[name] = table;
    }
    if (Object.keys(servers).length > 0) this.gated["mcp_servers"] = servers;
  }

  #namesSecret(path: readonly string[], server: TomlValue): boolean {
    for (
      const key of ["env_vars", "bearer_token_env_var", "env_http_headers"]
    ) {
      const secret = namedSecret(
        textsIn(valueAt(server as TomlTable, [key])),
        this.#person.secretNames,
      );
      if (secret === undefined) continue;
      this.#refuse(
        [...path, key],
        `a project may not use your key in ${secret} ("${
          [...path, key].join(".")
        }")`,
      );
      return true;
    }
    return false;
  }

  #addEnvironment(value: TomlValue): void {
    if (!isTable(value)) return void (this.harmless[ENVIRONMENT] = value);
    const secret = namedSecret(
      textsIn(value["include_only"]),
      this.#person.secretNames,
    );
    if (secret === undefined) return void (this.gated[ENVIRONMENT] = value);
    this.#refuse(
      [ENVIRONMENT, "include_only"],
      `a project may not hand your key in ${secret} to commands ("${ENVIRONMENT}.include_only")`,
    );
  }

  #addTable(key: string, value: TomlValue): void {
    if (!isTable(value)) return void (this.harmless[key] = value);
    const parts = [emptyTable(), emptyTable()] as const;
    const [free, asked] = parts;
    for (const [name, member] of Object.entries(value)) {
      const own = valueAt(this.#below, [key, name]) ??
        (key === "limits" ? DEFAULT_LIMITS[name] : undefined);
      if (name === "deny_read" && Array.isArray(member)) {
        // What the person hides stays hidden.
        free[name] = [...(Array.isArray(own) ? own : []), ...member];
        continue;
      }
      const isFree = STRICT[`${key}.${name}`]?.includes(member) === true ||
        (key === "limits" && (own === undefined ||
          (typeof own === "number" && typeof member === "number" &&
            member <= own)));
      (isFree ? free : asked)[name] = member;
    }
    if (Object.keys(free).length > 0) this.harmless[key] = free;
    if (Object.keys(asked).length > 0) this.gated[key] = asked;
  }

  #refuse(path: readonly string[], sentence: string): void {
    const place = renderOrigin(layerOrigin(this.#layer, path));
    this.refused.push(`Ignoring config: ${sentence} (${place})`);
  }
}

// `env_vars` has names, and tables with a name in them.
function textsIn(value: TomlValue | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" ? Object.values(value).flatMap(textsIn) : [];
}
