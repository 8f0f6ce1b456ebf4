/** The form of a file: its first line, its size, its exports, the packages it imports. */
import { importsOf, PRODUCT, type SourceFile } from "./source.ts";

const LINES_MAX = 300;
const DATA_LINES_MAX = 700;
const FUNCTION_LINES_MAX = 70;
const EXPORTS_MAX = 12;

/** Each package and the files that may import it. Types of tests do not count. */
const DOORS: Readonly<Record<string, readonly RegExp[]>> = {
  "@agentclientprotocol/sdk": [/^core\/frontends\/acp\//],
  "@commander-js/extra-typings": [/^main\.ts$/],
  "@modelcontextprotocol/sdk": [
    /^tools\/mcp\//,
    /^core\/frontends\/mcp_server\//,
  ],
  "@opentelemetry/api": [/^core\/telemetry\/sdk\.ts$/],
  "@opentelemetry/core": [/^core\/telemetry\/sdk\.ts$/],
  "@opentelemetry/otlp-transformer": [/^core\/telemetry\/sdk\.ts$/],
  "@opentelemetry/resources": [/^core\/telemetry\/sdk\.ts$/],
  "@opentelemetry/sdk-logs": [/^core\/telemetry\/sdk\.ts$/],
  "@opentelemetry/sdk-metrics": [/^core\/telemetry\/sdk\.ts$/],
  "@opentelemetry/sdk-trace": [/^core\/telemetry\/sdk\.ts$/],
  "@std/cli": [/^core\/util\/text\/width\.ts$/],
  "@std/streams": [/^core\/util\/json\/jsonl\.ts$/],
  "@std/toml": [/^core\/cassette\/secrets\.ts$/, /^core\/config\//],
  "deno-std": [/^core\/std\/streams\.ts$/],
  "get-east-asian-width": [/^core\/std\/cli\.ts$/],
  "ajv": [/^core\/util\/json\/json_schema\.ts$/],
  "commander": [/^main\.ts$/],
  "jpeg-js": [/^core\/util\/picture\.ts$/],
  "smol-toml": [/^core\/std\/toml\.ts$/],
  "yaml": [
    /^core\/batch\/engines\/yaml\.ts$/,
    /^core\/context\/skills\/yaml\.ts$/,
  ],
  "zod": [
    /^core\/app\/policy\/cases\.ts$/,
    /^core\/batch\//,
    /^core\/cassette\//,
    /^core\/contract\//,
    /^core\/protocol\//,
    /^core\/config\//,
    /^core\/model\//,
    /^core\/context\//,
    /^core\/session\//,
    /^core\/staging\/places\.ts$/,
    /^core\/frontends\//,
    /^sandbox\/probe\/proof_schema\.ts$/,
    /^tools\//,
  ],
};

/** What is wrong with the form of these files, one sentence each. */
export function findFormProblems(files: readonly SourceFile[]): string[] {
  return [
    ...files.flatMap(checkHeader),
    ...files.flatMap(checkPaths),
    ...files.filter((file) => PRODUCT.test(file.path)).flatMap((file) => [
      ...checkSize(file),
      ...checkFunctions(file),
      ...checkExports(file),
      ...checkPackages(file),
      ...checkErrno(file),
    ]),
  ];
}

function checkHeader({ path, text }: SourceFile): string[] {
  return path.endsWith("_test.ts") || text.startsWith("/** ")
    ? []
    : [`${path}: the first line must say what the file is`];
}

// Whoever asks for a missing name alone falls over a name on whose way a file lies, and
// takes an error of its disk for a bug.
function checkErrno({ path, text }: SourceFile): string[] {
  const isAsked = /[!=]== "ENOENT"|"ENOENT" [!=]==|errors\.NotFound/.test(text);
  const isHome = path === "core/protocol/error.ts" ||
    path.startsWith("core/host/");
  return isAsked && !isHome
    ? [`${path}: asks for "ENOENT" alone, must ask isAbsent()`]
    : [];
}

// A folder may be called `my work`: a URL spells that otherwise.
function checkPaths({ path, text }: SourceFile): string[] {
  return /(?<!decodeURIComponent\(\s*)new URL\([^;]*?import\.meta\.url,?\s*\)\.pathname/
      .test(text)
    ? [`${path}: a path out of a URL must be decoded: decodeURIComponent(…)`]
    : [];
}

function checkSize({ path, text }: SourceFile): string[] {
  const lines = text.split("\n").length - 1;
  const max = isData(text) ? DATA_LINES_MAX : LINES_MAX;
  return lines <= max
    ? []
    : [`${path}: ${lines} lines, must be at most ${max}`];
}

// A top-level function or a method ends at the brace in its own column (deno fmt).
function checkFunctions({ path, text }: SourceFile): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    const start =
      /^( {0,2})(export )?(static )?(async )?(function[ *]|[#\w]+\(|(get|set) )/
        .exec(line);
    if (start === null || /^ {2}(if|for|while|switch|return)\b/.test(line)) {
      return [];
    }
    const end = lines.indexOf(`${start[1]}}`, at);
    const length = countLines(lines.slice(at, end + 1));
    return end > at && length > FUNCTION_LINES_MAX
      ? [
        `${path}:${
          at + 1
        }: a function of ${length} lines, must be at most ${FUNCTION_LINES_MAX}`,
      ]
      : [];
  });
}

// An exhaustive switch grows with its union: its cases of one line do not count.
function countLines(lines: readonly string[]): number {
  if (!lines.some((line) => line.includes("unreachable("))) return lines.length;
  return lines.filter((line, at) =>
    !/^\s*case\b/.test(line) &&
    !(/^\s*(case\b.*|default):$/.test(lines[at - 1] ?? "") &&
      line.endsWith(";"))
  ).length;
}

function isData(text: string): boolean {
  return text.startsWith("/** Data. ");
}

function checkExports({ path, text }: SourceFile): string[] {
  // Types are words; what a file does is in the values it exports.
  const count = text.match(/^export (?!type |interface )/gm)?.length ?? 0;
  return count <= EXPORTS_MAX
    ? []
    : [`${path}: ${count} exports, must be at most ${EXPORTS_MAX}`];
}

function checkPackages({ path, text }: SourceFile): string[] {
  return importsOf(text).flatMap((name) => {
    if (name.startsWith(".") || name.startsWith("node:")) return [];
    const door = Object.keys(DOORS).find((one) =>
      name === one || name.startsWith(`${one}/`)
    );
    if (door === undefined) return [`${path}: ${name} has no door`];
    return DOORS[door]?.some((place) => place.test(path))
      ? []
      : [`${path}: ${name} is imported past its door`];
  });
}
