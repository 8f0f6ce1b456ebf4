/** Command line -> application -> exit code. The only file that knows commander, and exits. */
import type { Command } from "commander";
import type {
  CommandLine,
  CommandName,
  Flags,
} from "./core/contract/command_line.ts";
import type { FlagName, FlagSpec } from "./core/contract/flags.ts";
import type { FlagValue } from "./core/frontends/cli/flag_values.ts";
import { PROGRAM } from "./core/protocol/version.ts";
import type { EarlySignals } from "./core/protocol/terminal.ts";
import { print, runRole, versionText } from "./core/roles.ts";

/** What commander made of the words before `--`. */
interface FoundCommand {
  readonly path: readonly string[];
  readonly words: readonly string[];
  /** From the root to the command. */
  readonly levels: readonly Flags[];
  readonly help?: "short" | "long";
  readonly isVersion: boolean;
}

/** Runs any command line that is none of the roles; resolves to its exit code. */
export async function runCommandLine(
  argv: readonly string[],
  earlySignals?: EarlySignals,
): Promise<number> {
  try {
    const asked = await understandArgv(argv);
    if ("text" in asked) return await print(asked.text);
    const text = await loadGeneratedText(asked);
    if (text !== undefined) return await print(text);
    const { runApp } = await import("./core/app.ts");
    return await runApp(asked, { mainUrl: import.meta.url, earlySignals });
  } catch (error) {
    return await refuse(error, argv);
  }
}

async function refuse(
  error: unknown,
  argv: readonly string[],
): Promise<number> {
  const [{ helpHintOf, outputFlagsOf }, { endRefused }] = await Promise.all([
    import("./core/frontends/cli/unparsed.ts"),
    import("./core/app/commands/refused.ts"),
  ]);
  return await endRefused(error, outputFlagsOf(argv), helpHintOf(argv));
}

async function loadGeneratedText(
  asked: CommandLine,
): Promise<string | undefined> {
  if (!["completion", "man", "schema"].includes(asked.command)) {
    return undefined;
  }
  const { renderGenerated } = await import("./core/frontends/cli/generated.ts");
  return renderGenerated(asked.command, asked.args[0] ?? "");
}

/** What the words ask for. Throws UserError. */
export async function understandArgv(
  argv: readonly string[],
): Promise<CommandLine | { readonly text: string }> {
  const lines = await import("./core/frontends/cli/parse.ts");
  const meant = await import("./core/frontends/cli/meant.ts");
  const { head, rest } = lines.splitArgv(argv);
  if (head[0] === "help") {
    const path = meant.helpPath(head.slice(1));
    return { text: await topicText(path) ?? await helpText(path, "long") };
  }
  const found = await findCommand(head);
  if (found.isVersion) return { text: await versionText(head) };
  if (found.help !== undefined) {
    meant.refuseUnknownHelp(found.path, found.words);
    return { text: await helpText(found.path, found.help) };
  }
  return lines.buildCommandLine(found.path, {
    words: found.words,
    rest,
    levels: found.levels,
  });
}

async function topicText(
  path: readonly string[],
): Promise<string | undefined> {
  const { referenceTopic } = await import("./core/frontends/cli/topics.ts");
  const topic = referenceTopic(path);
  if (topic === undefined) return undefined;
  const { renderTopic } = await import("./core/app/reference/pages.ts");
  return renderTopic(topic);
}

async function helpText(
  path: readonly string[],
  form: "short" | "long",
): Promise<string> {
  const { renderHelp } = await import("./core/frontends/cli/help.ts");
  return renderHelp(path, form);
}

async function findCommand(head: readonly string[]): Promise<FoundCommand> {
  const [{ COMMANDS, commandPaths }, { FLAGS }, builder] = await Promise.all([
    import("./core/contract/commands.ts"),
    import("./core/contract/flags.ts"),
    createBuilder(),
  ]);
  let found: FoundCommand | undefined;
  const nodes = new Map<string, Command>();
  // Commands whose words were not given cannot be meant, and cost time to set up.
  const given = new Set(head.map((word) => word === "e" ? "exec" : word));
  for (const path of commandPaths()) {
    if (!path.every((word) => given.has(word))) continue;
    const name = (path.join(" ") || "repl") as CommandName;
    const spec = COMMANDS[name];
    const node = builder.command(path, (result) => found = result);
    for (const flag of spec?.flags ?? []) {
      builder.addFlag(node, flag, FLAGS[flag]);
    }
    for (const alias of spec?.aliases ?? []) node.alias(alias);
    if (name === "sandbox" || name === "policy explain") {
      node.passThroughOptions();
    }
    nodes.set(path.join(" "), node);
    if (path.length > 0) {
      nodes.get(path.slice(0, -1).join(" "))?.addCommand(node);
    }
  }
  await nodes.get("")?.parseAsync([...head], { from: "user" });
  if (found === undefined) throw new Error("Broken invariant: no command ran");
  return found;
}

interface Builder {
  command(
    path: readonly string[],
    onRun: (found: FoundCommand) => void,
  ): Command;
  addFlag(node: Command, name: FlagName, spec: FlagSpec): void;
}

/** A command's own words for the three flags that every command has. */
const HELP_SHORT = "helpShort";
const HELP_LONG = "helpLong";
const SHOW_VERSION = "showVersion";

async function createBuilder(): Promise<Builder> {
  const [commander, { parseFlagValue }, { parserError }] = await Promise.all([
    import("commander"),
    import("./core/frontends/cli/flag_values.ts"),
    import("./core/frontends/cli/parse.ts"),
  ]);
  // commander derives the name of a value from the flag's spelling; ours is in the table.
  class TableOption extends commander.Option {
    readonly #name: string;
    constructor(spelling: string, name: string) {
      super(spelling);
      this.#name = name;
      // `--no-alt-screen` is a name, not a negation.
      this.negate = false;
    }
    override attributeName(): string {
      return this.#name;
    }
  }
  return {
    command(path, onRun): Command {
      const node: Command = new commander.Command(path.at(-1) ?? PROGRAM)
        .argument("[words...]")
        .allowExcessArguments()
        .enablePositionalOptions()
        .helpOption(false)
        .helpCommand(false)
        .configureOutput({ writeErr: () => {}, writeOut: () => {} })
        .exitOverride((error) => {
          throw parserError(path, error, spellingsOf(node));
        })
        .addOption(new TableOption("-h", HELP_SHORT))
        .addOption(new TableOption("--help", HELP_LONG))
        .addOption(new TableOption("-V, --version", SHOW_VERSION));
      return node.action((words: string[]) =>
        onRun(toFound(node, path, words))
      );
    },
    addFlag(node, name, spec): void {
      const value = spec.kind === "switch" ? "" : ` <${spec.value}>`;
      const short = spec.short === undefined ? "" : `${spec.short}, `;
      const spellings = [`${short}${spec.long}`, ...(spec.aliases ?? [])];
      for (const spelling of spellings) {
        const option = new TableOption(`${spelling}${value}`, name);
        if (spec.kind !== "switch") {
          option.argParser((text: string, before: FlagValue | undefined) =>
            parseFlagValue(spec, text, before)
          );
        }
        node.addOption(option);
      }
    },
  };
}

function toFound(
  node: Command,
  path: readonly string[],
  words: readonly string[],
): FoundCommand {
  const levels: Record<string, unknown>[] = [];
  for (let at: Command | null = node; at !== null; at = at.parent) {
    levels.unshift({ ...at.opts() });
  }
  const isAsked = (name: string): boolean =>
    levels.some((level) => level[name] === true);
  const help = isAsked(HELP_LONG)
    ? "long"
    : isAsked(HELP_SHORT)
    ? "short"
    : undefined;
  const isVersion = isAsked(SHOW_VERSION);
  for (const level of levels) {
    for (const name of [HELP_LONG, HELP_SHORT, SHOW_VERSION]) {
      delete level[name];
    }
  }
  return {
    path,
    words,
    // The table's types, checked where it is written, are those of Flags.
    levels: levels as Flags[],
    isVersion,
    ...(help !== undefined && { help }),
  };
}

function spellingsOf(node: Command): string[] {
  return node.options.flatMap(({ short, long }) =>
    [short, long].filter((one): one is string => typeof one === "string")
  );
}

// No await here: the build makes a script of this file.
if (import.meta.main) runRole(Deno.args, runCommandLine).then(Deno.exit);
