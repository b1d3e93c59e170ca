import { difference, emptySet, intersection, isEmpty, union, type FieldSet } from './field-set.ts';
import { managerKey, type Manager, type Managers } from './managers.ts';
import { withNamedFields } from './named-fields.ts';
import { remove, removeUnclaimed } from './remove.ts';
import { toFieldSet } from './to-field-set.ts';
import { converted, type Schema, type Versioned } from './versioned.ts';

/**
 * Removes from a merged object what the applying manager had applied last time and nobody claims any more. Fields that were set
 * by nobody on record stay.
 * @param managers with the claims of the configuration that is being applied
 * @param last what the manager owned before
 */
export function prune(schema: Schema, merged: unknown, managers: Managers, last: Manager | undefined): unknown {
  if (last === undefined || isEmpty(last.set) || stillClaimed(last, managers)) return merged;
  const own = { apiVersion: schema.apiVersion, struct: schema.struct, value: merged };
  const whole = converted(schema, own, last.apiVersion);
  if (whole === undefined) return merged;
  const owned = withNamedFields(whole.struct, last.set);
  const kept = withClaims(schema, whole, without(whole, owned), managers);
  const before = namedFields(whole);
  const after = namedFields(converted(schema, kept, last.apiVersion) ?? whole);
  const gone = intersection(difference(before, after), owned);
  const pruned = isEmpty(gone) ? whole : { ...whole, value: removeUnclaimed(whole.struct, whole.value, gone, claimsIn(managers, whole.apiVersion, isApplier)) ?? {} };
  return converted(schema, pruned, schema.apiVersion)?.value ?? merged;
}

const stillClaimed = (last: Manager, managers: Managers): boolean => {
  const now = managers.get(managerKey(last));
  return now?.apiVersion === last.apiVersion && isEmpty(difference(last.set, now.set));
};

const without = (object: Versioned, set: FieldSet): Versioned => ({ ...object, value: remove(object.struct, object.value, set) ?? {} });
const namedFields = ({ struct, value }: Versioned): FieldSet => withNamedFields(struct, toFieldSet(struct, value));

/** Only who applies can want something to be there and empty: others own what holds their fields just because they made it. */
const isApplier = ({ operation }: Manager): boolean => operation === 'Apply';

function claimsIn(managers: Managers, version: string, counts: (manager: Manager) => boolean = () => true): FieldSet {
  let claims = emptySet;
  for (const manager of managers.values()) if (manager.apiVersion === version && counts(manager)) claims = union(claims, manager.set);
  return claims;
}

/** Puts back what managers claim, version by version: first in the version of `kept`, from which others may not be reachable without it. */
function withClaims(schema: Schema, whole: Versioned, kept: Versioned, managers: Managers): Versioned {
  const versions = new Set([kept.apiVersion, ...[...managers.values()].map(({ apiVersion }) => apiVersion)]);
  let result = kept;
  for (const apiVersion of versions) {
    const all = converted(schema, whole, apiVersion);
    const rest = converted(schema, result, apiVersion);
    if (!all || !rest) continue;
    result = without(all, difference(namedFields(all), union(namedFields(rest), withNamedFields(all.struct, claimsIn(managers, apiVersion)))));
  }
  return result;
}
