/** What a Starlark file says: statements and expressions, each with its offset. */

export interface Module {
  readonly body: readonly Statement[];
  /** Names that are assigned somewhere at the top level. */
  readonly names: ReadonlySet<string>;
}

export type Statement =
  & { readonly at: number }
  & (
    | { readonly type: "expression"; readonly value: Expression }
    | {
      readonly type: "assign";
      readonly target: Target;
      /** "+" of `+=`; absent for `=`. */
      readonly operator?: string;
      readonly value: Expression;
    }
    | {
      readonly type: "if";
      readonly test: Expression;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
    | {
      readonly type: "for";
      readonly target: Target;
      readonly list: Expression;
      readonly body: readonly Statement[];
    }
    | { readonly type: "def"; readonly name: string; readonly value: Lambda }
    | { readonly type: "return"; readonly value?: Expression }
    | { readonly type: "break" | "continue" | "pass" }
  );

/** What can be assigned to. */
export type Target =
  & { readonly at: number }
  & (
    | { readonly type: "name"; readonly name: string }
    | {
      readonly type: "index";
      readonly value: Expression;
      readonly index: Expression;
    }
    | { readonly type: "list"; readonly items: readonly Target[] }
  );

export interface Parameter {
  readonly name: string;
  readonly kind: "plain" | "named" | "rest" | "namedRest";
  readonly fallback?: Expression;
}

export interface Lambda {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  /** Parameters and names that the body assigns. */
  readonly names: ReadonlySet<string>;
}

export interface Argument {
  readonly kind: "plain" | "named" | "rest" | "namedRest";
  readonly name?: string;
  readonly value: Expression;
}

/** One `for … in …` or `if …` of a comprehension. */
export type Clause =
  | { readonly type: "for"; readonly target: Target; readonly list: Expression }
  | { readonly type: "if"; readonly test: Expression };

export type CallExpression = Extract<Expression, { readonly type: "call" }>;

export type Expression =
  & { readonly at: number }
  & (
    | { readonly type: "constant"; readonly value: bigint | number | string }
    | { readonly type: "name"; readonly name: string }
    | {
      readonly type: "list" | "tuple";
      readonly items: readonly Expression[];
    }
    | {
      readonly type: "dict";
      readonly entries: readonly (readonly [Expression, Expression])[];
    }
    | {
      readonly type: "comprehension";
      /** One expression for a list, key and value for a dict. */
      readonly result: Expression | readonly [Expression, Expression];
      readonly clauses: readonly Clause[];
    }
    | {
      readonly type: "format";
      readonly parts: readonly (
        | string
        | { readonly value: Expression; readonly repr: boolean }
      )[];
    }
    | { readonly type: "lambda"; readonly value: Lambda }
    | {
      readonly type: "unary" | "not";
      readonly operator: string;
      readonly value: Expression;
    }
    | {
      readonly type: "binary" | "logical";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
    | {
      readonly type: "choice";
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
    | {
      readonly type: "call";
      readonly callee: Expression;
      readonly arguments: readonly Argument[];
      /** Offset behind the closing bracket. */
      readonly end: number;
    }
    | {
      readonly type: "attribute";
      readonly value: Expression;
      readonly name: string;
    }
    | {
      readonly type: "index";
      readonly value: Expression;
      readonly index: Expression;
    }
    | {
      readonly type: "slice";
      readonly value: Expression;
      readonly bounds: readonly (Expression | undefined)[];
    }
  );

/** Operators of two values, loosest first; comparisons do not chain. */
export const BINARY_LEVELS: readonly (readonly string[])[] = [
  ["==", "!=", "<", ">", "<=", ">=", "in", "not in"],
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%"],
];
