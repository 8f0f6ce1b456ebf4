/** Reads the parameters and bodies of Starlark's functions. */
import type { Cursor } from "./cursor.ts";
import type { Expression, Lambda, Parameter, Statement } from "./syntax.ts";
import { sourceError } from "./tokens.ts";

/** What the parts of the grammar need of each other. */
export type ExpressionCursor = Cursor & { expression(): Expression };

/**
 * Parameters up to `close`, ")" of `def` or ":" of `lambda`, then the body, which has
 * names of its own.
 */
export function parseLambda(
  cursor: ExpressionCursor,
  { name, close, body }: {
    readonly name: string;
    readonly close: ")" | ":";
    readonly body: () => readonly Statement[];
  },
): Lambda {
  const parameters = parseParameters(cursor, close);
  cursor.mark(close);
  if (close === ")") {
    if (cursor.takeMark("->")) skipType(cursor);
    cursor.mark(":");
  }
  const { result, names } = cursor.scoped(() => {
    for (const parameter of parameters) cursor.bind(parameter.name);
    return body();
  });
  return { name, parameters, body: result, names };
}

/** Skips `: type`; types are not checked. */
export function skipAnnotation(cursor: ExpressionCursor): void {
  if (cursor.takeMark(":")) skipType(cursor);
}

// The names of types are not looked up.
function skipType(cursor: ExpressionCursor): void {
  const known = cursor.scope.uses.length;
  cursor.expression();
  cursor.scope.uses.length = known;
}

function parseParameters(
  cursor: ExpressionCursor,
  close: string,
): readonly Parameter[] {
  const list: Parameter[] = [];
  let isNamed = false;
  while (!cursor.isMark(close)) {
    const at = cursor.peek().start;
    if (list.at(-1)?.kind === "namedRest") {
      throw cursor.fail("no parameter can follow **");
    }
    if (cursor.takeMark("**")) {
      list.push(parseParameter(cursor, "namedRest", close));
    } else if (cursor.takeMark("*")) {
      if (isNamed) throw cursor.fail("a second * among the parameters");
      isNamed = true;
      if (!cursor.isMark(",")) list.push(parseParameter(cursor, "rest", close));
    } else {
      const before = list.at(-1);
      const next = parseParameter(cursor, isNamed ? "named" : "plain", close);
      const isGap = next.kind === "plain" && next.fallback === undefined &&
        before?.fallback !== undefined;
      if (isGap) {
        throw sourceError(cursor.source, at, `"${next.name}" needs a default`);
      }
      list.push(next);
    }
    if (!cursor.takeMark(",")) break;
  }
  const twice = list.find(({ name }, at) =>
    list.findIndex((one) => one.name === name) !== at
  );
  if (twice !== undefined) throw cursor.fail(`"${twice.name}" is there twice`);
  return list;
}

function parseParameter(
  cursor: ExpressionCursor,
  kind: Parameter["kind"],
  close: string,
): Parameter {
  const name = cursor.name();
  if (close === ")") skipAnnotation(cursor);
  const canDefault = kind === "plain" || kind === "named";
  if (!canDefault || !cursor.takeMark("=")) return { name, kind };
  return { name, kind, fallback: cursor.expression() };
}
