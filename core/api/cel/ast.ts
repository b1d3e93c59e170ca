import type { CelType } from './types.ts';

interface Node {
  /** Where it is in the source, as messages point to it: an operator's place, a call's parenthesis. */
  readonly offset: number;
}

export interface Literal extends Node {
  readonly kind: 'literal';
  readonly type: CelType;
  readonly value: unknown;
}

export interface Ident extends Node {
  readonly kind: 'ident';
  readonly name: string;
}

export interface Select extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(operand.field)` */
  readonly test: boolean;
}

/** Operators are calls of functions such as `_+_` and `_[_]`. */
export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

export interface ListLiteral extends Node {
  readonly kind: 'list';
  readonly items: readonly Expr[];
  /** Which items are left out when they hold no value: `[?x]`. */
  readonly optional: ReadonlySet<number>;
}

export interface MapEntry extends Node {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface MapLiteral extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

/** `Name{field: value}`; parsed so that its refusal can name it. */
export interface MessageLiteral extends Node {
  readonly kind: 'message';
  readonly name: string;
}

export type LoopMacro = 'all' | 'exists' | 'existsOne' | 'list' | 'map' | 'entries';

/** A macro over a list or map: what cel-go expands to a fold is kept as what it means. */
export interface Loop extends Node {
  readonly kind: 'loop';
  readonly macro: LoopMacro;
  readonly range: Expr;
  /** One variable is an item of a list or key of a map; two are index and item, or key and value. */
  readonly variables: readonly [string] | readonly [string, string];
  readonly filter: Expr | undefined;
  /** A predicate, or what each item becomes. */
  readonly body: Expr;
}

/** `cel.bind(name, value, body)` */
export interface Bind extends Node {
  readonly kind: 'bind';
  readonly name: string;
  readonly value: Expr;
  readonly body: Expr;
}

/** `target.optMap(name, body)`; `flat` for `optFlatMap`. */
export interface OptionalMap extends Node {
  readonly kind: 'optionalMap';
  readonly target: Expr;
  readonly name: string;
  readonly body: Expr;
  readonly flat: boolean;
}

export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | MessageLiteral | Loop | Bind | OptionalMap;

/** `a.b.c` as a name, when the expression could be one. */
export function qualifiedName(expr: Expr): string | undefined {
  const parts: string[] = [];
  let at = expr;
  while (at.kind === 'select' && !at.test) {
    parts.unshift(at.field);
    at = at.operand;
  }
  return at.kind === 'ident' ? [at.name, ...parts].join('.') : undefined;
}
