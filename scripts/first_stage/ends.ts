/** With what words and codes the first stage ends, where the runtime would not survive. */
import {
  commandNames,
  COMMANDS,
  pathOf,
} from "../../core/contract/commands.ts";
import { exitCode } from "../../core/contract/exit_code.ts";
import { buildEmptyEnding } from "../../core/frontends/exec/early_exit.ts";
import type { Flags } from "../../core/contract/command_line.ts";
import {
  createExecOutput,
  type ExecEnding,
} from "../../core/frontends/exec/output.ts";
import type { TerminalOutput } from "../../core/protocol/terminal.ts";

interface Sentence {
  readonly exit: "usage" | "failed";
  readonly message: string;
}

/** Data, in the order of `enum kind` in stage.c. */
export const SENTENCES: readonly Sentence[] = [
  {
    exit: "usage",
    message:
      "Cannot read the command line: an argument is not UTF-8, must be UTF-8 (a text can come through stdin, a file can be given another name)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: the path or the name of the program is not UTF-8, must be UTF-8 (move it to another folder)",
  },
  {
    exit: "failed",
    message:
      "Cannot start in the working folder: it does not exist any more, must be an existing folder (cd to one)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: /proc is not mounted, must be (mount -t proc proc /proc; bwrap --proc /proc)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: fewer than 16 files may be open, must be more (ulimit -n 1024)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: the stack is limited to less than 192 KiB, must be more (ulimit -s 8192)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: the address space is limited to less than 36 GiB, must be more (ulimit -v unlimited; a control group limits the memory that is used)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: data is limited to less than 768 MiB, must be more (ulimit -d unlimited; a control group limits the memory that is used)",
  },
  {
    exit: "failed",
    message:
      "Cannot start: fewer than 8 more processes and threads of this user may run, must be more (ulimit -u 4096, or end some)",
  },
];

/** As long as any time; the stage writes the present one over it. */
const AT = "0000-00-00T00:00:00.000Z";
const ENTRY_BYTES = 8;

/** The table of stage.c: how far the program's entry is from here, then all words. */
export function renderTable(entryDistance: bigint): Uint8Array {
  const ends = SENTENCES.map(toEnd);
  const header = ENTRY_BYTES + 4 * (2 + 5 * ends.length);
  const texts = [
    `${firstWords().join("\0")}\0\0`,
    `${runWords().join("\0")}\0\0`,
    ...ends.flatMap((end) => end.texts.map((text) => `${text}\0`)),
  ].map((text) => new TextEncoder().encode(text));
  let place = header;
  const places = texts.map((text) => (place += text.length) - text.length);
  const table = new Uint8Array(place);
  const view = new DataView(table.buffer);
  view.setBigInt64(0, entryDistance, true);
  const numbers = [
    ...places.splice(0, 2),
    ...ends.flatMap(({ code }) => [code, ...places.splice(0, 4)]),
  ];
  numbers.forEach((number, index) =>
    view.setUint32(ENTRY_BYTES + 4 * index, number, true)
  );
  texts.reduce((at, text) => (table.set(text, at), at + text.length), header);
  return table;
}

/** What exec, review and their aliases are called, and every word a command begins with. */
function runWords(): string[] {
  return ["exec", "review", ...COMMANDS.exec.aliases ?? []];
}

function firstWords(): string[] {
  const names = commandNames().map((name) => pathOf(name)[0] ?? "");
  return [...new Set([...names, ...runWords()])].filter((name) => name !== "");
}

interface End {
  readonly code: number;
  /** For stderr; then stdout of the three forms. */
  readonly texts: readonly string[];
}

// What core/frontends/exec/early_exit.ts prints.
function toEnd({ exit, message }: Sentence): End {
  const code = exitCode(exit);
  const kind = exit === "usage" ? "usage" : "environment";
  const error = { message, kind, status: null, request_id: null };
  const ending = buildEmptyEnding({ error, exitCode: code }, AT);
  return {
    code,
    texts: [`Error: ${message}\n`, ...FORMS.map(printed(ending))],
  };
}

/** The forms of exec that programs read, in the order of `struct end`. */
const FORMS: readonly Flags[] = [
  { json: true },
  { json: true, events: "native" },
  { outputFormat: "json" },
];

/** What a form writes to stdout. */
function printed(ending: ExecEnding): (flags: Flags) => string {
  return (flags) => {
    let text = "";
    const nowhere: TerminalOutput = {
      ...{ isTty: false, columns: 80, pendingBytes: 0, isGone: false },
      write: () => true,
      flush: () => Promise.resolve(true),
    };
    const stdout = {
      ...nowhere,
      write: (more: string) => (text += more, true),
    };
    createExecOutput({
      stdin: {
        isTty: false,
        read: () => Promise.resolve(null),
        setRaw: () => false,
      },
      ...{ stdout, stderr: nowhere, onSignal: () => () => {} },
      env: () => undefined,
    }, flags).end(ending);
    return text;
  };
}
