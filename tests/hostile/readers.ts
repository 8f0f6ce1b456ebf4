/** Everything that reads the words of others, as functions over one text: for the fuzzer and for the look at growth. */
import { parseCassette } from "../../core/cassette/format.ts";
import { importsOf } from "../../core/config/trust/imports.ts";
import { parseToml } from "../../core/config/file/toml.ts";
import { buildOverrides } from "../../core/config/overrides.ts";
import {
  foldHandover,
  NO_HANDOVER,
} from "../../core/context/compaction/handover.ts";
import { estimateItemTokens } from "../../core/context/format/tokens.ts";
import { parseSkillFile } from "../../core/context/skills/skill_file.ts";
import { parseYaml } from "../../core/context/skills/yaml.ts";
import { outputFlagsOf } from "../../core/frontends/cli/unparsed.ts";
import { splitArgv } from "../../core/frontends/cli/parse.ts";
import {
  parsePromptValues,
  parseSlash,
} from "../../core/frontends/conversation/slash.ts";
import { KeyParser } from "../../core/frontends/editor/key_parser.ts";
import { readInputLines } from "../../core/frontends/exec/input.ts";
import { renderJson } from "../../core/frontends/jsonl/line_limit.ts";
import { countDiff, renderDiff } from "../../core/frontends/render/diff.ts";
import { renderMarkdown } from "../../core/frontends/render/markdown.ts";
import {
  beginsReview,
  parseReview,
} from "../../core/frontends/render/review.ts";
import { wrapText, wrapWords } from "../../core/frontends/render/wrap.ts";
import { AnswerReader } from "../../core/model/answer_reader.ts";
import { buildHttpError } from "../../core/model/errors/errors.ts";
import { parseRules } from "../../core/policy/rules_parse.ts";
import { viewItem } from "../../core/protocol/item.ts";
import { splitCommand } from "../../core/policy/shell/split.ts";
import { takeBlobs } from "../../core/session/log/blob_text.ts";
import { parseLine } from "../../core/session/log/line.ts";
import { matchesName, matchesPath } from "../../core/util/glob.ts";
import { checkedJson, parseJsonObject } from "../../core/util/json/json.ts";
import { jsonSpans } from "../../core/util/json/json_text.ts";
import { graphemes } from "../../core/util/text/graphemes.ts";
import { closestWord } from "../../core/util/text/similar.ts";
import { redactSecrets } from "../../core/util/text/redact.ts";
import { shownText, visibleLine } from "../../core/util/text/visible_text.ts";
import { displayWidth } from "../../core/util/text/width.ts";
import { MessageFramer } from "../../tools/mcp/client/framing.ts";
import { parseShellPatch } from "../../tools/patch/from_shell.ts";
import { parsePatch } from "../../tools/patch/parse.ts";
import { cutText } from "../../tools/shell/output.ts";

const SCREEN = { hasColor: true, width: 80 };
const PIECE = 4_096;

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function pieces(text: string): readonly Uint8Array<ArrayBuffer>[] {
  const bytes = bytesOf(text);
  return Array.from(
    { length: Math.ceil(bytes.length / PIECE) },
    (_, at) => bytes.slice(at * PIECE, (at + 1) * PIECE),
  );
}

function readAnswer(text: string): void {
  const reader = new AnswerReader();
  for (const piece of pieces(text)) reader.push(piece);
  reader.end();
}

async function readInput(text: string): Promise<void> {
  const waiting = [...pieces(text)];
  const stdin = {
    isTty: false,
    read: () => Promise.resolve(waiting.shift() ?? null),
  } as unknown as Parameters<typeof readInputLines>[0];
  for await (const _line of readInputLines(stdin)) {
    /* Read, or named as bad. */
  }
}

/** Each takes any text; throws only what its caller expects of it. */
export const READERS: Readonly<
  Record<string, (text: string) => unknown>
> = {
  "JSON": checkedJson,
  "members of JSON": jsonSpans,
  "an answer": readAnswer,
  "an event": (text) => readAnswer(`data: ${text}\n\n`),
  "an item": (text) =>
    readAnswer(
      `data: {"type":"response.output_item.done","item":${text}}\n\n`,
    ),
  "an item of the conversation": (text) => {
    const item = parseJsonObject(text) ?? {};
    const wire = { ...item, type: String(item["type"]) };
    return [
      viewItem(wire),
      foldHandover(NO_HANDOVER, wire),
      estimateItemTokens(wire),
    ];
  },
  "text of an answer": (text) =>
    readAnswer(
      `data: ${
        JSON.stringify({ type: "response.output_text.delta", delta: text })
      }\n\n`,
    ),
  "an HTTP error": (text) =>
    buildHttpError({
      status: 429,
      statusText: text.replaceAll(/[^ -~]/g, "").slice(0, 1_000),
      headers: new Headers(),
      body: text,
      url: "http://127.0.0.1/",
      nowMs: 0,
    }),
  "tokens": (text) =>
    estimateItemTokens({ type: "message", role: "user", content: text }),
  "config.toml": (text) => parseToml(text, "config.toml"),
  "-c": (text) => buildOverrides([text]),
  "a skill": (text) => parseSkillFile(`---\n${text}\n---\n`, "a", parseYaml),
  "a skill's frame": (text) => parseSkillFile(text, "a", parseYaml),
  "rules": (text) => parseRules(text, { file: "a.rules", home: "/" }),
  "a command": (text) => splitCommand(["bash", "-lc", text], "/"),
  "a patch": parsePatch,
  "lines of a patch": (text) =>
    parsePatch(
      `*** Begin Patch\n*** Update File: a\n${text}\n*** End Patch`,
    ),
  "a patch in a command": (text) =>
    parseShellPatch(["bash", "-lc", `apply_patch ${text}`], "/"),
  "a line of a log": (text) => parseLine(text),
  "a foreign line of a log": (text) => parseLine(text, { isOurs: false }),
  "opaque strings": takeBlobs,
  "a slash line": (text) => parseSlash(`/${text}`),
  "values of a prompt": (text) => parsePromptValues(text, ["a", "b"]),
  "--input jsonl": readInput,
  "argv": (text) => {
    const words = ["exec", ...text.split(/[ \n]/)];
    return [splitArgv(words), outputFlagsOf(words)];
  },
  "keys": (text) => {
    const parser = new KeyParser();
    return pieces(text).map((piece) => parser.push(piece));
  },
  "MCP messages": (text) => {
    const framer = new MessageFramer({
      messageBytesMax: 100_000,
      edgeBytes: 1_000,
    });
    return [...pieces(text).map((piece) => framer.push(piece)), framer.end()];
  },
  "Markdown": (text) => renderMarkdown(text, SCREEN),
  "a diff": (text) => [renderDiff(text, SCREEN), countDiff(text)],
  "wrapping": (text) => wrapText(text, 80),
  "visible text": shownText,
  "a visible line": (text) => visibleLine(text),
  "width": displayWidth,
  "redaction": (text) => redactSecrets(text, ["secret-value"]),
  "a line of events": (text) =>
    renderJson({ type: "item.completed", item: { text } }),
  "output of a command": (text) => cutText(text, 10_000),
  "a cassette": (text) => parseCassette(text, "a.cassette"),
  "a review": (text) => [beginsReview(text), parseReview(text)],
  "characters": (text) => [graphemes(text), wrapWords(text, 80)],
  "a word that is alike": (text) => closestWord(text, ["resume", "sessions"]),
  "what a source imports": (text) => importsOf("a.py", text),
  "what a script imports": (text) => importsOf("a.sh", text),
  "a wildcard": (text) => matchesName(text.slice(0, 20), text),
  "a glob": (text) => matchesPath(text.slice(0, 20), text),
};

/** Pieces that mean something to one of them. */
export const FRAGMENTS: readonly string[] = [
  ..."x \n\r\t`*_~[](){}<>\\\"'=-+:;,.|&$#!@/%?0\0é\u2028\u200b\ufeff",
  "\u001b[",
  "\u001b]0;",
  "\u001b[200~",
  "\u001b[201~",
  "🏳️‍🌈",
  "e\u0301",
  "\ud800",
  "](",
  "![",
  "**",
  "```",
  "- ",
  "> ",
  "1. ",
  "| ",
  "|-|\n",
  "$(",
  "<<'E'\n",
  " && ",
  "a=b ",
  "apply_patch",
  "*** Begin Patch\n",
  "*** Update File: a\n",
  "*** Add File: a\n",
  "*** Move to: b\n",
  "*** End of File\n",
  "*** End Patch\n",
  "@@ a\n",
  "@@\n",
  "+a\n",
  "-a\n",
  "a: b\n",
  "a: &a\n",
  "- *a\n",
  "[a]\n",
  "a.b = 1\n",
  '"""',
  "'''",
  "---\n",
  "data: ",
  "event: ",
  "\n\n",
  '{"type":',
  '"response.completed"',
  '"response.output_item.done","item":{"type":"message","content":[',
  '"payload":{',
  ',"blobs":[',
  "true",
  "null",
  "1e999",
  "prefix_rule(",
  'pattern=["a"],',
  'decision="allow")\n',
  "sk-",
  "a-",
  "a.",
  "eyJ-",
  "secret",
  "<script",
  "Bearer ",
  "eyJhbGciOi",
  "password=",
  "-----BEGIN PRIVATE KEY-----\n",
  "https://u:p@",
  "data:image/png;base64,",
  "AAAA",
  "--",
  " -c ",
  "--json ",
  "**/",
  "/review ",
];
