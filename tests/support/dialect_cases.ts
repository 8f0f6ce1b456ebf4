/** What a user does with any server, for each dialect: the rows of the table of `tests/dialect_table.ts`. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { eventsOf, itemsOf, type Stage, stage } from "../e2e/support.ts";
import { bigPng } from "./big_png.ts";
import { CHAT_DIALECTS, RESPONSES_DIALECTS } from "./dialect_table.ts";
import { type Dialect, message, refusalOf, renderAnswer } from "./dialects.ts";
import type { MockRequest } from "./mock_model.ts";
import type { Part, Step } from "./mock_script.ts";

type Answer = readonly JsonObject[] | Part;
type Case = (dialect: Dialect) => Promise<void>;

let ids = 0;

function call(name: string, args: JsonObject | string): JsonObject {
  const id = ++ids;
  return {
    type: "function_call",
    id: `fc_${id}`,
    call_id: `call_${id}`,
    name,
    arguments: typeof args === "string" ? args : JSON.stringify(args),
  };
}

function echo(word: string): JsonObject {
  return call("shell", { command: ["echo", word] });
}

const DONE = [message("done")];

// The program between folders and a server that gives these answers, then "done".
async function open(
  dialect: Dialect,
  answers: readonly Answer[],
  options: { readonly top?: string } = {},
): Promise<Stage> {
  const left = [...answers];
  const s = await stage({
    laws: false,
    config: {
      ...(dialect.chat !== undefined && { wire: "chat" }),
      top: options.top ?? "",
      provider: `supports_compact = ${dialect.compact !== undefined}`,
    },
    compact: Array.from({ length: 3 }, () => []),
    script: (request): Step => {
      const tokens = Math.ceil(request.text.length / 4);
      const refused = refusalOf(request, dialect);
      if (refused !== undefined) return refused;
      if (request.body["tool_choice"] === "none") {
        return renderAnswer([message("the summary")], tokens, dialect);
      }
      const next = left.shift() ?? DONE;
      return "type" in next ? next : renderAnswer(next, tokens, dialect);
    },
  });
  await Deno.writeFile(`${s.home.work}/a.png`, bigPng(2_000));
  return s;
}

async function run(
  dialect: Dialect,
  answers: readonly Answer[],
  look: (
    last: MockRequest,
    end: Awaited<ReturnType<Stage["json"]>>,
    s: Stage,
  ) => Promise<void> | void,
  options: { readonly top?: string } = {},
): Promise<void> {
  await using s = await open(dialect, answers, options);
  const end = await s.json("dig the hill");
  assert.equal(end.code, 0, end.stdout.slice(-500));
  assert.equal(itemsOf(end, "agent_message").at(-1)?.["text"], "done");
  await look(s.model.request(s.model.requests.length - 1), end, s);
}

const CASES: Readonly<Record<string, Case>> = {
  "answers": (dialect) => run(dialect, [DONE], () => {}),
  "resumes": (dialect) =>
    run(dialect, [DONE], async (_last, _end, s) => {
      const next = await s.json("go on", { command: ["resume", "--last"] });
      assert.equal(next.code, 0);
      assert.match(
        s.model.request(s.model.requests.length - 1).text,
        /dig the hill[\s\S]*done[\s\S]*go on/,
      );
    }),
  "runs a call": (dialect) =>
    run(dialect, [[echo("seen")]], ({ text }, end) => {
      assert.equal(itemsOf(end, "command_execution").length, 1);
      assert.match(text, /seen\\n/);
    }),
  "runs three calls": (dialect) =>
    run(
      dialect,
      [["one", "two", "three"].map(echo)],
      ({ text }, end) => {
        assert.equal(itemsOf(end, "command_execution").length, 3);
        for (const word of ["one", "two", "three"]) {
          assert.ok(text.includes(`${word}\\n`), word);
        }
      },
    ),
  "survives bad arguments": (dialect) =>
    run(
      dialect,
      [[call("shell", "{oops")]],
      ({ text }) => assert.match(text, /dig the hill/),
    ),
  "survives an unknown tool": (dialect) =>
    run(
      dialect,
      [[call("nothing", {})]],
      ({ text }) => assert.match(text, /no such tool/),
    ),
  "tries again when busy": (dialect) =>
    run(
      dialect,
      [dialect.busy],
      (_, end) => assert.ok(eventsOf(end, "stream.retry").length > 0),
    ),
  "compacts when full": (dialect) =>
    run(dialect, [[echo("seen")], dialect.overflow], ({ text }, end) => {
      assert.equal(eventsOf(end, "context.compacted").length, 1);
      assert.match(text, /dig the hill/);
    }),
  "compacts a small window in time": (dialect) =>
    run(
      dialect,
      Array.from(
        { length: 8 },
        (_, at) => [call("shell", { command: ["seq", `${at}`, "5000"] })],
      ),
      ({ text }, end) => {
        assert.ok(eventsOf(end, "context.compacted").length > 0);
        assert.match(text, /dig the hill/);
      },
      { top: "model_context_window = 32000" },
    ),
  "sees four pictures, or none": (dialect) =>
    run(
      dialect,
      Array.from({ length: 4 }, () => [call("view_image", { path: "a.png" })]),
      ({ text }) => assert.match(text, /dig the hill/),
    ),
};

/** Each dialect with each of its cases. */
export const DIALECT_CASES: Readonly<
  Record<string, Readonly<Record<string, () => Promise<void>>>>
> = Object.fromEntries(
  Object.entries({ ...RESPONSES_DIALECTS, ...CHAT_DIALECTS }).map((
    [name, dialect],
  ) => [
    name,
    Object.fromEntries(
      Object.entries(CASES).map(([kind, test]) => [kind, () => test(dialect)]),
    ),
  ]),
);
