/** Lint rules of this house: no ambient world, no arrow at top level, no default export. */

/** Where the real world may be touched; tests and scripts always may. */
const WORLD = [
  /\/main\.ts$/,
  /\/core\/host\//,
  /\/sandbox\/backends\/launcher[a-z_]*\.ts$/,
  /\/scripts\//,
  /\/tests\//,
];

const AMBIENT = new Set([
  "Deno",
  "console",
  "crypto",
  "fetch",
  "process",
  "setInterval",
  "setTimeout",
  "performance",
]);

// style: the verb of a function tells whether it touches the world.
const PURE_VERB = /^(parse|build|render|plan|decide|view|diff)([A-Z]|$)/;
const EFFECT_VERB = /^(load|read|write|send)[A-Z]/;

const plugin: Deno.lint.Plugin = {
  name: "rondo",
  rules: {
    "no-ambient-world": {
      create(context) {
        if (WORLD.some((place) => place.test(context.filename))) return {};
        return {
          Identifier(node) {
            if (AMBIENT.has(node.name) && isGlobalUse(node)) {
              context.report({
                node,
                message: `${node.name} belongs to the host`,
                hint: "Take what you need from the Host that was handed in",
              });
            }
          },
          "MemberExpression[object.name='Date'][property.name='now']"(node) {
            context.report({ node, message: "The clock belongs to the host" });
          },
          "NewExpression[callee.name='Date']"(node: Deno.lint.NewExpression) {
            if (node.arguments.length === 0) {
              context.report({
                node,
                message: "The clock belongs to the host",
              });
            }
          },
          "MemberExpression[object.name='Math'][property.name='random']"(node) {
            context.report({ node, message: "Chance belongs to the host" });
          },
        };
      },
    },
    "no-top-level-arrow": {
      create(context) {
        const report = (node: Deno.lint.Node): void =>
          context.report({
            node,
            message: "A top-level function is a declaration",
          });
        return {
          "Program > VariableDeclaration > VariableDeclarator > ArrowFunctionExpression":
            report,
          "ExportNamedDeclaration > VariableDeclaration > VariableDeclarator > ArrowFunctionExpression":
            report,
        };
      },
    },
    "declared-return-type": {
      create(context) {
        return {
          FunctionDeclaration(node) {
            if (node.returnType === undefined || node.returnType === null) {
              context.report({
                node,
                message: "A declared function says what it returns",
              });
            }
          },
        };
      },
    },
    "verb-tells-effect": {
      create(context) {
        if (isTest(context.filename)) return {};
        const isWorld = WORLD.some((place) => place.test(context.filename));
        const check = (
          node: Deno.lint.Node,
          name: string,
          fn: { readonly async: boolean; readonly returnType?: unknown },
        ): void => {
          const waits = fn.async || isPromise(fn.returnType);
          if (waits && PURE_VERB.test(name)) {
            context.report({
              node,
              message: `${name} waits for the world, its verb says it is pure`,
              hint: "load, read, write, run, send, open and find may wait",
            });
          }
          if (!waits && !isWorld && EFFECT_VERB.test(name)) {
            context.report({
              node,
              message: `${name} is pure, its verb says it touches the world`,
              hint: "parse, build, render, plan, decide and diff are pure",
            });
          }
        };
        return {
          FunctionDeclaration(node) {
            if (node.id !== null) check(node, node.id.name, node);
          },
          MethodDefinition(node) {
            const { key, value } = node;
            if (key.type !== "Identifier" && key.type !== "PrivateIdentifier") {
              return;
            }
            check(node, key.name, value);
          },
        };
      },
    },
    "pure-has-no-state": {
      create(context) {
        const header = /^\/\*\*[^]*?\*\//.exec(context.sourceCode.text)?.[0];
        if (header === undefined || !/\bPure\./.test(header)) return {};
        return {
          PropertyDefinition(node) {
            if (node.key.type !== "PrivateIdentifier" || node.readonly) return;
            context.report({
              node,
              message: "The header says pure, this class keeps state",
              hint: 'Say "No I/O." instead',
            });
          },
        };
      },
    },
    "no-default-export": {
      create(context) {
        if (context.filename.endsWith("lint_plugin.ts")) return {};
        return {
          ExportDefaultDeclaration(node) {
            context.report({ node, message: "Exports have names" });
          },
        };
      },
    },
    // Where such a variable is read once, the bundler puts its value in that place and
    // forgets to dispose of it: a folder stayed open with every file that was placed.
    "no-using": {
      create(context) {
        if (/\/(tests|scripts)\//.test(context.filename)) return {};
        return {
          VariableDeclaration(node) {
            if (!node.kind.endsWith("using")) return;
            context.report({
              node,
              message: "The bundler loses what using disposes of",
              hint: "Dispose of it in a finally block",
            });
          },
        };
      },
    },
    "no-private-keyword": {
      create(context) {
        const check = (node: Deno.lint.Node): void => {
          const { accessibility } = node as { accessibility?: string };
          if (accessibility === "private") {
            context.report({ node, message: "Private members begin with #" });
          }
        };
        return { PropertyDefinition: check, MethodDefinition: check };
      },
    },
  },
};

export default plugin;

// A property of that name, a key or an import is no use of the global.
function isGlobalUse(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node;
    case "CallExpression":
    case "NewExpression":
      return parent.callee === node || parent.arguments.includes(node);
    default:
      return false;
  }
}

function isPromise(type: unknown): boolean {
  const text = JSON.stringify(
    type ?? null,
    (key, value) => key === "parent" ? undefined : value,
  );
  return /"name":"(Promise|AsyncIterable|AsyncGenerator|ReadableStream)"/.test(
    text,
  );
}

function isTest(filename: string): boolean {
  return /\/tests\//.test(filename);
}
