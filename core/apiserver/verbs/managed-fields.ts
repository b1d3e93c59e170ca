import { blankOf } from '#core/api/managed-fields/blank.ts';
import { managedAfterWrite, sameManagers } from '#core/api/managed-fields/field-manager.ts';
import { fieldSet, only, recursiveDifference, type FieldSet } from '#core/api/managed-fields/field-set.ts';
import type { Writer } from '#core/api/managed-fields/ownership.ts';
import { fieldElement } from '#core/api/managed-fields/path-element.ts';
import type { Schema, Versioned } from '#core/api/managed-fields/versioned.ts';
import { decode } from '#core/api/schema/decode.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { ManagedFieldsEntry } from '#core/api/schema/meta.ts';
import { deepEqual, isObject } from '#core/api/value.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { shown, storageNames, subresourceOf, type Api, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import { OtherVersions } from './other-versions.ts';
import { keptMetadata, type WithStatus } from './pipeline.ts';

/** Says what the managedFields of an object become; `live` is undefined when it is new. */
export type Bookkeeping = (object: KubernetesObject, live: KubernetesObject | undefined) => Books | Promise<Books>;
type Books = ManagedFieldsEntry[] | undefined;

/** The books of a plain write: what it changes is the writer's. */
export const writing = (api: Api, target: Target, parameters: WriteParameters): Bookkeeping =>
  (object, live) => withSchema(api, target, (schema) => managedAfterWrite(schema, live, object, writerOf(api, target, parameters)), { isLenient: true });

export const writerOf = (api: Api, { subresource }: Target, { fieldManager }: WriteParameters): Writer =>
  ({ manager: fieldManager, subresource, now: rfc3339(api.clock.now()) });

export function keepBooks({ metadata }: KubernetesObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries === undefined) delete metadata.managedFields;
  else metadata.managedFields = entries;
}

/** Whether nothing is left to be written: the time in an entry alone is no change. */
export function sameButBooks(object: WithStatus, old: WithStatus): boolean {
  const { managedFields } = object.metadata;
  if (!sameManagers(managedFields, old.metadata.managedFields)) return false;
  keepBooks(object, old.metadata.managedFields);
  if (deepEqual(object, old)) return true;
  keepBooks(object, managedFields);
  return false;
}

/**
 * Works out who owns which fields of a target. Where a webhook converts its objects, that may take several attempts.
 * @param isLenient a webhook that fails is no reason to fail, other managers keep what they have
 */
export function withSchema<T>(api: Api, target: Target, run: (schema: Schema) => T, { isLenient }: { isLenient: boolean }): T | Promise<T> {
  if (target.resource.conversion === undefined) return run(schemaOf(api, target, new OtherVersions()));
  return OtherVersions.knowing((versions) => run(schemaOf(api, target, versions)), isLenient);
}

/** What a target's objects are to field ownership. */
function schemaOf(api: Api, target: Target, versions: OtherVersions): Schema {
  const { resource } = target;
  const { kind, codec } = resource;
  return {
    apiVersion: apiVersionOf(kind), struct: kind.struct, blank: codec ? {} : blankOf(kind.struct),
    convert: (object, apiVersion) => convert(api, resource, object, apiVersion, versions),
    writable: (set) => writable(target, set),
  };
}

const statusFields = fieldSet([fieldElement('status')]);
const throughStatus = [['metadata'], ['status']];
const statusAlone = [['status']];

function writable(target: Target, set: FieldSet): FieldSet {
  const { resource, subresource } = target;
  const writes = subresource === 'status' ? (resource.codec ? statusAlone : throughStatus) : subresourceOf(resource, subresource)?.part?.writes;
  if (writes !== undefined) return recursiveDifference(only(set, writes), keptFields(target));
  return resource.hasStatus ? recursiveDifference(set, statusFields) : set;
}

const keptSets = new WeakMap<AnyResource, Map<string, FieldSet>>();

/** The same for every write of a subresource. */
function keptFields(target: Target): FieldSet {
  const { resource, subresource } = target;
  let sets = keptSets.get(resource);
  if (sets === undefined) keptSets.set(resource, (sets = new Map<string, FieldSet>()));
  let kept = sets.get(subresource);
  if (kept === undefined) sets.set(subresource, (kept = fieldSet(...keptMetadata(target).map((name) => [fieldElement('metadata'), fieldElement(name)]))));
  return kept;
}

/** The same object as another version of its kind shows it. */
function convert(api: Api, resource: AnyResource, { apiVersion: from, value }: Versioned, to: string, versions: OtherVersions): Versioned | undefined {
  const source = versionOf(api, resource, from);
  const result = versionOf(api, resource, to);
  if (!source || !result || !isObject(value)) return undefined;
  const { struct } = result.kind;
  if (source.conversion || result.conversion) return { apiVersion: to, struct, value: versions.find(source, result, value) };
  const object = source.codec ? source.codec.decode(value).value : decode(source.kind.struct, value, { kind: source.kind }).value;
  const stored = source.storedAs?.encode(object as unknown as KubernetesObject) ?? (object as unknown as KubernetesObject);
  return { apiVersion: to, struct, value: shown(result, stored) };
}

function versionOf(api: Api, resource: AnyResource, apiVersion: string): AnyResource | undefined {
  const { group, plural } = storageNames(resource);
  return api.resources.all.find((candidate) => {
    if (apiVersionOf(candidate.kind) !== apiVersion || candidate.kind.kind !== resource.kind.kind) return false;
    const names = storageNames(candidate);
    return names.group === group && names.plural === plural;
  });
}
