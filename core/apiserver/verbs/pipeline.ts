import { randomUUID } from 'node:crypto';
import { FieldErrors } from '#core/api/field-errors.ts';
import { generatedName } from '#core/api/names.ts';
import { decode, decodingWarnings, strictDecodingError } from '#core/api/schema/decode.ts';
import { checkEnums } from '#core/api/schema/enums.ts';
import { apiVersionOf, type Kind, type KindNames, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy, isObject, type JsonObject } from '#core/api/value.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '#core/registry/metadata.ts';
import type { AnyResource, MetadataField } from '#core/registry/resource.ts';
import { subresourceOf, type Body, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';

export type WithStatus = KubernetesObject & { spec?: unknown; status?: unknown };

/** Turns a body into an object of the target's kind: strictly typed, pruned, with static defaults. @throws {StatusError} BadRequest */
export function decodeBody(target: Target, body: Body, parameters: WriteParameters, caller: Caller): WithStatus {
  const object = decodeAs(target.resource.kind, body, parameters, caller, target.resource.codec);
  matchUrl(target, object);
  return object;
}

/** As `decodeBody`, for a kind that the URL does not name by itself: Scale below a Deployment. */
export function decodeView(target: Target, kind: Kind, body: Body, parameters: WriteParameters, caller: Caller): WithStatus {
  const object = decodeAs(kind, body, parameters, caller, undefined);
  matchUrl(target, object);
  return object;
}

function decodeAs(kind: Kind, body: Body, parameters: WriteParameters, caller: Caller, codec: AnyResource['codec']): WithStatus {
  if (!isObject(body.value)) throw StatusError.badRequest(`the body is not an object: expected ${kind.kind} in version "${apiVersionOf(kind)}"`);
  matchKind(body.value, kind);
  const decoded = codec ? codec.decode(body.value) : decode(kind.struct, body.value, { kind });
  const unknown = body.unordered === true ? [...decoded.unknown].sort() : decoded.unknown;
  if (parameters.fieldValidation === 'Strict') {
    const error = strictDecodingError(kind, unknown, body.duplicates);
    if (error) throw error;
  } else if (parameters.fieldValidation === 'Warn') {
    for (const text of decodingWarnings(unknown, body.duplicates)) caller.warn(text);
  }
  const object = decoded.value as unknown as WithStatus;
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  return object;
}

/** An object of the resource's kind that says nothing. */
const blank = ({ kind, codec }: AnyResource): WithStatus =>
  (codec ? codec.decode({ apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} }).value : decode(kind.struct, { metadata: {} }, { kind }).value) as unknown as WithStatus;

function matchKind({ apiVersion, kind: named }: JsonObject, kind: KindNames): void {
  const expected = apiVersionOf(kind);
  if (apiVersion !== undefined && apiVersion !== '' && apiVersion !== expected) {
    throw StatusError.badRequest(`the API version in the data (${JSON.stringify(apiVersion)}) does not match the expected API version (${expected})`);
  }
  if (named !== undefined && named !== '' && named !== kind.kind) {
    throw StatusError.badRequest(`the kind in the data (${JSON.stringify(named)}) does not match the expected kind (${kind.kind})`);
  }
}

function matchUrl(target: Target, object: KubernetesObject): void {
  const { metadata } = object;
  if (target.resource.kind.namespaced) {
    if (metadata.namespace !== undefined && metadata.namespace !== '' && metadata.namespace !== target.namespace) {
      throw StatusError.badRequest(`the namespace of the provided object does not match the namespace sent on the request: "${metadata.namespace}" is not "${target.namespace ?? ''}"`);
    }
    if (target.namespace !== undefined) metadata.namespace = target.namespace;
  } else delete metadata.namespace;
  if (target.name === '') return;
  if (metadata.name === undefined || metadata.name === '') metadata.name = target.name;
  else if (metadata.name !== target.name) {
    throw StatusError.badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`);
  }
}

const emptyStatus = new WeakMap<AnyResource, string>();

/** A new object starts with its kind's default status, whatever its author wrote. */
export function resetStatus(resource: AnyResource, object: WithStatus): void {
  if (!resource.hasStatus || resource.keepsStatusOnCreate) return;
  let text = emptyStatus.get(resource);
  if (text === undefined) {
    text = JSON.stringify(blank(resource).status ?? null);
    emptyStatus.set(resource, text);
  }
  if (text === 'null') delete object.status;
  else object.status = JSON.parse(text);
}

/** Gives a new object its identity. */
export function fillMetadata(object: KubernetesObject, resource: AnyResource, nowMs: number): void {
  const { metadata } = object;
  if (metadata.resourceVersion) throw StatusError.badRequest('resourceVersion should not be set on objects to be created');
  delete (metadata as { resourceVersion?: string }).resourceVersion;
  delete metadata.selfLink;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = rfc3339(nowMs);
  if (resource.tracksGeneration) metadata.generation = 1;
  else delete metadata.generation;
  // Rules look at the name before it is refused for being missing.
  metadata.name ??= '';
  if (metadata.name === '' && metadata.generateName) metadata.name = generatedName(metadata.generateName);
}

/** What of the metadata a write leaves as it is. */
export const keptMetadata = ({ resource, subresource }: Target): readonly MetadataField[] =>
  (subresource === 'status' ? resource.statusKeeps : subresourceOf(resource, subresource)?.part?.keeps) ?? [];

/** What an update may not touch comes from the stored object, whatever the request says. */
export function carryOver(object: WithStatus, old: WithStatus, target: Target): void {
  const { metadata } = object;
  metadata.uid = old.metadata.uid;
  metadata.creationTimestamp = old.metadata.creationTimestamp;
  delete metadata.selfLink;
  for (const field of ['generation', 'deletionTimestamp', 'deletionGracePeriodSeconds', ...keptMetadata(target)] as const) {
    if (old.metadata[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: deepCopy(old.metadata[field]) });
  }
  const part = subresourceOf(target.resource, target.subresource)?.part;
  if (part) return part.carryOver(object, old);
  if (!target.resource.hasStatus) return;
  if (target.subresource === 'status') {
    const { metadata: _metadata, status: _status, ...rest } = deepCopy(old);
    const { status } = object;
    for (const key of Object.keys(object)) if (key !== 'metadata') delete (object as unknown as Record<string, unknown>)[key];
    Object.assign(object, rest, status === undefined ? {} : { status });
    // Labels and owners of a custom resource are none of the status' business.
    if (target.resource.codec) object.metadata = { ...deepCopy(old.metadata), resourceVersion: metadata.resourceVersion };
  } else if (old.status === undefined) delete object.status;
  else object.status = deepCopy(old.status);
}

/** The checks before a new object is stored. @throws {StatusError} Invalid */
export function validateNew(resource: AnyResource, object: KubernetesObject): void {
  const errors = new FieldErrors();
  validateObjectMeta(resource, object, errors);
  if (!resource.codec) checkEnums(resource.kind.struct, object, errors);
  resource.validate?.(object, errors);
  resource.validateCreate?.(object, errors);
  errors.throwIfAny(resource.kind, object.metadata.name || object.metadata.generateName || '');
}

/** The checks before an object replaces a stored one. @throws {StatusError} Invalid */
export function validateChange(target: Target, object: KubernetesObject, old: KubernetesObject): void {
  const { resource } = target;
  const errors = new FieldErrors();
  validateObjectMeta(resource, object, errors);
  validateObjectMetaUpdate(object, old, errors);
  if (!resource.codec) checkEnums(resource.kind.struct, object, errors);
  const part = subresourceOf(resource, target.subresource)?.part;
  if (part) part.validate?.(object, old, errors);
  else if (target.subresource === 'status') resource.validateStatus?.(object, old, errors);
  else {
    resource.validate?.(object, errors);
    resource.validateUpdate?.(object, old, errors);
  }
  errors.throwIfAny(resource.kind, object.metadata.name);
}
