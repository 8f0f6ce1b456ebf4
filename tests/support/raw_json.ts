/** The members of a JSON object as raw text: what a byte comparison has to look at. */

/** Key and value text of each member of the outermost object, in order. */
export function topLevelTexts(json: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(json, json.indexOf("{") + 1);
  while (json[at] === '"') {
    const keyEnd = valueEnd(json, at);
    const key = JSON.parse(json.slice(at, keyEnd)) as string;
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = valueEnd(json, start);
    members.set(key, json.slice(start, end));
    at = skipSpace(json, end);
    if (json[at] !== ",") break;
    at = skipSpace(json, at + 1);
  }
  return members;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (" \t\r\n".includes(json[at] ?? "x")) at++;
  return at;
}

function valueEnd(json: string, start: number): number {
  if (json[start] === '"') return stringEnd(json, start);
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const char = json[at] ?? "";
    if (char === '"') at = stringEnd(json, at) - 1;
    else if ("[{".includes(char)) depth++;
    else if ("]},".includes(char) && depth === 0) return at;
    else if ("]}".includes(char) && --depth === 0) return at + 1;
  }
  return json.length;
}

function stringEnd(json: string, start: number): number {
  for (
    let at = json.indexOf('"', start + 1);
    at >= 0;
    at = json.indexOf('"', at + 1)
  ) {
    let slashes = 0;
    while (json[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  throw new Error("unterminated string");
}
