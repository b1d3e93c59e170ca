import type { Type } from '#core/api/schema/type.ts';
import { asMember, emptySet, isEmpty, type FieldSet } from './field-set.ts';
import { fieldOf, type PathElement } from './path-element.ts';

/**
 * The set with every described field on the way to a member as a member too. Configurations own leaves only; what becomes empty when
 * they go shall go with them.
 */
export function withNamedFields(type: Type | undefined, set: FieldSet): FieldSet {
  let same = true;
  const node: Record<PathElement, FieldSet> = {};
  for (const element in set) {
    const child = set[element];
    if (child === undefined) continue;
    const name = fieldOf(element);
    const below = element === '.' ? emptySet : withNamedFields(type && typeAt(type, name), child);
    node[element] = name !== undefined && type?.form === 'struct' && type.fields.has(name) ? asMember(below) : below;
    if (node[element] !== child) same = false;
  }
  return same ? set : node;
}

/** @param name undefined for an item */
function typeAt(type: Type, name: string | undefined): Type | undefined {
  if (name === undefined) return type.form === 'list' ? type.of : undefined;
  if (type.form === 'map') return type.of;
  return type.form === 'struct' ? (type.fields.get(name)?.type ?? type.rest) : undefined;
}

/** Frozen sets that were found to fit. */
const fitting = new WeakMap<FieldSet, Type>();

/**
 * Fits a set that was written when the kind was described otherwise: where a value has become one whole, whoever owned something
 * of it owns it all.
 */
export function fitted(type: Type, set: FieldSet): FieldSet {
  if (fitting.get(set) === type) return set;
  const result = fit(type, set);
  if (result === set && Object.isFrozen(set)) fitting.set(set, type);
  return result;
}

function fit(type: Type, set: FieldSet): FieldSet {
  let same = true;
  const node: Record<PathElement, FieldSet> = {};
  for (const element in set) {
    const child = set[element];
    if (child === undefined) continue;
    const of = element === '.' ? undefined : typeAt(type, fieldOf(element));
    const fits = of === undefined || isEmpty(child) ? child : isWhole(of) ? emptySet : fit(of, child);
    node[element] = fits;
    if (fits !== child) same = false;
  }
  return same ? set : node;
}

const isWhole = (type: Type): boolean => (type.form === 'list' ? type.semantics === 'atomic' : type.form !== 'scalar' && type.atomic);
