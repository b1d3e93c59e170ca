import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { encoded, showing, storageNames, subresourceOf, type Api, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import { isHeld } from './delete.ts';
import { fresh } from './fresh.ts';
import { keepBooks, sameButBooks, writing, type Bookkeeping } from './managed-fields.ts';
import { carryOver, validateChange, type WithStatus } from './pipeline.ts';

/** A write that names no version is tried again this often when one of another process comes in between. */
const attempts = 10;

/** What an object becomes, and what its managedFields say of that. */
export interface Next {
  readonly object: WithStatus;
  /** Asked before admission changes the object. */
  readonly books: Bookkeeping;
}

/**
 * Replaces an object by what `next` makes of it. `next` is asked again with the newest state when another write came in between,
 * unless what it returns names a version: then that is a Conflict.
 */
export function modify(
  api: Api, target: Target, parameters: WriteParameters, caller: Caller, next: (old: WithStatus) => WithStatus,
): Promise<KubernetesObject> {
  const books = writing(api, target, parameters);
  return modifyKeepingBooks(api, target, parameters, caller, (old) => ({ object: next(old), books }));
}

/** As `modify`, for a write that keeps managedFields in its own way. */
export function modifyKeepingBooks(
  api: Api, target: Target, parameters: WriteParameters, caller: Caller, next: (old: WithStatus) => Next | Promise<Next>,
): Promise<KubernetesObject> {
  return fresh(api, () => api.objects.inTurn(storageNames(target.resource), target.namespace, target.name, () => repeatedly(api, target, parameters, caller, next)));
}

async function repeatedly(
  api: Api, target: Target, parameters: WriteParameters, caller: Caller, next: (old: WithStatus) => Next | Promise<Next>,
): Promise<KubernetesObject> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const stored = api.objects.get(storageNames(target.resource), target.namespace, target.name);
    if (stored === undefined) throw StatusError.notFound(target.resource.kind, target.name);
    const result = await step(api, target, parameters, caller, stored, next);
    if (result !== undefined) return showing(target.resource, result);
  }
  throw StatusError.modified(target.resource.kind, target.name);
}

/** One attempt; undefined when it came too late and may be repeated. */
async function step(
  api: Api, target: Target, parameters: WriteParameters, caller: Caller, stored: KubernetesObject, next: (old: WithStatus) => Next | Promise<Next>,
): Promise<KubernetesObject | undefined> {
  const { resource } = target;
  const old = (await showing(resource, stored)) as WithStatus;
  const { object, books } = await next(old);
  checkPreconditions(target, object, old);
  complete(target, object, old);
  keepBooks(object, await books(object, old));
  const request: AdmissionRequest = {
    operation: 'UPDATE', resource, subresource: target.subresource, namespace: target.namespace, name: target.name,
    object, old, user: caller.user, dryRun: parameters.dryRun, warn: caller.warn, annotate: caller.annotate,
  };
  await api.admission.mutate(request);
  prepare(target, object, old);
  validateChange(target, object, old);
  for (const text of resource.warnings?.(object, old) ?? []) caller.warn(text);
  return api.admission.guard(request, () => write(api, target, object, old, stored, parameters));
}

/** Puts back what the request may not touch, and fills in what it leaves out. */
function complete(target: Target, object: WithStatus, old: WithStatus): void {
  const { resource, subresource } = target;
  // What a body says of its own part has defaults, too; those of the rest go again with it.
  if (subresource !== '' && !subresourceOf(resource, subresource)?.view) resource.defaults?.(object);
  carryOver(object, old, target);
  if (subresource === '') resource.defaults?.(object);
}

function prepare({ resource, subresource }: Target, object: WithStatus, old: WithStatus): void {
  if (subresource === '') resource.prepareForUpdate?.(object, old);
  else if (subresource === 'status') resource.prepareForStatus?.(object, old);
}

async function write(
  api: Api, target: Target, object: WithStatus, old: WithStatus, stored: KubernetesObject, { dryRun }: WriteParameters,
): Promise<KubernetesObject | undefined> {
  const { resource } = target;
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  // What was stored in another version is written anew, though nobody sees a difference: this is how storage is migrated.
  if (sameButBooks(object, old) && stored.apiVersion === apiVersionOf(storageNames(resource))) return stored;
  const counts = resource.countsAsChange ? resource.countsAsChange(object, old) : !deepEqual(object.spec, old.spec);
  if (resource.tracksGeneration && counts) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  const toStore = await encoded(resource, object);
  if (dryRun) return toStore;
  const names = storageNames(resource);
  // A version named in the request is compared again when this comes back: then it is a Conflict.
  const ends = object.metadata.deletionTimestamp !== undefined && !isHeld(object);
  if (ends) return (await api.objects.remove(names, stored)) && toStore;
  return api.objects.replace(names, toStore, stored);
}

function checkPreconditions(target: Target, object: KubernetesObject, old: KubernetesObject): void {
  const { uid, resourceVersion } = object.metadata;
  if (uid !== undefined && uid !== '' && uid !== old.metadata.uid) {
    throw StatusError.conflict(target.resource.kind, target.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) {
    throw StatusError.modified(target.resource.kind, target.name);
  }
}
