import type { FieldErrors } from '#core/api/field-errors.ts';
import { dnsLabelProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ObjectMeta, OwnerReference } from '#core/api/schema/meta.ts';
import { nameProblemOf, type AnyResource } from './resource.ts';
import { validateAnnotations } from './rules/annotations.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem } from './rules/host-names.ts';
import { validateManagedFields } from './rules/managed-fields.ts';
import { validateLabels } from './rules/selectors.ts';

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** A finalizer names its owner as `domain/name`; only Kubernetes' own go without a domain. */
export function finalizerProblem(name: string): string | undefined {
  const problem = qualifiedNameProblem(name);
  if (problem !== undefined || name.includes('/') || standardFinalizers.has(name)) return problem;
  return 'name is neither a standard finalizer name nor is it fully qualified';
}

function validateName(resource: AnyResource, { name = '', generateName = '' }: Partial<ObjectMeta>, field: FieldPath): void {
  if (generateName !== '') {
    // What follows the prefix makes a dash at its end harmless.
    const completed = generateName.replace(/.?-$/, 'a');
    field.at('generateName').check(generateName, nameProblemOf(resource, completed));
  }
  if (name === '') field.at('name').required('name or generateName is required');
  else field.at('name').check(name, nameProblemOf(resource, name));
}

function validateNamespace({ kind }: AnyResource, namespace: string | undefined, field: FieldPath): void {
  if (kind.namespaced) field.name(namespace, dnsLabelProblem);
  else if (namespace !== undefined && namespace !== '') field.forbidden('not allowed on this type');
}

function validateOwners(owners: readonly OwnerReference[], field: FieldPath): void {
  let controller: string | undefined;
  for (const owner of owners) {
    const { apiVersion, kind, name, uid } = owner;
    if (apiVersion === '') field.at('apiVersion').invalid(apiVersion, 'version must not be empty');
    if (kind === '') field.at('kind').invalid(kind, 'must not be empty');
    if (name === '') field.at('name').invalid(name, 'must not be empty');
    if (uid === '') field.at('uid').invalid(uid, 'must not be empty');
    if (apiVersion === 'v1' && kind === 'Event') field.invalid(owner, '/v1, Kind=Event is disallowed from being an owner');
    if (owner.controller !== true) continue;
    if (controller !== undefined) {
      field.invalid(owner, `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`);
    }
    controller ??= name;
  }
}

function validateFinalizers(finalizers: readonly string[], field: FieldPath, problemOf: (name: string) => string | undefined): void {
  for (const [i, name] of finalizers.entries()) field.at(i).check(name, problemOf(name));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    field.invalid(finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
  }
}

const extensionGroups = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

/** Custom resources, and what extends the API, may have finalizers without a domain and a path. */
const takesAnyFinalizer = ({ kind, codec }: AnyResource): boolean => codec !== undefined || extensionGroups.has(kind.group);

/** Rules for the metadata of any object, at creation and after each update. Its name must have been generated already. */
export function validateObjectMeta(resource: AnyResource, { metadata }: KubernetesObject, errors: FieldErrors): void {
  const field = FieldPath.root(errors).at('metadata');
  validateName(resource, metadata, field);
  validateNamespace(resource, metadata.namespace, field.at('namespace'));
  validateContents(metadata, field, takesAnyFinalizer(resource) ? qualifiedNameProblem : finalizerProblem);
}

/** Rules for the metadata of an object inside of another. It may do without a name, and what syntax its kind has for names nobody knows. */
export function validateEmbeddedMeta(metadata: Partial<ObjectMeta>, field: FieldPath): void {
  field.at('generateName').optional(metadata.generateName, pathSegmentProblem);
  field.at('name').optional(metadata.name, pathSegmentProblem);
  field.at('namespace').optional(metadata.namespace, dnsLabelProblem);
  validateContents(metadata, field, qualifiedNameProblem);
}

function validateContents(metadata: Partial<ObjectMeta>, field: FieldPath, finalizerProblemOf: (name: string) => string | undefined): void {
  field.at('generation').notNegative(metadata.generation);
  validateLabels(metadata.labels, field.at('labels'));
  validateAnnotations(metadata.annotations, field.at('annotations'));
  validateOwners(metadata.ownerReferences ?? [], field.at('ownerReferences'));
  validateFinalizers(metadata.finalizers ?? [], field.at('finalizers'), finalizerProblemOf);
  validateManagedFields(metadata.managedFields, field.at('managedFields'));
}

function validateDeletion(now: ObjectMeta, old: ObjectMeta, field: FieldPath): void {
  const why = 'field is immutable; may only be changed via deletion';
  if (now.deletionTimestamp !== old.deletionTimestamp) field.at('deletionTimestamp').invalid(now.deletionTimestamp, why);
  if (now.deletionGracePeriodSeconds !== old.deletionGracePeriodSeconds) {
    field.at('deletionGracePeriodSeconds').invalid(now.deletionGracePeriodSeconds, why);
  }
  if (old.deletionTimestamp === undefined) return;
  const known = new Set(old.finalizers);
  const added = (now.finalizers ?? []).filter((name) => !known.has(name));
  if (added.length === 0) return;
  const list = [...new Set(added)].sort().map((name) => JSON.stringify(name)).join(', ');
  field.at('finalizers').forbidden(`no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`);
}

/** Rules for the step from `old` to the new metadata, besides `validateObjectMeta`. What the server keeps must have been carried over already. */
export function validateObjectMetaUpdate({ metadata: now }: KubernetesObject, { metadata: old }: KubernetesObject, errors: FieldErrors): void {
  const field = FieldPath.root(errors).at('metadata');
  for (const name of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    if ((now[name] ?? '') !== (old[name] ?? '')) field.at(name).invalid(now[name], 'field is immutable');
  }
  if ((now.generation ?? 0) < (old.generation ?? 0)) field.at('generation').invalid(now.generation ?? 0, 'must not be decremented');
  validateDeletion(now, old, field);
}
