import type { Bind, Call, Expr, ListLiteral, Loop, MapLiteral, OptionalMap, Select } from './ast.ts';
import type { Checked, Local } from './check.ts';
import { chains, compares, contains, joins, type CallSizes, type Estimate } from './cost-rules.ts';
import { fieldOf } from './fields.ts';
import type { Overload } from './function.ts';
import { exactly, one, plus, sum, times, unbounded, union, unknownSize, zero, type Range } from './range.ts';
import { isSameType } from './signature.ts';
import { dyn, type CelType } from './types.ts';

const listCost = exactly(10);
const mapCost = exactly(30);
const messageCost = exactly(40);
const relations: ReadonlySet<string> = new Set(['_<_', '_<=_', '_>_', '_>=_']);
const scalars: ReadonlySet<CelType['kind']> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

/** Sizes of what a list or map holds. */
interface EntrySizes {
  readonly key: Range;
  readonly value: Range;
}

/** Where a value stands below a variable. */
interface Place {
  /** How it is declared; undefined when nobody says. */
  readonly type: CelType | undefined;
}

/** What is known of a variable of a macro. */
interface LocalSizes {
  /** Of what it is a part; undefined for what the expression made. */
  readonly place?: Place | undefined;
  readonly size?: Range | undefined;
  readonly entries?: EntrySizes | undefined;
}

const contentOf = (type: CelType): CelType => (type.kind === 'optional' ? type.of : type);
const itemOf = (type: CelType): CelType | undefined => (type.kind === 'list' || type.kind === 'map' ? type.of : undefined);
const hull = (ranges: readonly Range[]): Range => (ranges.length === 0 ? zero : ranges.reduce(union));
const bothEntries = (a: EntrySizes | undefined, b: EntrySizes | undefined): EntrySizes | undefined =>
  a && b && { key: union(a.key, b.key), value: union(a.value, b.value) };

/**
 * What an expression costs at least and at most, by the declared sizes of what it reads. The numbers are those of cel-go's
 * checker with Kubernetes' rules, because they decide which CRDs are accepted.
 * @param root see `EnvironmentOptions.root`
 */
export function estimateCost(checked: Checked, root?: CelType): Range {
  return new Estimator(checked, root).cost(checked.expr);
}

class Estimator {
  private readonly checked: Checked;
  private readonly sizes = new Map<Expr, Range>();
  private readonly entries = new Map<Expr, EntrySizes>();
  private readonly places = new Map<Expr, Place>();
  private readonly locals = new Map<Local, LocalSizes>();
  private readonly root: CelType | undefined;

  constructor(checked: Checked, root: CelType | undefined) {
    this.checked = checked;
    this.root = root;
  }

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'literal': return zero;
      case 'ident': return this.name(expr);
      case 'select': return this.select(expr);
      case 'call': return this.call(expr);
      case 'list': return this.list(expr);
      case 'map': return this.map(expr);
      case 'message': return messageCost;
      case 'loop': return this.loop(expr);
      case 'bind': return this.bind(expr);
      case 'optionalMap': return this.optionalMap(expr);
    }
  }

  private name(expr: Expr): Range {
    const reference = this.checked.references.get(expr);
    if (reference?.kind === 'variable') this.places.set(expr, { type: contentOf(this.checked.typeOf(expr)) });
    else if (reference?.kind === 'type') this.sizes.set(expr, zero);
    else {
      const place = this.localOf(expr)?.place;
      if (place !== undefined) this.places.set(expr, place);
    }
    return one;
  }

  /** Upstream looks parts up by their path. What is computed has none, so that theirs begins anew, and is taken for one below the root. */
  private partOf(whole: Expr, part: (type: CelType) => CelType | undefined): Place {
    const place = this.places.get(whole);
    if (place === undefined) return { type: this.root };
    return { type: place.type && part(place.type) };
  }

  /** `dyn` alone declares nothing. */
  private declaredOf(expr: Expr): CelType | undefined {
    const type = this.places.get(expr)?.type;
    return type === dyn ? undefined : type;
  }

  private localOf(expr: Expr): LocalSizes | undefined {
    const reference = this.checked.references.get(expr);
    return reference?.kind === 'local' ? this.locals.get(reference.local) : undefined;
  }

  private sizeOf(expr: Expr): Range {
    const known = this.sizes.get(expr) ?? literalSize(expr);
    if (known !== undefined) return known;
    const declared = this.declaredOf(expr);
    if (declared !== undefined) return { min: 0, max: declared.maxElements };
    return scalars.has(contentOf(this.checked.typeOf(expr)).kind) ? one : this.localOf(expr)?.size ?? unknownSize;
  }

  private entriesOf(expr: Expr): EntrySizes | undefined {
    return this.entries.get(expr) ?? this.localOf(expr)?.entries;
  }

  private setEntries(expr: Expr, entries: EntrySizes | undefined): void {
    if (entries !== undefined) this.entries.set(expr, entries);
  }

  private select(expr: Select): Range {
    if (this.checked.references.has(expr)) return this.name(expr);
    const operand = this.cost(expr.operand);
    if (expr.test) return operand;
    const { kind } = this.checked.typeOf(expr.operand);
    this.places.set(expr, this.partOf(expr.operand, (type) => (type.kind === 'object' ? fieldOf(type, expr.field)?.type : undefined)));
    return kind === 'map' || kind === 'object' ? plus(operand, one) : operand;
  }

  private call(expr: Call): Range {
    const overloads = this.checked.calls.get(expr) ?? [];
    const args = expr.target !== undefined && overloads[0]?.member === true ? [expr.target, ...expr.args] : expr.args;
    const costs = args.map((arg) => this.cost(arg));
    if (expr.name === 'dyn' && args[0] !== undefined) return this.copied(expr, args[0], plus(one, sum(costs)));
    if (expr.name === '_?._') return plus(one, sum(costs));
    const estimates = overloads.map((overload) => this.overload(expr, overload, args, costs));
    this.index(expr, overloads);
    const resultSizes = estimates.flatMap(({ size }) => (size === undefined ? [] : [size]));
    if (resultSizes.length > 0) this.sizes.set(expr, hull(resultSizes));
    return hull(estimates.map(({ cost }) => cost));
  }

  private copied(to: Expr, from: Expr, cost: Range): Range {
    this.sizes.set(to, this.sizeOf(from));
    this.setEntries(to, this.entriesOf(from));
    return cost;
  }

  private index(expr: Call, overloads: readonly Overload[]): void {
    const [container] = expr.args;
    if (expr.name !== '_[_]' || container === undefined || overloads[0]?.params[0]?.kind === 'optional') return;
    const value = this.entriesOf(container)?.value;
    if (value !== undefined) this.sizes.set(expr, value);
    this.places.set(expr, this.partOf(container, itemOf));
  }

  /** With the arguments' costs. */
  private overload(expr: Call, overload: Overload, args: readonly Expr[], costs: readonly Range[]): Estimate {
    const [first = zero, second = zero, third = zero] = costs;
    switch (expr.name) {
      case '_&&_': case '_||_': return { cost: { min: first.min, max: plus(first, second).max } };
      case '_?_:_': {
        const [, truthy, falsy] = args;
        if (truthy === undefined || falsy === undefined) return { cost: first };
        this.setEntries(expr, bothEntries(this.entriesOf(truthy), this.entriesOf(falsy)));
        return { cost: plus(first, union(second, third)), size: union(this.sizeOf(truthy), this.sizeOf(falsy)) };
      }
      default: {
        const call = this.sizesOf(args);
        const { cost, size } = this.operator(expr, overload, args, call) ?? overload.cost.estimate(call);
        return { cost: plus(cost, sum(costs)), size };
      }
    }
  }

  private sizesOf(args: readonly Expr[]): CallSizes {
    const [receiver] = args;
    const declared = receiver && this.declaredOf(receiver);
    return {
      sizes: args.map((arg) => this.sizeOf(arg)),
      types: args.map((arg) => this.checked.typeOf(arg)),
      items: declared?.kind === 'list' ? { min: 0, max: declared.of.maxElements } : unknownSize,
      constants: args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    };
  }

  /** What operators cost, as their overloads do not say. Undefined for one unit. */
  private operator(expr: Call, { params: [param] }: Overload, args: readonly Expr[], call: CallSizes): Estimate | undefined {
    const isText = param?.kind === 'string' || param?.kind === 'bytes';
    if (relations.has(expr.name)) return isText ? compares.estimate(call) : undefined;
    switch (expr.name) {
      case '_==_': case '_!=_': return equality(expr.name, call);
      case '@in': return call.types[1]?.kind === 'map' ? undefined : contains.estimate(call);
      case '_+_': return param?.kind === 'list' ? this.chain(expr, args, call) : isText ? joins.estimate(call) : undefined;
      default: return undefined;
    }
  }

  private chain(expr: Call, [left, right]: readonly Expr[], call: CallSizes): Estimate {
    if (left !== undefined && right !== undefined) this.setEntries(expr, bothEntries(this.entriesOf(left), this.entriesOf(right)));
    return chains.estimate(call);
  }

  private list(expr: ListLiteral): Range {
    const cost = sum(expr.items.map((item) => this.cost(item)));
    this.entries.set(expr, { key: one, value: hull(expr.items.map((item) => this.sizeOf(item))) });
    return plus(cost, listCost);
  }

  private map(expr: MapLiteral): Range {
    const cost = sum(expr.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]));
    this.entries.set(expr, {
      key: hull(expr.entries.map(({ key }) => this.sizeOf(key))), value: hull(expr.entries.map(({ value }) => this.sizeOf(value))),
    });
    return plus(cost, mapCost);
  }

  /** Upstream estimates the fold that a macro becomes; `loopParts` has its sums. */
  private loop(expr: Loop): Range {
    const range = this.cost(expr.range);
    this.declareVariables(expr);
    const filter = expr.filter && this.cost(expr.filter);
    const body = this.cost(expr.body);
    const { fixed, each } = loopParts(expr.macro, body);
    // An item that the filter leaves out costs the accumulator's name.
    const step = filter === undefined ? each : plus(filter, union(each, one));
    const count = this.sizeOf(expr.range);
    const makes = expr.macro === 'list' || expr.macro === 'map' || expr.macro === 'entries';
    this.sizes.set(expr, makes ? count : one);
    if (expr.macro === 'list') this.entries.set(expr, { key: one, value: { min: 0, max: this.sizeOf(expr.body).max } });
    return sum([range, fixed, times(count, step)]);
  }

  private declareVariables(expr: Loop): void {
    const entries = this.entriesOf(expr.range);
    const value = { place: this.partOf(expr.range, itemOf), size: entries?.value };
    const key = { place: this.partOf(expr.range, (type) => (type.kind === 'map' ? type.key : undefined)), size: entries?.key };
    const [first, second] = this.checked.locals.get(expr) ?? [];
    const firstIsItem = second === undefined && this.checked.typeOf(expr.range).kind === 'list';
    if (first !== undefined) this.locals.set(first, firstIsItem ? value : key);
    if (second !== undefined) this.locals.set(second, value);
  }

  private bind(expr: Bind): Range {
    const value = this.cost(expr.value);
    const [local] = this.checked.locals.get(expr) ?? [];
    if (local !== undefined) {
      this.locals.set(local, { place: this.places.get(expr.value), size: this.sizeOf(expr.value), entries: this.entriesOf(expr.value) });
    }
    const body = this.cost(expr.body);
    return this.copied(expr, expr.body, sum([listCost, value, body]));
  }

  private optionalMap(expr: OptionalMap): Range {
    const target = this.cost(expr.target);
    const [local] = this.checked.locals.get(expr) ?? [];
    if (local !== undefined) this.locals.set(local, {});
    const bound = sum([listCost, target, one, this.cost(expr.body)]);
    return sum([target, one, union(expr.flat ? bound : plus(bound, one), one)]);
  }
}

/** What a loop costs once, and for each item. */
function loopParts(macro: Loop['macro'], body: Range): { fixed: Range; each: Range } {
  switch (macro) {
    case 'all': return { fixed: one, each: { min: 3, max: Math.min(unbounded, body.max + 3) } };
    case 'exists': return { fixed: one, each: { min: 4, max: Math.min(unbounded, body.max + 4) } };
    case 'existsOne': return { fixed: exactly(2), each: plus(body, { min: 1, max: 2 }) };
    case 'list': return { fixed: exactly(11), each: plus(body, exactly(12)) };
    case 'map': return { fixed: exactly(31), each: plus(body, exactly(3)) };
    case 'entries': return { fixed: exactly(31), each: plus(body, exactly(2)) };
  }
}

function literalSize(expr: Expr): Range | undefined {
  switch (expr.kind) {
    case 'list': return exactly(expr.items.length);
    case 'map': return exactly(expr.entries.length);
    case 'literal': {
      if (typeof expr.value === 'string') return exactly(Array.from(expr.value).length);
      return expr.value instanceof Uint8Array ? exactly(expr.value.length) : one;
    }
    default: return undefined;
  }
}

const nominal: ReadonlySet<string> = new Set(['kubernetes.NamedFormat', 'kubernetes.URL']);
/** A tenth of the longest name of a format, rounded up. */
const formatEquality = { min: 1, max: 7 };

const equality = (name: string, call: CallSizes): Estimate => (name === '_==_' ? opaqueEquality(call) : undefined) ?? compares.estimate(call);

function opaqueEquality({ types: [left, right], sizes: [, size = one] }: CallSizes): Estimate | undefined {
  if (left?.kind !== 'opaque' || right === undefined || !isSameType(left, right)) return undefined;
  if (!nominal.has(left.name)) return { cost: one };
  return { cost: left.name === 'kubernetes.URL' ? { min: 1, max: Math.max(1, Math.ceil(size.max / 10)) } : formatEquality };
}
