import { unit, type CostRule } from './cost-rules.ts';
import { Duration, Timestamp } from './time.ts';
import type { CelType } from './types.ts';
import { Double, isInt, isList, isMap, Opaque, Optional, TypeValue, Uint } from './values.ts';

/** One signature of a function. */
export interface Overload {
  readonly name: string;
  /** Receiver first. */
  readonly params: readonly CelType[];
  readonly result: CelType;
  /** Called as `receiver.name(…)`. */
  readonly member: boolean;
  readonly cost: CostRule;
  /** Whether a value can be the parameter at its place, as far as its outside tells. */
  readonly accepts: readonly ((value: unknown) => boolean)[];
  /** Gets the arguments and then the frame; never failures. Returns a value or a failure. */
  readonly invoke: (...args: readonly unknown[]) => unknown;
}

/** The overloads of all functions, by name. */
export type Functions = ReadonlyMap<string, readonly Overload[]>;

function acceptor(type: CelType): (value: unknown) => boolean {
  switch (type.kind) {
    case 'string': return (value) => typeof value === 'string';
    case 'int': return isInt;
    case 'bool': return (value) => typeof value === 'boolean';
    case 'list': return isList;
    case 'map': return isMap;
    case 'double': return (value) => value instanceof Double;
    case 'uint': return (value) => value instanceof Uint;
    case 'bytes': return (value) => value instanceof Uint8Array;
    case 'timestamp': return (value) => value instanceof Timestamp;
    case 'duration': return (value) => value instanceof Duration;
    case 'optional': return (value) => value instanceof Optional;
    case 'type': return (value) => value instanceof TypeValue;
    case 'opaque': return (value) => value instanceof Opaque && value.typeName === type.name;
    default: return () => true;
  }
}

const overload = (name: string, member: boolean, params: readonly CelType[], result: CelType, cost: CostRule, invoke: (...args: never[]) => unknown): Overload =>
  ({ name, member, params, result, cost, accepts: params.map(acceptor), invoke: invoke as (...args: readonly unknown[]) => unknown });

/** `name(…)`. @param invoke its parameters are what `params` say */
export const global = (name: string, params: readonly CelType[], result: CelType, invoke: (...args: never[]) => unknown, cost: CostRule = unit): Overload =>
  overload(name, false, params, result, cost, invoke);

/** `receiver.name(…)` */
export const member = (name: string, params: readonly CelType[], result: CelType, invoke: (...args: never[]) => unknown, cost: CostRule = unit): Overload =>
  overload(name, true, params, result, cost, invoke);

export function functionsOf(...libraries: readonly (readonly Overload[])[]): Functions {
  const functions = new Map<string, Overload[]>();
  for (const each of libraries.flat()) {
    const known = functions.get(each.name);
    if (known === undefined) functions.set(each.name, [each]);
    else known.push(each);
  }
  return functions;
}
