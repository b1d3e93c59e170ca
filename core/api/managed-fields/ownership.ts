import { compare, type Comparison } from './compare.ts';
import { conflictsOn } from './conflict.ts';
import { difference, emptySet, fieldSet, intersection, isEmpty, sameSet, union, type FieldSet } from './field-set.ts';
import { managerIdentifier, managerKey, type Manager, type Managers, type Operation } from './managers.ts';
import { merge } from './merge.ts';
import { fitted } from './named-fields.ts';
import { fieldElement } from './path-element.ts';
import { prune } from './prune.ts';
import { toFieldSet } from './to-field-set.ts';
import { converted, type Schema, type Versioned } from './versioned.ts';

/** Who writes, and when. */
export interface Writer {
  readonly manager: string;
  /** '' for the main resource. */
  readonly subresource: string;
  /** RFC 3339, seconds. */
  readonly now: string;
}

const metadata = (name: string) => [fieldElement('metadata'), fieldElement(name)];

/** What the server keeps about an object belongs to nobody. */
const unowned = fieldSet(
  [fieldElement('apiVersion')], [fieldElement('kind')], [fieldElement('metadata')],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map(metadata),
);

const entryOf = ({ manager, subresource }: Writer, operation: Operation, apiVersion: string): Omit<Manager, 'time' | 'set'> =>
  ({ name: manager === '' ? 'unknown' : manager, operation, apiVersion, subresource });

/** What changed between two states of an object, in the versions in which its managers wrote. */
class Step {
  private readonly schema: Schema;
  private readonly before: Versioned;
  private readonly after: Versioned;
  private readonly byVersion = new Map<string, Comparison | undefined>();

  constructor(schema: Schema, before: unknown, after: unknown) {
    this.schema = schema;
    this.before = { apiVersion: schema.apiVersion, struct: schema.struct, value: before };
    this.after = { apiVersion: schema.apiVersion, struct: schema.struct, value: after };
  }

  /** Undefined for a version that is not known. */
  in(apiVersion: string): Comparison | undefined {
    if (!this.byVersion.has(apiVersion)) this.byVersion.set(apiVersion, this.compared(apiVersion));
    return this.byVersion.get(apiVersion);
  }

  get own(): Comparison {
    return this.in(this.schema.apiVersion) ?? { added: emptySet, modified: emptySet, removed: emptySet };
  }

  private compared(apiVersion: string): Comparison | undefined {
    const before = converted(this.schema, this.before, apiVersion);
    const after = converted(this.schema, this.after, apiVersion);
    if (!before || !after) return undefined;
    const { added, modified, removed } = compare(before.struct, before.value, after.value);
    return { added: this.counted(added), modified: this.counted(modified), removed: this.counted(removed) };
  }

  private counted(set: FieldSet): FieldSet {
    return isEmpty(set) ? set : difference(this.schema.writable(set), unowned);
  }
}

const isNothing = ({ added, modified, removed }: Comparison): boolean => isEmpty(added) && isEmpty(modified) && isEmpty(removed);

/** What the other managers keep when a step has been taken; those that have nothing left go. */
function remaining(managers: Managers, step: Step, except = ''): Map<string, Manager> {
  const left = new Map<string, Manager>();
  for (const [key, manager] of managers) {
    if (key === except) {
      if (!isEmpty(manager.set)) left.set(key, manager);
      continue;
    }
    const change = step.in(manager.apiVersion);
    if (change === undefined) continue;
    const set = difference(difference(manager.set, union(change.modified, change.added)), change.removed);
    if (!isEmpty(set)) left.set(key, set === manager.set ? manager : { ...manager, set });
  }
  return left;
}

/** Ownership after a plain write: what it added or changed is the writer's alone, what it removed is nobody's. */
export function update(schema: Schema, managers: Managers, before: unknown, after: unknown, writer: Writer): Managers {
  const step = new Step(schema, before, after);
  const { own } = step;
  if (isNothing(own)) return managers;
  const result = remaining(fittedAll(schema, managers), step);
  const mine = union(own.modified, own.added);
  if (isEmpty(mine)) return result;
  const entry = entryOf(writer, 'Update', schema.apiVersion);
  const key = managerKey(entry);
  result.set(key, { ...entry, time: writer.now, set: union(mine, result.get(key)?.set ?? emptySet) });
  return result;
}

export interface Application {
  /** The object as the configuration wants it, not yet decoded: `null` stands where a field is to be unset. */
  readonly value: unknown;
  readonly managers: Managers;
}

/**
 * Lays a configuration over the live object. What this manager applied before and the configuration lacks now is removed, unless
 * somebody else owns it too.
 * @throws {FieldConflicts} when it would change fields of others, unless forced
 * @throws {UnkeyedItem}
 */
export function apply(schema: Schema, managers: Managers, live: unknown, configuration: unknown, writer: Writer & { readonly force: boolean }): Application {
  const entry = entryOf(writer, 'Apply', schema.apiVersion);
  const key = managerKey(entry);
  const known = fittedAll(schema, managers);
  const last = known.get(key);
  const set = difference(schema.writable(toFieldSet(schema.struct, configuration)), unowned);
  const claimed = new Map(known).set(key, { ...entry, time: writer.now, set });
  const value = prune(schema, merge(schema.struct, live, configuration), claimed, last);
  const step = new Step(schema, live, value);
  if (!writer.force) refuseConflicts(claimed, step, key);
  if (last !== undefined && sameSet(last.set, set) && isNothing(step.own)) claimed.set(key, { ...entry, time: last.time, set });
  return { value, managers: remaining(claimed, step, key) };
}

function refuseConflicts(managers: Managers, step: Step, except: string): void {
  const conflicts: [Manager, FieldSet][] = [];
  for (const [key, manager] of [...managers].sort(([, a], [, b]) => (managerIdentifier(a) < managerIdentifier(b) ? -1 : 1))) {
    const change = key === except ? undefined : step.in(manager.apiVersion);
    if (change === undefined) continue;
    const set = intersection(manager.set, union(change.modified, change.added));
    if (!isEmpty(set)) conflicts.push([manager, set]);
  }
  if (conflicts.length > 0) throw conflictsOn(conflicts);
}

function fittedAll(schema: Schema, managers: Managers): Managers {
  let result: Map<string, Manager> | undefined;
  for (const [key, manager] of managers) {
    const set = manager.apiVersion === schema.apiVersion ? fitted(schema.struct, manager.set) : manager.set;
    if (set !== manager.set) (result ??= new Map(managers)).set(key, { ...manager, set });
  }
  return result ?? managers;
}
