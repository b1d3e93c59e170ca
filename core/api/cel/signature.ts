import { anyList, anyMap, errorType, optionalOf, typeOf, type CelType } from './types.ts';

/** The types that a type is made of. */
export function partsOf(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case 'list': case 'optional': return [type.of];
    case 'map': return [type.key, type.of];
    case 'type': return type.of === undefined ? [] : [type.of];
    default: return [];
  }
}

/** As messages show types: `map(string, list(int))`. */
export function typeText(type: CelType): string {
  switch (type.kind) {
    case 'null_type': return 'null';
    case 'error': return '!error!';
    case 'object': case 'opaque': case 'param': return type.name;
    case 'optional': return `optional_type(${typeText(type.of)})`;
    default: {
      const parts = partsOf(type);
      return parts.length === 0 ? type.kind : `${type.kind}(${parts.map(typeText).join(', ')})`;
    }
  }
}

/** A call's argument types: `(int, string)`, or `list(int).(string)` for a receiver. */
export function signatureText(args: readonly CelType[], member: boolean): string {
  const [receiver, ...rest] = args;
  if (member && receiver !== undefined) return `${typeText(receiver)}.(${rest.map(typeText).join(', ')})`;
  return `(${args.map(typeText).join(', ')})`;
}

export const isDyn = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';

const nullable: ReadonlySet<CelType['kind']> = new Set(['optional', 'opaque', 'object', 'null_type', 'timestamp', 'duration']);

function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'object' || a.kind === 'opaque' || a.kind === 'param') return a.name === (b as typeof a).name;
  const others = partsOf(b);
  const parts = partsOf(a);
  return parts.length === others.length && parts.every((part, index) => sameType(part, others[index] ?? errorType));
}

/** What is known of type variables; `assignable` adds to it. */
export class Substitutions {
  private readonly known = new Map<string, CelType>();
  /** What was learnt since the last certain state, to be taken back. */
  private trail: (readonly [string, CelType | undefined])[] = [];
  private fresh = 0;

  /** Puts what is known in the place of variables. @param closed leaves no variable: those without a type become `dyn`. */
  apply(type: CelType, closed?: CelType): CelType {
    switch (type.kind) {
      case 'param': {
        const found = this.known.get(type.name);
        return found === undefined ? closed ?? type : this.apply(found, closed);
      }
      case 'list': return this.replaced(type, type.of, closed, (of) => ({ ...anyList(of), merge: type.merge, maxElements: type.maxElements }));
      case 'optional': return this.replaced(type, type.of, closed, optionalOf);
      case 'type': return type.of === undefined ? type : this.replaced(type, type.of, closed, typeOf);
      case 'map': {
        const key = this.apply(type.key, closed);
        const of = this.apply(type.of, closed);
        return key === type.key && of === type.of ? type : { ...anyMap(key, of), maxElements: type.maxElements };
      }
      default: return type;
    }
  }

  private replaced(type: CelType, of: CelType, closed: CelType | undefined, remake: (of: CelType) => CelType): CelType {
    const replaced = this.apply(of, closed);
    return replaced === of ? type : remake(replaced);
  }

  variable(): CelType {
    return { kind: 'param', name: `_var${this.fresh++}`, maxElements: 0, minSize: 1 };
  }

  /** Whether all of `from` fit `to`, one by one. What is learnt of variables stays only if they do. */
  assignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    if (from.length !== to.length) return false;
    this.trail = [];
    const fits = from.every((type, index) => this.fits(type, to[index] ?? errorType));
    if (!fits) this.takeBack();
    return fits;
  }

  private takeBack(): void {
    for (const [variable, before] of this.trail.reverse()) {
      if (before === undefined) this.known.delete(variable);
      else this.known.set(variable, before);
    }
  }

  private learn(variable: string, type: CelType): true {
    this.trail.push([variable, this.known.get(variable)]);
    this.known.set(variable, type);
    return true;
  }

  private fits(from: CelType, to: CelType): boolean {
    if (to.kind === 'param') {
      const substituted = this.substitute(from, to.name);
      if (substituted !== undefined) return substituted;
    }
    if (from.kind === 'param') return this.substitute(to, from.name) ?? false;
    if (isDyn(from) || isDyn(to)) return true;
    if (from.kind === 'null_type') return nullable.has(to.kind);
    if (from.kind !== to.kind) return false;
    if (from.kind === 'object' || from.kind === 'opaque') return from.name === (to as typeof from).name;
    if (from.kind === 'type') return true;
    const others = partsOf(to);
    return partsOf(from).every((part, index) => this.fits(part, others[index] ?? errorType));
  }

  /** Whether `type` can stand for the variable; undefined when the variable is bound to nothing yet and the type contains it. */
  private substitute(type: CelType, variable: string): boolean | undefined {
    const bound = this.known.get(variable);
    if (bound !== undefined) {
      if (sameType(type, bound)) return true;
      if (!this.fits(type, bound)) return false;
      return this.learn(variable, mostGeneral(type, bound));
    }
    if (this.contains(type, variable)) return type.kind === 'param' ? true : undefined;
    return this.learn(variable, type);
  }

  private contains(type: CelType, variable: string): boolean {
    if (type.kind !== 'param') return partsOf(type).some((part) => this.contains(part, variable));
    const bound = this.known.get(type.name);
    return type.name === variable || (bound !== undefined && this.contains(bound, variable));
  }

  /** The type of items that are of both types; undefined when there is none. */
  join(previous: CelType, current: CelType): CelType | undefined {
    return this.assignable([previous], [current]) ? mostGeneral(previous, current) : undefined;
  }
}

function lessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true;
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false;
  const others = partsOf(b);
  const parts = partsOf(a);
  if (parts.length === 0) return sameType(a, b);
  return a.kind === 'type' || (parts.length === others.length && parts.every((part, index) => lessSpecific(part, others[index] ?? errorType)));
}

const mostGeneral = (a: CelType, b: CelType): CelType => (lessSpecific(a, b) ? a : b);

/** Whether two types are one and the same, names of objects and all. */
export const isSameType = sameType;
