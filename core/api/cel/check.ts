import { qualifiedName, type Bind, type Call, type Expr, type Loop, type MapLiteral, type OptionalMap, type Select } from './ast.ts';
import type { Functions, Overload } from './function.ts';
import { fieldOf } from './fields.ts';
import { literalProblem } from './literal-arguments.ts';
import { isDyn, isSameType, signatureText, Substitutions, typeText } from './signature.ts';
import { anyList, anyMap, bool, dyn, errorType, int, opaque, optionalOf, string, typeOf, uint, bytes, double, nullType, timestamp, duration, type CelType } from './types.ts';

/** A variable of a macro. */
export interface Local {
  readonly name: string;
  readonly type: CelType;
  /** Its place in the frame, after the declared variables. */
  readonly slot: number;
}

export type Reference =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'local'; readonly local: Local }
  | { readonly kind: 'type'; readonly name: string };

/** What is known of a source once its types are right. */
export interface Checked {
  readonly expr: Expr;
  /** Without variables: what could be anything is `dyn`. */
  typeOf(expr: Expr): CelType;
  /** What a name stands for; undefined when a selection is one. */
  readonly references: ReadonlyMap<Expr, Reference>;
  readonly calls: ReadonlyMap<Call, readonly Overload[]>;
  /** The variables that a macro declares. */
  readonly locals: ReadonlyMap<Expr, readonly Local[]>;
  readonly localCount: number;
}

export interface CheckerOptions {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: Functions;
  /** Lists and maps may hold values of different types. */
  readonly mixedLiterals: boolean;
}

const namedTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ...[bool, int, uint, double, string, bytes].map((type): [string, CelType] => [type.kind, type]),
  ['null_type', nullType], ['type', typeOf()], ['list', anyList(dyn)], ['map', anyMap(dyn, dyn)], ['dyn', dyn], ['optional_type', optionalOf(dyn)],
  ['google.protobuf.Timestamp', timestamp], ['google.protobuf.Duration', duration], ['net.IP', opaque('net.IP')], ['net.CIDR', opaque('net.CIDR')],
]);

type Report = (offset: number, message: string) => void;

/** Finds the type of each expression. What is wrong is reported, and checking goes on. */
export class Checker implements Checked {
  readonly expr: Expr;
  readonly references = new Map<Expr, Reference>();
  readonly calls = new Map<Call, readonly Overload[]>();
  readonly locals = new Map<Expr, readonly Local[]>();
  localCount = 0;
  private readonly options: CheckerOptions;
  private readonly report: Report;
  private readonly types = new Map<Expr, CelType>();
  private readonly substitutions = new Substitutions();
  private readonly scope: Local[] = [];
  private mixed: boolean;

  constructor(expr: Expr, options: CheckerOptions, report: Report) {
    this.expr = expr;
    this.options = options;
    this.report = report;
    this.mixed = options.mixedLiterals;
    this.check(expr);
  }

  typeOf(expr: Expr): CelType {
    return this.substitutions.apply(this.types.get(expr) ?? errorType, dyn);
  }

  private check(expr: Expr): CelType {
    const type = this.deduced(expr);
    this.types.set(expr, type);
    return type;
  }

  private deduced(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal': return expr.type;
      case 'ident': return this.named(expr, expr.name) ?? this.undeclared(expr.offset, expr.name);
      case 'select': return this.selection(expr);
      case 'call': return this.call(expr);
      case 'list': return anyList(this.joined(expr.items.map((item, index) => [item, expr.optional.has(index)])));
      case 'map': return this.mapLiteral(expr);
      case 'message': return this.undeclared(expr.offset, expr.name);
      case 'loop': return this.loop(expr);
      case 'bind': return this.bind(expr);
      case 'optionalMap': return this.optionalMap(expr);
    }
  }

  private fail(offset: number, message: string): CelType {
    this.report(offset, message);
    return errorType;
  }

  private undeclared(offset: number, name: string): CelType {
    return this.fail(offset, `undeclared reference to '${name}' (in container '')`);
  }

  private noOverload(offset: number, name: string, args: readonly CelType[], member = false): CelType {
    return this.fail(offset, `found no matching overload for '${name}' applied to '${signatureText(args.map((arg) => this.substitutions.apply(arg)), member)}'`);
  }

  private fits(type: CelType, wanted: CelType): boolean {
    return this.substitutions.assignable([type], [wanted]);
  }

  private named(expr: Expr, name: string): CelType | undefined {
    const local = this.scope.findLast((candidate) => candidate.name === name);
    if (local !== undefined) {
      this.references.set(expr, { kind: 'local', local });
      return local.type;
    }
    const variable = this.options.variables.get(name);
    if (variable !== undefined) {
      this.references.set(expr, { kind: 'variable', name });
      return variable;
    }
    const type = namedTypes.get(name);
    if (type === undefined) return undefined;
    this.references.set(expr, { kind: 'type', name });
    return typeOf(type);
  }

  private selection(expr: Select): CelType {
    const name = expr.test ? undefined : qualifiedName(expr);
    const reference = name === undefined ? undefined : this.named(expr, name);
    if (reference !== undefined) return reference;
    const type = this.field(this.check(expr.operand), expr.field, expr.offset);
    return expr.test ? bool : type;
  }

  /** The type of a field; an optional one, of an optional. */
  private field(operand: CelType, field: string, offset: number): CelType {
    const type = this.substitutions.apply(operand);
    switch (type.kind) {
      case 'dyn': case 'error': case 'param': return dyn;
      case 'map': return type.of;
      case 'optional': {
        const inner = this.field(type.of, field, offset);
        return inner.kind === 'optional' ? inner : optionalOf(inner);
      }
      case 'object': return fieldOf(type, field)?.type ?? this.fail(offset, `undefined field '${field}'`);
      default: return this.fail(offset, `type '${typeText(type)}' does not support field selection`);
    }
  }

  private call(expr: Call): CelType {
    const { name, target, args } = expr;
    if (name === '_?._') return this.optionalField(expr);
    const argTypes = name === 'format' ? this.mixing(() => args.map((arg) => this.check(arg))) : args.map((arg) => this.check(arg));
    const space = target === undefined ? undefined : qualifiedName(target);
    const qualified = space === undefined ? undefined : this.options.functions.get(`${space}.${name}`);
    if (qualified !== undefined) return this.resolved(expr, `${space}.${name}`, qualified, argTypes, false);
    const receiver = target === undefined ? [] : [this.check(target)];
    const overloads = this.options.functions.get(name);
    return overloads === undefined
      ? this.undeclared(expr.offset, name)
      : this.resolved(expr, name, overloads, [...receiver, ...argTypes], target !== undefined);
  }

  /** The arguments of `format` may be of different types in one list. */
  private mixing<T>(inner: () => T): T {
    const before = this.mixed;
    this.mixed = true;
    const result = inner();
    this.mixed = before;
    return result;
  }

  private resolved(expr: Call, name: string, overloads: readonly Overload[], args: readonly CelType[], member: boolean): CelType {
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.member !== member || overload.params.length !== args.length) continue;
      const { params, type } = this.instance(overload);
      if (!this.substitutions.assignable(args, params)) continue;
      matching.push(overload);
      const candidate = this.substitutions.apply(type);
      if (result === undefined) result = candidate;
      else if (typeText(result) !== typeText(candidate)) result = dyn;
    }
    if (result === undefined) return this.noOverload(expr.offset, name, args, member);
    this.calls.set(expr, matching);
    const problem = literalProblem(name, expr);
    return problem === undefined ? result : this.fail(problem.offset, problem.message);
  }

  /** A signature with type variables of its own. */
  private instance({ params, result }: Overload): { params: readonly CelType[]; type: CelType } {
    const own = new Map<string, CelType>();
    const fresh = (type: CelType): CelType => {
      switch (type.kind) {
        case 'param': {
          const variable = own.get(type.name) ?? this.substitutions.variable();
          own.set(type.name, variable);
          return variable;
        }
        case 'list': return anyList(fresh(type.of));
        case 'map': return anyMap(fresh(type.key), fresh(type.of));
        case 'optional': return optionalOf(fresh(type.of));
        case 'type': return typeOf(type.of && fresh(type.of));
        default: return type;
      }
    };
    return { params: params.map(fresh), type: fresh(result) };
  }

  private optionalField(expr: Call): CelType {
    const [operand, field] = expr.args;
    if (operand === undefined || field?.kind !== 'literal') return errorType;
    this.check(field);
    const type = this.field(this.check(operand), String(field.value), expr.offset);
    return type.kind === 'optional' ? type : optionalOf(type);
  }

  /** The one type of all items. */
  private joined(items: readonly (readonly [Expr, boolean])[]): CelType {
    let common: CelType | undefined;
    for (const [item, optional] of items) {
      const type = optional ? this.unwrapped(item, this.check(item)) : this.check(item);
      if (common === undefined) {
        common = type;
        continue;
      }
      const joint = this.substitutions.join(common, type);
      if (!this.mixed && !this.isUniform(common, type)) common = this.mismatch(item.offset, common, type);
      else common = joint ?? dyn;
    }
    return common ?? this.substitutions.variable();
  }

  /** Whether literals may hold both: a value that can be anything goes with nothing else. */
  private isUniform(a: CelType, b: CelType): boolean {
    const [left, right] = [this.substitutions.apply(a), this.substitutions.apply(b)];
    return left.kind === 'error' || right.kind === 'error' || isSameType(left, right);
  }

  private mismatch(offset: number, wanted: CelType, type: CelType): CelType {
    return this.fail(offset, `expected type '${typeText(this.substitutions.apply(wanted))}' but found '${typeText(this.substitutions.apply(type))}'`);
  }

  private unwrapped(item: Expr, declared: CelType): CelType {
    const type = this.substitutions.apply(declared);
    if (type.kind === 'optional') return type.of;
    return isDyn(type) ? type : this.mismatch(item.offset, optionalOf(type), type);
  }

  private mapLiteral({ entries }: MapLiteral): CelType {
    const key = this.joined(entries.map((entry) => [entry.key, false]));
    return anyMap(key, this.joined(entries.map((entry) => [entry.value, entry.optional])));
  }

  /** Checks what a macro has in it, with its variables declared. */
  private within<T>(expr: Expr, variables: readonly (readonly [string, CelType])[], inner: () => T): T {
    const locals = variables.map(([name, type]): Local => ({ name, type, slot: this.localCount++ }));
    this.locals.set(expr, locals);
    this.scope.push(...locals);
    const result = inner();
    this.scope.length -= locals.length;
    return result;
  }

  private rangeTypes(range: Expr): readonly [CelType, CelType] {
    const type = this.substitutions.apply(this.check(range));
    switch (type.kind) {
      case 'list': return [int, type.of];
      case 'map': return [type.key, type.of];
      case 'dyn': case 'error': case 'param': return [dyn, dyn];
      default:
        this.fail(range.offset, `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`);
        return [errorType, errorType];
    }
  }

  private loop(expr: Loop): CelType {
    const [key, value] = this.rangeTypes(expr.range);
    const [first, second] = expr.variables;
    const overMap = this.substitutions.apply(this.types.get(expr.range) ?? errorType).kind === 'map';
    const variables: [string, CelType][] = second === undefined ? [[first, overMap ? key : value]] : [[first, key], [second, value]];
    return this.within(expr, variables, () => {
      const filter = expr.filter && this.check(expr.filter);
      const body = this.check(expr.body);
      const result = this.loopResult(expr, key, body);
      if (filter !== undefined && !this.fits(filter, bool)) return this.noOverload(expr.offset, '_?_:_', [filter, result, result]);
      return result;
    });
  }

  private loopResult({ macro, offset }: Loop, key: CelType, body: CelType): CelType {
    switch (macro) {
      case 'all': return this.fits(body, bool) ? bool : this.noOverload(offset, '_&&_', [bool, body]);
      case 'exists': return this.fits(body, bool) ? bool : this.noOverload(offset, '_||_', [bool, body]);
      case 'existsOne': return this.fits(body, bool) ? bool : this.noOverload(offset, '_?_:_', [body, int, int]);
      case 'list': return anyList(body);
      case 'map': return anyMap(key, body);
      case 'entries': {
        const map = anyMap(this.substitutions.variable(), this.substitutions.variable());
        return this.fits(body, map) ? this.substitutions.apply(map) : this.noOverload(offset, 'cel.@mapInsert', [map, body]);
      }
    }
  }

  private bind(expr: Bind): CelType {
    return this.within(expr, [[expr.name, this.check(expr.value)]], () => this.check(expr.body));
  }

  private optionalMap(expr: OptionalMap): CelType {
    const target = this.substitutions.apply(this.check(expr.target));
    if (target.kind !== 'optional' && !isDyn(target)) return this.noOverload(expr.offset, 'hasValue', [target], true);
    return this.within(expr, [[expr.name, target.kind === 'optional' ? target.of : dyn]], () => {
      const body = this.check(expr.body);
      if (!expr.flat) return optionalOf(body);
      const optional = optionalOf(this.substitutions.variable());
      return this.fits(body, optional) ? this.substitutions.apply(body) : this.noOverload(expr.offset, '_?_:_', [bool, body, optional]);
    });
  }
}
