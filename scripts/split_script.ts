/** The bundler's chunks as two scripts: what an everyday run needs, and all that may come later. */

/** Text of each chunk by its file name: an ES module as the bundler wrote and minified it. */
export type Chunks = ReadonlyMap<string, string>;

/** What each script is made from. */
export interface ScriptSources {
  /** Evaluates to a function of the later script's loader, which gives what `entry` exports. */
  readonly early: string;
  /** Evaluates to the later chunks, by name. */
  readonly later: string;
}

// The bundler's own way to what the runtime brings along, which is given to every chunk.
const REQUIRE =
  /import ?\{ ?createRequire as ([\w$]+) ?\} ?from ?"node:module";var ([\w$]+)=\1\(import\.meta\.url\);/;
// Also in the middle: the bundler keeps those of the runtime where a package has them.
const IMPORT =
  /(?<=^|[;}\s])import(?: ([\w$]+)|\*as ([\w$]+))?,?(?:\{([^}]*)\})?(?: ?from ?)?"(\.\/[^"]+|node:[^"]+)";/g;
const EXPORT = /export\{([^}]*)\};$/;
const DEFAULT_EXPORT = /export default ([\w$]+\(\));$/;
const LEGAL = /(?:\s|\/\*![^]*?\*\/)+$/;
const DYNAMIC = /\bimport\("(?:\.\/([^"]+)|(node:\w+))"\)/g;

/**
 * Chunks that `entry` leads to stand in the early script, past a dynamic import those only
 * whose file is named like one of `everyday`. V8 looks at every function of a script it
 * takes from its cache, and at every character of the text. Throws for a chunk of a form
 * that only a module can be.
 */
export function splitScript(
  chunks: Chunks,
  entry: string,
  everyday: ReadonlySet<string>,
): ScriptSources {
  const made = new Map(
    [...chunks].map(([name, text]) => [name, toFunction(name, text)]),
  );
  const early = new Set<string>();
  const follow = (name: string): void => {
    if (early.has(name)) return;
    early.add(name);
    const chunk = made.get(name);
    if (chunk === undefined) throw new Error(`Cannot split: no chunk ${name}`);
    chunk.imports.forEach(follow);
    chunk.mayImport.filter((one) => everyday.has(sourceOf(one))).forEach(
      follow,
    );
  };
  follow(entry);
  const table = (isEarly: boolean): string =>
    `{${
      [...made].filter(([name]) => early.has(name) === isEarly)
        .map(([name, { text }]) => `${JSON.stringify(name)}:${text}`)
        .join(",\n")
    }}`;
  return {
    early: toAscii(renderLoader(entry, table(true))),
    later: toAscii(`"use strict";(${table(false)})`),
  };
}

// Chunks hold each other's exports by value: the bundler makes no circles of chunks, and
// nothing that is exported here is assigned again once its chunk has run.
function renderLoader(entry: string, table: string): string {
  return `"use strict";((later)=>{
const require=process.getBuiltinModule,chunks=${table},ready=new Map();
const use=(name)=>{
let exports=ready.get(name);
if(exports===undefined){
if(!(name in chunks))Object.assign(chunks,later(name));
ready.set(name,exports={});
chunks[name](exports,use,require);
}
return exports};
return use(${JSON.stringify(entry)})})`;
}

interface ChunkFunction {
  readonly text: string;
  readonly imports: readonly string[];
  readonly mayImport: readonly string[];
}

function toFunction(name: string, module: string): ChunkFunction {
  const { body: withExports, head, imports } = takeImports(module);
  const { body, tail } = takeExports(withExports.replace(LEGAL, ""));
  const mayImport: string[] = [];
  const script = body.replaceAll(
    DYNAMIC,
    (_, chunk: string | undefined, builtIn: string | undefined) => {
      if (chunk === undefined) return `Promise.resolve(require("${builtIn}"))`;
      mayImport.push(chunk);
      // In a function of its own, so that what it throws is a rejection.
      return `(async()=>use("${chunk}"))()`;
    },
  ).replaceAll(/\bimport\.meta\b/g, "({})");
  if (/\bimport[{(*]|\bexport[{ ]?(?:default|\{)/.test(script)) {
    throw new Error(`Cannot make a script of ${name}: it needs a module`);
  }
  return {
    text: `(exports,use,require)=>{${head}${script}\n${tail}}`,
    imports,
    mayImport,
  };
}

function takeImports(
  module: string,
): Pick<ChunkFunction, "imports"> & { head: string; body: string } {
  const imports: string[] = [];
  const head: string[] = [];
  const body = module.replace(REQUIRE, "var $2=require;").replaceAll(
    IMPORT,
    (_, byDefault?: string, all?: string, named?: string, from = "") => {
      const isChunk = from.startsWith("./");
      if (isChunk) imports.push(from.slice(2));
      const value = isChunk ? `use("${from.slice(2)}")` : `require("${from}")`;
      head.push(value);
      if (all !== undefined) head.push(`const ${all}=${value}`);
      if (byDefault !== undefined) {
        head.push(`const ${byDefault}=${value}${isChunk ? ".default" : ""}`);
      }
      if (named !== undefined) {
        head.push(`const{${named.replaceAll(" as ", ":")}}=${value}`);
      }
      return "";
    },
  );
  return { head: head.map((line) => `${line};`).join(""), body, imports };
}

function takeExports(module: string): { body: string; tail: string } {
  const value = DEFAULT_EXPORT.exec(module);
  if (value !== null) {
    const body = module.slice(0, value.index);
    // A package of CommonJS: what it exports has names here as well, as the runtime gives it.
    const tail = `Object.assign(exports,exports.default=${value[1]});`;
    return { body, tail };
  }
  const found = EXPORT.exec(module);
  if (found === null) return { body: module, tail: "" };
  const tail = (found[1] ?? "").split(",").filter((one) => one !== "").map(
    (one) => {
      const [local = "", name = local] = one.split(" as ");
      return `exports.${name}=${local};`;
    },
  );
  return { body: module.slice(0, found.index), tail: tail.join("") };
}

/** `exec-4AUZJ2FH.js` is exec.ts. */
function sourceOf(chunk: string): string {
  return chunk.replace(/-[A-Z0-9]{8}\.js$/, "");
}

// One character outside of Latin-1 and V8 keeps two bytes for each of all the others. The
// bundler escapes those in strings, and leaves those of regular expressions.
function toAscii(script: string): string {
  return script.replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
