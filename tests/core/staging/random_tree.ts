/** Random trees and random work on them, as scripts for bash: one way for all who run them. */
import * as fc from "fast-check";

/** Bytes of a file, and whether it may be run. */
interface Content {
  readonly bytes: Uint8Array;
  readonly runs: boolean;
}

export type Work =
  | { readonly type: "write"; readonly path: string; readonly content: Content }
  | {
    readonly type: "append";
    readonly path: string;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "edit"; readonly path: string; readonly line: number }
  | { readonly type: "remove"; readonly path: string }
  | {
    readonly type: "move" | "copy";
    readonly path: string;
    readonly to: string;
  }
  | { readonly type: "mode"; readonly path: string; readonly runs: boolean }
  | { readonly type: "link"; readonly path: string; readonly target: string }
  | { readonly type: "folder"; readonly path: string };

const PATHS = [
  "a",
  "b c.txt",
  "d/e",
  "d/f g.txt",
  "d/h/i.bin",
  "d",
  "a/under",
  'quo"te',
  "new\nline",
  "tab\there",
  "ünï/çode",
  "-dash",
  "back\\slash",
  "x/'y'/z",
  "trailing ",
  "b/c/d/e/f",
  "a b/ c /d",
  "😀",
  "a.log",
  "b/keep.log",
] as const;

const LINES = [
  "one\n",
  "two\n",
  "three\n",
  "\n",
  "@@ -1 +1 @@\n",
  "-- \n",
  "--- a/x\n",
  "+++ b/x\n",
  "\\ no\n",
  "dos\r\n",
  "\tx\n",
  "é\n",
];

const path = fc.constantFrom(...PATHS);
const text = fc.array(fc.constantFrom(...LINES), { maxLength: 30 })
  .map((lines) => new TextEncoder().encode(lines.join("")));
const cut = text.map((bytes) =>
  bytes.subarray(0, Math.max(0, bytes.length - 1))
);
const long = fc.tuple(fc.nat(200), fc.constantFrom(...LINES)).map((
  [at, line],
) =>
  new TextEncoder().encode(
    Array.from({ length: 200 }, (_, row) => row === at ? line : `row ${row}\n`)
      .join(""),
  )
);
const bytes = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: cut },
  { weight: 2, arbitrary: long },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array()) },
);
const content = fc.record({ bytes, runs: fc.boolean() });
const target = fc.constantFrom(
  "a",
  "d/e",
  "nowhere",
  "/nonexistent/x",
  "d",
  "ünï",
  "new\nline",
);

export const work: fc.Arbitrary<Work> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("write" as const),
      path,
      content,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("append" as const), path, bytes }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("edit" as const),
      path,
      line: fc.integer({ min: 1, max: 220 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("remove" as const), path }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("move" as const, "copy" as const),
      path,
      to: path,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("mode" as const),
      path,
      runs: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("link" as const), path, target }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("folder" as const), path }),
  },
);

/** What cannot be done there is left undone. */
export function renderScript(steps: readonly Work[]): string {
  return ["set +e; exec 2>/dev/null", ...steps.map(renderStep), "true"].join(
    "\n",
  );
}

function renderStep(step: Work): string {
  const name = quoted(step.path);
  const above = `mkdir -p -- "$(dirname -- ${name}; echo .)"`.replace(
    "; echo .",
    "",
  );
  const isFile = `[ -f ${name} ] && [ ! -L ${name} ]`;
  switch (step.type) {
    case "write":
      return `[ -d ${name} ] || [ -L ${name} ] || { ${above} && ${
        printed(step.content.bytes)
      } > ${name} && chmod ${step.content.runs ? "755" : "644"} ${name}; }`;
    case "append":
      return `${isFile} && ${printed(step.bytes)} >> ${name}`;
    case "edit":
      return `${isFile} && sed -i '${step.line}s/.*/changed by sed/' ${name}`;
    case "remove":
      return `rm -r -- ${name}`;
    case "move":
    case "copy": {
      const to = quoted(step.to);
      const verb = step.type === "move" ? "mv -T" : "cp -aT";
      return `[ ${name} = ${to} ] || [ ! -e ${name} ] || { rm -r -- ${to}; mkdir -p -- "$(dirname -- ${to})" && ${verb} -- ${name} ${to}; }`;
    }
    case "mode":
      return `${isFile} && chmod ${step.runs ? "+x" : "-x"} -- ${name}`;
    case "link":
      return `[ -d ${name} ] || { ${above} && ln -sfn -- ${
        quoted(step.target)
      } ${name}; }`;
    case "folder":
      return `mkdir -p -- ${name}/empty`;
  }
}

function printed(bytes: Uint8Array): string {
  const escapes = [...bytes].map((byte) =>
    `\\${byte.toString(8).padStart(3, "0")}`
  );
  return `printf '${escapes.join("")}'`;
}

function quoted(text: string): string {
  return `./'${text.replaceAll("'", "'\\''")}'`.replace("./'/", "'/");
}
