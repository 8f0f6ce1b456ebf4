/** Requests as a text that can be reviewed: a line for each paragraph of a prompt. */
import assert from "node:assert/strict";
import type { MockRequest } from "./mock_model.ts";
import { topLevelTexts } from "./raw_json.ts";

/** Begins what continues a string on a new line. */
const GUTTER = "\n    | ";

/**
 * The requests in order. A member, or a leading item, that is byte for byte that of the
 * request before is only named. Asserts that the text stands for exactly these bodies.
 */
export function renderRequests(requests: readonly MockRequest[]): string {
  return requests.map((request, index) =>
    renderRequest(request, requests[index - 1])
  ).join("\n");
}

function renderRequest(request: MockRequest, before?: MockRequest): string {
  const members = [...topLevelTexts(request.text)];
  const whole = members.map(([key, text]) => `"${key}":${text}`).join(",");
  assert.equal(`{${whole}}`, request.text, "the members are the body");
  const known = new Map(before && topLevelTexts(before.text));
  let sheet = `${request.method} ${request.path}\n`;
  let same: string[] = [];
  for (const [key, text] of [...members, ["", ""] as const]) {
    if (key !== "input" && known.get(key) === text) {
      same.push(key);
      continue;
    }
    if (same.length > 0) sheet += `(as before: ${same.join(", ")})\n`;
    same = [];
    if (key === "input") sheet += `input:\n${renderInput(request, before)}`;
    else if (key === "tools") sheet += `tools: ${renderTools(text)}\n`;
    else if (key !== "") sheet += `${key}: ${breakLines(text)}\n`;
  }
  return sheet;
}

function renderInput(request: MockRequest, before?: MockRequest): string {
  const texts = request.input.map((item) => JSON.stringify(item));
  const whole = `"input":[${texts.join(",")}]`;
  assert.ok(request.text.includes(whole), "the items are the input");
  const old = (before?.input ?? []).map((item) => JSON.stringify(item));
  const same = texts.findIndex((text, index) => text !== old[index]);
  const kept = same < 0 ? texts.length : same;
  const note = kept === 0 ? "" : `  (the first ${kept} as before)\n`;
  return note + texts.slice(kept).map((text) => `  ${breakLines(text)}\n`)
    .join("");
}

function renderTools(text: string): string {
  const tools = JSON.parse(text);
  assert.equal(JSON.stringify(tools), text, "the tools are told by their text");
  return breakLines(JSON.stringify(tools, null, 2));
}

// A JSON text has no line ends of its own inside of strings, so that these can be undone.
function breakLines(json: string): string {
  const lines = json.replaceAll(
    /\\(.)/g,
    (escape, char) => char === "n" ? escape + GUTTER : escape,
  );
  assert.equal(lines.replaceAll(GUTTER, ""), json);
  return lines;
}
