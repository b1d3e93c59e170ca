import { FieldSelector } from '#core/api/field-selector.ts';
import { LabelSelector } from '#core/api/label-selector.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { Target } from '#core/apiserver/api.ts';

export interface Selectors {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Which objects of a kind a request is about. */
export interface Selection {
  /** Prefix of the keys that can match. */
  readonly prefix: string;
  /** Nothing but the prefix selects, so that what follows can be counted. */
  readonly everything: boolean;
  /** The one key that can match, when name (and namespace) are pinned. */
  readonly only: string | undefined;
  matches(object: KubernetesObject): boolean;
}

/** @throws {StatusError} BadRequest for bad grammar or a field that cannot be selected by */
export function select(target: Target, selectors: Selectors): Selection {
  const labels = LabelSelector.parse(selectors.labelSelector);
  const fields = FieldSelector.parse(selectors.fieldSelector);
  const { resource, namespace } = target;
  for (const { field } of fields.terms) reader(resource, field);
  const name = target.name === '' ? fields.required('metadata.name') : target.name;
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  const pinned = name !== undefined && (namespace !== undefined || !resource.kind.namespaced);
  return {
    prefix,
    everything: labels.empty && fields.empty && target.name === '',
    only: pinned ? prefix + name : undefined,
    matches: (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      (target.name === '' || object.metadata.name === target.name) &&
      (labels.empty || labels.matches(object.metadata.labels)) &&
      (fields.empty || fields.matches((field) => reader(resource, field)(object))),
  };
}

function reader(resource: AnyResource, field: string): (object: KubernetesObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name;
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  const own = resource.selectableFields;
  const read = own !== undefined && Object.hasOwn(own, field) ? own[field] : undefined;
  if (read === undefined) throw StatusError.badRequest(problemOf(field.slice(0, 128), own));
  return read;
}

/** Kinds with fields of their own and those without say it in two ways. */
const problemOf = (field: string, own: AnyResource['selectableFields']): string =>
  own === undefined ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"` : `field label not supported: ${field}`;
