import type { ManagedFieldsEntry } from '#core/api/schema/meta.ts';
import { union, type FieldSet } from './field-set.ts';
import { readFields } from './fields-v1.ts';

export type Operation = 'Apply' | 'Update';

/** What one manager owns, and how it came to. */
export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  /** The version in which `set` is written. */
  readonly apiVersion: string;
  /** '' for the main resource. */
  readonly subresource: string;
  /** RFC 3339, seconds. */
  readonly time: string | undefined;
  readonly set: FieldSet;
}

/** By `managerKey`. */
export type Managers = ReadonlyMap<string, Manager>;
export const noManagers: Managers = new Map();

/** Tells managers apart: those that apply have one entry whatever the version. */
export const managerKey = ({ name, operation, apiVersion, subresource }: Omit<Manager, 'time' | 'set'>): string =>
  `${operation}\0${name}\0${operation === 'Apply' ? '' : apiVersion}\0${subresource}`;

/** Upstream's identifier, which is the order in which conflicts are told. */
export const managerIdentifier = ({ name, operation, apiVersion, subresource }: Omit<Manager, 'time' | 'set'>): string => JSON.stringify({
  ...(name === '' ? {} : { manager: name }), operation,
  ...(operation === 'Apply' ? {} : { apiVersion }), ...(subresource === '' ? {} : { subresource }),
});

/** @throws {SyntaxError} with upstream's wording for entries that say nothing sensible */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  if (entries === undefined || entries.length === 0) return noManagers;
  const managers = new Map<string, Manager>();
  for (const [i, entry] of entries.entries()) {
    const manager = decodeManager(entry, i);
    managers.set(managerKey(manager), manager);
  }
  return managers;
}

function decodeManager({ manager: name = '', operation, apiVersion = '', subresource = '', time, fieldsType = '', fieldsV1 }: ManagedFieldsEntry, index: number): Manager {
  if (operation !== 'Apply' && operation !== 'Update') throw new SyntaxError('operation must be `Apply` or `Update`');
  if (apiVersion === '') throw new SyntaxError('apiVersion must not be empty');
  if (fieldsType === '') throw new SyntaxError(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType !== 'FieldsV1') throw new SyntaxError(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
  return { name, operation, apiVersion, subresource, time, set: readFields(fieldsV1) };
}

/** The entries as they are stored and shown: those of appliers first, then by age. Undefined when there are none. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(byAge).map(({ name, operation, apiVersion, time, set, subresource }) => ({
    ...(name === '' ? {} : { manager: name }), operation, apiVersion, ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1', fieldsV1: set, ...(subresource === '' ? {} : { subresource }),
  }));
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byAge = (a: Manager, b: Manager): number => compareText(a.operation, b.operation) || compareText(a.time ?? '', b.time ?? '')
  || compareText(a.name, b.name) || compareText(a.apiVersion, b.apiVersion) || compareText(a.subresource, b.subresource);

/** Entries of updates that an object keeps. */
const maximumUpdaters = 10;

/** Merges the oldest entries of updates, version by version, into one called `ancient-changes`, until few enough are left. */
export function capUpdaters(managers: Managers): Managers {
  if (managers.size <= maximumUpdaters) return managers;
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= maximumUpdaters) return managers;
  const capped = new Map(managers);
  const firstOf = new Map<string, string>();
  updaters.sort(([, a], [, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(managerIdentifier(a), managerIdentifier(b)));
  let left = updaters.length;
  for (const [key, manager] of updaters) {
    if (left <= maximumUpdaters) break;
    const first = firstOf.get(manager.apiVersion);
    if (first === undefined) {
      firstOf.set(manager.apiVersion, key);
      continue;
    }
    const bucket = { ...manager, name: 'ancient-changes', subresource: '' };
    const bucketKey = managerKey(bucket);
    const older = capped.get(bucketKey) ?? capped.get(first);
    if (!capped.has(bucketKey)) capped.delete(first);
    capped.delete(key);
    capped.set(bucketKey, older === undefined ? bucket : { ...bucket, set: union(manager.set, older.set) });
    left--;
  }
  return capped;
}
