/** What a script loads in turn, as far as its text names it. Pure. */
import { basename } from "../../util/path.ts";
import { collectWords } from "./words.ts";

interface NamedImports {
  /** Paths meant from the script's own folder, endings may lack. */
  readonly paths: readonly string[];
  /** Modules of Python, dots between their parts; a leading one for each folder up. */
  readonly modules: readonly string[];
}

const QUOTED = /["'`]((?:\.{1,2}\/|\/)?[^"'`\s]+)["'`]/g;
const CODE =
  /\.(?:[cm]?[jt]sx?|py|pl|pm|php|rb|lua|sh|bash|zsh|fish|awk|sed|jl|R|tcl|wasm|node|so)$/;
const REQUIRED =
  /\b(?:require_relative|load|do|use)\s*\(?\s*["']([^"'\s]+)["']/g;
const PYTHON_IMPORT =
  /^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+\(?([\w, \t]*)|import[ \t]+([\w., \t]+))/gm;
const COMPUTED = /\$\([^()]*\)|\$\{[^{}]*\}/g;
const SHELL = /^#!.*\b(ba|da|fi|k|z)?sh\b/;

const NONE: NamedImports = { paths: [], modules: [] };

/** Everything it may load that is no installed package. */
export function importsOf(path: string, source: string): NamedImports {
  // What is computed is taken for the script's own folder.
  const text = source.replaceAll(COMPUTED, "").replaceAll(COMPUTED, "");
  const name = basename(path);
  const isBare = !name.includes(".");
  if (!isBare && !CODE.test(name) && !text.startsWith("#!")) return NONE;
  const isShell = isBare || /\.(ba|da|k|z)?sh$/.test(name) || SHELL.test(text);
  const isPython = /\.pyw?$/.test(name) || /^#!.*\bpython/.test(text);
  const quoted = [...text.matchAll(QUOTED)].map(([, one = ""]) => one)
    .filter((one) => /^\.{1,2}\//.test(one) || CODE.test(one));
  return {
    paths: [
      ...quoted,
      ...[...text.matchAll(REQUIRED)].map(([, one = ""]) => one),
      ...(isShell ? shellPaths(text) : []),
    ],
    modules: isPython ? pythonModules(text) : [],
  };
}

// What it sources, interprets or starts by a path.
function shellPaths(text: string): readonly string[] {
  const { scripts, commands } = collectWords(
    { command: text.replaceAll(/`[^`\n]*`/g, "") },
    () => undefined,
  );
  return [
    ...scripts,
    ...[...commands].filter((word) => word.includes("/")),
  ];
}

function pythonModules(text: string): readonly string[] {
  return [...text.matchAll(PYTHON_IMPORT)].flatMap(
    ([, from, names = "", plain = ""]) => {
      const list = (from === undefined ? plain : names).split(",")
        .map((one) => one.trim().split(/\s/)[0] ?? "").filter((one) => one);
      if (from === undefined) return list;
      const joint = from.endsWith(".") ? "" : ".";
      return [from, ...list.map((one) => `${from}${joint}${one}`)];
    },
  );
}
