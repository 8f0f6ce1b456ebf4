/** Every command line that a text of ours tells the user to run is one. */
import assert from "node:assert/strict";
import { readerPages } from "./support/snippets.ts";
import { understandArgv } from "../main.ts";
import { commandPaths } from "../core/contract/commands.ts";
import { loadFiles, withoutComments } from "../scripts/checks/source.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname)
  .replace(/\/$/, "");
const DOCUMENTS = [
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...await readerPages(),
];

/** The program's name, and what follows it on the line. */
const MENTION =
  /(?<![\w./@-]|Lines of )(?:build\/)?(?:rondo|\$\{PROGRAM\}) +([^\n]*)/g;
/** Where a command in a sentence ends: at a sign that no command has, or a word of prose. */
const END =
  /[,;:)(<>|[…&`#]|\\|\.( |$)| {2,}|(?<= )(or|and|to|for|with|says|shows|takes) /;

/** What may follow the name in a sentence about the program itself. */
const PROSE = /^(X|asks|here|in|itself|rows|COMMAND)$/;

const FIRST_WORDS = new Set([
  ...commandPaths().map(([first]) => first),
  "help",
]);

interface Mention {
  readonly place: string;
  readonly words: readonly string[];
}

// `a|b` stands for both.
function mentionsIn(place: string, line: string): Mention[] {
  return [...line.matchAll(MENTION)].flatMap(([, after = ""]) => {
    // `rondo sandbox: …` begins a message of that command.
    if (/^[\w-]+: /.test(after)) return [];
    const alternatives = /^(\w+) (\w+(?:\|\w+)+)/.exec(after);
    const texts = alternatives === null
      ? [after]
      : (alternatives[2] ?? "").split("|").map((word) =>
        `${alternatives[1]} ${word}`
      );
    return texts.map((text) => ({ place, words: wordsOf(text) }));
  });
}

function wordsOf(text: string): string[] {
  // Quotes hold a word together and hide what would end the command.
  const parts = text.split(/('[^']*'|"[^"]*")/);
  let line = "";
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 1 && /^'|^"\S/.test(part) && /[ =]$/.test(line)) {
      line += part.slice(1, -1).replaceAll(" ", "\u00a0");
      continue;
    }
    const end = /["']/.exec(part)?.index ?? Infinity;
    const stop = Math.min(END.exec(part)?.index ?? Infinity, end);
    line += part.slice(0, stop);
    if (stop !== Infinity) break;
  }
  return line.replaceAll(/\$\{[^}]*\}/g, "X").split(" ").filter((word) =>
    word !== ""
  ).map((word) => word.replaceAll("\u00a0", " "));
}

// A text may name a command without the argument that it needs.
async function isCommand({ words }: Mention): Promise<boolean> {
  const parses = (argv: readonly string[]): Promise<boolean> =>
    understandArgv(argv).then(() => true, () => false);
  return await parses(words) || await parses([...words, "X"]);
}

async function findMentions(): Promise<Mention[]> {
  const files = await loadFiles(ROOT);
  const product = files.filter(({ path }) =>
    /^(main\.ts|core\/|tools\/|sandbox\/|prompts\/)/.test(path)
  ).flatMap(({ path, text }) =>
    // A string ends the line it stands in.
    withoutComments(text).split(/\n|(?<!\\)`|"(?=,?\n)/)
      .flatMap((line) => mentionsIn(path, line))
  );
  const documents = await Promise.all(DOCUMENTS.map(async (name) => {
    const text = await Deno.readTextFile(`${ROOT}/${name}`);
    const code = [...text.matchAll(/```[^`]*```|`([^`]+)`/g)];
    return code.flatMap(([whole, inline]) =>
      (inline?.replaceAll("\n", " ") ?? whole).split("\n").flatMap((line) =>
        mentionsIn(name, line)
      )
    );
  }));
  return [...product, ...documents.flat()];
}

Deno.test("every command that a message or the README names can be run", async () => {
  const mentions = await findMentions();
  const commands = mentions.filter(({ words: [first = ""] }) =>
    FIRST_WORDS.has(first) || first.startsWith("-") && first !== "-"
  );
  assert.ok(commands.length > 60, `${commands.length} commands`);
  const broken: string[] = [];
  for (const mention of commands) {
    if (await isCommand(mention)) continue;
    broken.push(`${mention.place}: ${mention.words.join(" ")}`);
  }
  const unknown = mentions.filter(({ words: [first = ""] }) =>
    first !== "" && !FIRST_WORDS.has(first) && !first.startsWith("-") &&
    !PROSE.test(first)
  ).map(({ place, words }) => `${place}: ${words.join(" ")}`);
  assert.deepEqual([...broken, ...unknown], []);
});
