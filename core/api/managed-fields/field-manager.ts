import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ManagedFieldsEntry } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual, isObject, own, type JsonObject } from '#core/api/value.ts';
import { BadConfiguration, readConfiguration } from './configuration.ts';
import { conflictError, FieldConflicts } from './conflict.ts';
import { lastAppliedOf, takenFromClient, withLastApplied } from './last-applied.ts';
import { capUpdaters, decodeManagers, encodeManagers, noManagers, type Managers } from './managers.ts';
import { apply, update, type Application, type Writer } from './ownership.ts';
import { UnkeyedItem } from './shape.ts';
import type { Schema } from './versioned.ts';

type Entries = ManagedFieldsEntry[] | undefined;

/**
 * The `managedFields` of an object after a plain write.
 *
 * A writer may hand in entries of its own: they count if they can be read, and `[{}]` stops the bookkeeping until the object is
 * applied. Through a subresource they are ignored.
 * @param live undefined when the object is new
 * @param next as it is to be stored, but for its `managedFields`
 */
export function managedAfterWrite(schema: Schema, live: KubernetesObject | undefined, next: KubernetesObject, writer: Writer): Entries {
  const kept = live?.metadata.managedFields;
  const given = writer.subresource === '' ? next.metadata.managedFields : undefined;
  const managers = managersOf(kept, given);
  if (managers.size === 0 && live !== undefined) return undefined;
  try {
    // The bookkeeping itself, which is in both, is nobody's.
    const result = update(schema, managers, live ?? schema.blank, next, writer);
    return result === managers && (given === undefined || deepEqual(given, kept)) ? kept : encodeManagers(capUpdaters(result));
  } catch (error) {
    if (error instanceof UnkeyedItem) return kept;
    throw error;
  }
}

function managersOf(kept: Entries, given: Entries): Managers {
  if (given?.length === 1 && deepEqual(given[0], {})) return noManagers;
  const own = given === undefined || given === kept || deepEqual(given, kept) ? noManagers : readable(given);
  return own.size > 0 ? own : readable(kept);
}

function readable(entries: Entries): Managers {
  try {
    return decodeManagers(entries);
  } catch (error) {
    if (error instanceof SyntaxError) return noManagers;
    throw error;
  }
}

/** The bookkeeping is not part of what it keeps books about. */
function unmanaged(object: KubernetesObject): JsonObject {
  if (object.metadata.managedFields === undefined) return { ...object };
  const { managedFields: _entries, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export interface Applied {
  /** The live object with the configuration laid over it, to be decoded; without `managedFields`. */
  readonly object: JsonObject;
  readonly managedFields: Entries;
}

/**
 * Server-side apply (KEP-555): lays a configuration over the live object.
 * @param live undefined when the object is to be created
 * @throws {StatusError} Conflict with a cause for each field that somebody else owns; BadRequest for a configuration that does not
 * fit its kind
 */
export function applyConfiguration(
  schema: Schema, kind: string, live: KubernetesObject | undefined, configuration: JsonObject, writer: Writer & { readonly force: boolean },
): Applied {
  checkType(schema, kind, configuration);
  const wanted = typed(schema, configuration);
  let managers = readable(live?.metadata.managedFields);
  const before = live ? unmanaged(live) : {};
  if (live !== undefined && managers.size === 0) managers = update(schema, noManagers, schema.blank, before, { ...writer, manager: 'before-first-apply' });
  const { value, managers: after } = applied(schema, managers, before, wanted, writer);
  const object = isObject(value) ? value : {};
  return { object: writer.manager === kubectl ? inStep(object, configuration) : object, managedFields: encodeManagers(after) };
}

/** The manager that `kubectl apply` is, on the server's side and on the client's. */
const kubectl = 'kubectl';

function applied(schema: Schema, managers: Managers, live: JsonObject, configuration: unknown, writer: Writer & { readonly force: boolean }): Application {
  try {
    return apply(schema, managers, live, configuration, writer);
  } catch (error) {
    if (!(error instanceof FieldConflicts)) throw error;
    const taken = writer.manager === kubectl ? takenFromClient(schema, live) : undefined;
    const left = taken === undefined ? error : error.besides(taken);
    if (left.conflicts.length > 0) throw conflictError(left);
    return apply(schema, managers, live, configuration, { ...writer, force: true });
  }
}

/** An object that client-side apply manages too has its annotation kept up to date, so that kubectl can go back to that. */
function inStep(object: JsonObject, configuration: JsonObject): JsonObject {
  if (lastAppliedOf(object) === undefined) return object;
  const { metadata } = object;
  if (!isObject(metadata) || !isObject(metadata['annotations'])) return object;
  return { ...object, metadata: { ...metadata, annotations: withLastApplied(metadata['annotations'], configuration) } };
}

const groupVersionKind = (apiVersion: string, kind: string): string => `${apiVersion.includes('/') || apiVersion === '' ? apiVersion || '/' : `/${apiVersion}`}, Kind=${kind}`;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function checkType(schema: Schema, kind: string, configuration: JsonObject): void {
  const given = groupVersionKind(text(own(configuration, 'apiVersion')), text(own(configuration, 'kind')));
  if (given !== groupVersionKind(schema.apiVersion, kind)) throw StatusError.badRequest(`invalid object type: ${given}`);
  const metadata = own(configuration, 'metadata');
  if (isObject(metadata) && Array.isArray(own(metadata, 'managedFields'))) throw StatusError.badRequest('metadata.managedFields must be nil');
}

function typed(schema: Schema, configuration: JsonObject): unknown {
  try {
    return readConfiguration(schema.struct, configuration);
  } catch (error) {
    if (!(error instanceof BadConfiguration)) throw error;
    const metadata = own(configuration, 'metadata');
    const { namespace, name } = isObject(metadata) ? metadata : {};
    const subject = `${text(namespace)}/${text(name)}; ${groupVersionKind(schema.apiVersion, text(own(configuration, 'kind')))}`;
    throw StatusError.badRequest(`failed to create typed patch object (${subject}): ${error.message}`, { cause: error });
  }
}

/** Whether both say the same of everybody, whenever that was. */
export function sameManagers(a: Entries, b: Entries): boolean {
  if (a === b) return true;
  if (a?.length !== b?.length) return false;
  return (a ?? []).every((entry, i) => deepEqual({ ...entry, time: undefined }, { ...b?.[i], time: undefined }));
}
