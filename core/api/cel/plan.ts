import { elementOf, fieldFinder, found, foundOptional, presence } from './access.ts';
import type { Call, Expr, ListLiteral, Loop, MapLiteral, OptionalMap, Select } from './ast.ts';
import type { Checked } from './check.ts';
import { EntryMap } from './containers.ts';
import { Frame } from './frame.ts';
import { planCall } from './plan-call.ts';
import { planLoop } from './loops.ts';
import { binaries, constantMembership, unaries, type Eval } from './operators.ts';
import { Failure, noSuchOverload, Optional, TypeValue } from './values.ts';

const listCost = 10;
const mapCost = 30;
const conversions: ReadonlySet<string> = new Set(['bool', 'bytes', 'double', 'dyn', 'duration', 'int', 'string', 'timestamp', 'uint']);
const attributes: ReadonlySet<string> = new Set(['_[_]', '_[?_]', '_?._']);

export interface PlanOptions {
  /** The slots of declared variables. Those of macros follow. */
  readonly slots: ReadonlyMap<string, number>;
  /** Literals of constants, and conversions of them, are made once and cost nothing. */
  readonly folding: boolean;
  /** Hears of constants that cannot be made. */
  readonly report: (offset: number, message: string) => void;
}

/** Turns a checked expression into closures. The costs that they charge are those of cel-go's interpreter. */
export class Planner {
  private readonly checked: Checked;
  private readonly options: PlanOptions;
  private readonly constants = new Map<Expr, { readonly value: unknown } | undefined>();

  constructor(checked: Checked, options: PlanOptions) {
    this.checked = checked;
    this.options = options;
  }

  plan(expr: Expr): Eval {
    const constant = this.constant(expr);
    if (constant !== undefined) return () => constant.value;
    switch (expr.kind) {
      case 'ident': case 'select': return this.attribute(expr, 1);
      case 'call': return this.call(expr);
      case 'list': return this.list(expr);
      case 'map': return this.map(expr);
      case 'loop': return this.loop(expr);
      case 'bind': return this.bind(this.slotsOf(expr)[0] ?? 0, this.plan(expr.value), this.plan(expr.body));
      case 'optionalMap': return this.optionalMap(expr);
      case 'literal': case 'message': return () => noSuchOverload;
    }
  }

  private slotsOf(expr: Expr): readonly number[] {
    return this.checked.locals.get(expr)?.map(({ slot }) => slot + this.options.slots.size) ?? [];
  }

  /** The value of an expression that is the same each time; undefined for others. */
  private constant(expr: Expr): { readonly value: unknown } | undefined {
    if (expr.kind === 'literal') return expr;
    if (this.constants.has(expr)) return this.constants.get(expr);
    const constant = this.folded(expr);
    this.constants.set(expr, constant);
    return constant;
  }

  private folded(expr: Expr): { readonly value: unknown } | undefined {
    const reference = this.checked.references.get(expr);
    if (reference?.kind === 'type') return { value: new TypeValue(reference.name) };
    if (!this.options.folding || !this.isFoldable(expr)) return undefined;
    const value = this.literalOf(expr)(new Frame([], Infinity));
    if (value instanceof Failure) this.options.report(expr.offset, value.message);
    return { value };
  }

  private isFoldable(expr: Expr): boolean {
    switch (expr.kind) {
      case 'list': return expr.optional.size === 0 && expr.items.every((item) => this.constant(item) !== undefined);
      case 'map': return expr.entries.every(({ key, value, optional }) => !optional && this.constant(key) !== undefined && this.constant(value) !== undefined);
      case 'call': {
        const [only, ...more] = expr.args;
        return expr.target === undefined && conversions.has(expr.name) && only !== undefined && more.length === 0 && this.constant(only) !== undefined;
      }
      default: return false;
    }
  }

  private literalOf(expr: Expr): Eval {
    if (expr.kind === 'list') return this.list(expr);
    return expr.kind === 'map' ? this.map(expr) : expr.kind === 'call' ? this.call(expr) : () => noSuchOverload;
  }

  /**
   * A variable, and what is selected from it. The variable costs one unit and each selection another; what is selected from
   * the result of a call costs one more. @param head what the beginning costs: nothing where an attribute is part of another
   */
  private attribute(expr: Expr, head: 0 | 1): Eval {
    const isConstant = this.constant(expr) !== undefined;
    if (!isConstant && (expr.kind === 'ident' || this.checked.references.has(expr))) return this.variable(expr, head);
    if (expr.kind === 'select') return this.select(expr, expr.test ? 0 : head);
    if (expr.kind === 'call' && attributes.has(expr.name)) return this.index(expr, head);
    if (expr.kind === 'call' && expr.name === '_?_:_') return this.conditional(expr);
    const value = this.plan(expr);
    if (head === 0) return value;
    return (frame) => {
      frame.charge(head);
      return value(frame);
    };
  }

  private variable(expr: Expr, head: 0 | 1): Eval {
    const reference = this.checked.references.get(expr);
    if (reference === undefined || reference.kind === 'type') return () => noSuchOverload;
    const slot = reference.kind === 'local' ? reference.local.slot + this.options.slots.size : this.options.slots.get(reference.name) ?? 0;
    const missing = new Failure(`no such attribute(s): ${expr.kind === 'ident' ? expr.name : reference.kind === 'variable' ? reference.name : ''}`);
    return (frame) => {
      frame.charge(head);
      const value = frame.slots[slot];
      return value === undefined ? missing : value;
    };
  }

  private select(expr: Select, head: 0 | 1): Eval {
    const operand = this.attribute(expr.operand, head);
    const find = fieldFinder(this.checked.typeOf(expr.operand), expr.field);
    const take = expr.test
      ? (value: unknown, frame: Frame) => presence(value, find, frame)
      : (value: unknown, frame: Frame) => found(value, expr.field, find, frame);
    return (frame) => {
      const value = operand(frame);
      return value instanceof Failure ? value : take(value, frame);
    };
  }

  private index({ name, args }: Call, head: 0 | 1): Eval {
    const [container, key] = args;
    if (container === undefined || key === undefined) return () => noSuchOverload;
    const operand = this.attribute(container, head);
    if (name === '_?._') {
      const find = fieldFinder(this.checked.typeOf(container), String(this.constant(key)?.value));
      return (frame) => {
        const value = operand(frame);
        return value instanceof Failure ? value : foundOptional(value, find, frame);
      };
    }
    // An attribute as a key counts as the selection that it makes.
    const keyValue = this.attribute(key, 0);
    const take = name === '_[?_]' ? foundOptional : undefined;
    return (frame) => {
      const value = operand(frame);
      if (value instanceof Failure) return value;
      const at = keyValue(frame);
      if (at instanceof Failure) return at;
      const find = (from: unknown): unknown => elementOf(from, at);
      return take === undefined ? found(value, at, find, frame) : take(value, find, frame);
    };
  }

  private call(expr: Call): Eval {
    if (attributes.has(expr.name)) return this.index(expr, 1);
    if (expr.name === '_?_:_') return this.conditional(expr);
    const operator = this.operator(expr);
    if (operator !== undefined) return operator;
    const overloads = this.checked.calls.get(expr) ?? [];
    // The receiver of a namespaced function is part of its name.
    const receiver = expr.target !== undefined && overloads[0]?.member === true ? [expr.target] : [];
    const args = [...receiver, ...expr.args];
    return planCall(expr.name, overloads, args.map((arg) => this.plan(arg)), args.map((arg) => this.constant(arg)?.value));
  }

  private operator(expr: Call): Eval | undefined {
    const [left, right] = expr.args;
    const unary = unaries.get(expr.name);
    if (unary !== undefined && left !== undefined) return unary(this.plan(left));
    const binary = binaries.get(expr.name);
    if (binary === undefined || left === undefined || right === undefined) return undefined;
    return this.constantIn(expr, left, right) ?? binary(this.plan(left), this.plan(right));
  }

  private constantIn({ name }: Call, sought: Expr, container: Expr): Eval | undefined {
    const list = name === '@in' && this.options.folding ? this.constant(container)?.value : undefined;
    return Array.isArray(list) ? constantMembership(this.plan(sought), list) : undefined;
  }

  private conditional({ args: [condition, truthy, falsy] }: Call): Eval {
    if (condition === undefined || truthy === undefined || falsy === undefined) return () => noSuchOverload;
    const decide = this.plan(condition);
    const yes = this.attribute(truthy, 0);
    const no = this.attribute(falsy, 0);
    return (frame) => {
      const decision = decide(frame);
      if (decision === true) return yes(frame);
      if (decision === false) return no(frame);
      return decision instanceof Failure ? decision : noSuchOverload;
    };
  }

  private list({ items, optional }: ListLiteral): Eval {
    const planned = items.map((item) => this.plan(item));
    return (frame) => {
      const values: unknown[] = [];
      for (const [index, item] of planned.entries()) {
        const value = item(frame);
        if (value instanceof Failure) return value;
        if (!optional.has(index)) values.push(value);
        else if (!(value instanceof Optional)) return new Failure('cannot initialize optional list element from non-optional value');
        else if (value.present) values.push(value.value);
      }
      frame.charge(listCost);
      return values;
    };
  }

  private map({ entries }: MapLiteral): Eval {
    const planned = entries.map(({ key, value, optional }) => ({ key: this.plan(key), value: this.plan(value), optional }));
    return (frame) => {
      const map = new EntryMap();
      for (const entry of planned) {
        const key = entry.key(frame);
        if (key instanceof Failure) return key;
        const value = entry.value(frame);
        if (value instanceof Failure) return value;
        if (entry.optional && !(value instanceof Optional)) return new Failure('cannot initialize optional entry from non-optional value');
        const content = entry.optional && value instanceof Optional ? value.value : value;
        const failure = content === undefined ? undefined : map.insert(key, content);
        if (failure !== undefined) return failure.message.startsWith('insert') ? new Failure('Failed with repeated key') : failure;
      }
      frame.charge(mapCost);
      return map;
    };
  }

  private loop(expr: Loop): Eval {
    const { folding } = this.options;
    return planLoop(expr.macro, {
      range: this.plan(expr.range), slots: this.slotsOf(expr), filter: expr.filter && this.plan(expr.filter), body: this.plan(expr.body),
      initialCost: folding ? 0 : expr.macro === 'list' ? listCost : mapCost,
      itemCost: folding && this.constant(expr.body) !== undefined ? 0 : listCost,
    });
  }

  private bind(slot: number, value: Eval, body: Eval): Eval {
    const initialCost = this.options.folding ? 0 : listCost;
    return (frame) => {
      frame.charge(initialCost);
      frame.slots[slot] = value(frame);
      return body(frame);
    };
  }

  /** Upstream evaluates the target twice, to ask and to take; here it is charged twice. */
  private optionalMap(expr: OptionalMap): Eval {
    const target = this.plan(expr.target);
    const body = this.plan(expr.body);
    const [slot = 0] = this.slotsOf(expr);
    const bindCost = this.options.folding ? 0 : listCost;
    return (frame) => {
      const before = frame.cost;
      const optional = target(frame);
      const spent = frame.cost - before;
      frame.charge(1);
      if (optional instanceof Failure) return optional;
      if (!(optional instanceof Optional)) return noSuchOverload;
      frame.charge(1);
      if (!optional.present) return Optional.none;
      frame.charge(spent + bindCost + (expr.flat ? 0 : 1));
      frame.slots[slot] = optional.value;
      const value = body(frame);
      return value instanceof Failure || expr.flat ? value : new Optional(value);
    };
  }
}
