/** Lint rules of this house: no ambient world, no arrow at top level, no default export. */

/** Where the real world may be touched; tests and scripts always may. */
const WORLD = [
  /\/main\.ts$/,
  /\/core\/host\//,
  /\/sandbox\/launcher[a-z_]*\.ts$/,
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
