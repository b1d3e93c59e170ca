import { LabelSelector } from '#core/api/label-selector.ts';
import type { ParamKind, ParamRef } from '#core/api/schema/admissionregistration-v1.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** Finds a served kind by how an object names it. */
export type FindKind = (apiVersion: string, kind: string) => Kind | undefined;

/** The parameters of a binding, or why there are none: then the request is refused, or lost to an error of configuration. */
export type Params =
  | { readonly objects: readonly KubernetesObject[] }
  | { readonly missing: string }
  | { readonly error: string };

/** The objects that parameterize a policy for this request. */
export function paramsFor(paramKind: ParamKind, ref: ParamRef | undefined, request: AdmissionRequest, objects: ObjectStore, find: FindKind): Params {
  const { apiVersion = '', kind: kindName = '' } = paramKind;
  const kind = find(apiVersion, kindName);
  if (kind === undefined) return { error: `failed to configure policy: failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kindName}'` };
  if (ref === undefined) return { error: 'failed to configure binding: no paramRef for a policy with paramKind' };
  const namespace = namespaceOf(kind, ref, request);
  if (typeof namespace === 'object') return namespace;
  const found = ref.name ? single(objects, kind, namespace, ref.name) : selected(objects, kind, namespace, LabelSelector.of(ref.selector));
  if (found.length > 0) return { objects: found };
  const where = ref.name ? `no params found for policy binding with \`Deny\` parameterNotFoundAction (${kindName} "${ref.name}")` : 'no params found for policy binding with `Deny` parameterNotFoundAction';
  return ref.parameterNotFoundAction === 'Allow' ? { objects: [] } : { missing: where };
}

function namespaceOf(kind: Kind, ref: ParamRef, { namespace, resource }: AdmissionRequest): string | undefined | { readonly error: string } {
  if (!kind.namespaced) return ref.namespace ? { error: 'failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`' } : undefined;
  const found = ref.namespace || (resource.kind.namespaced ? namespace : undefined);
  return found ?? { error: 'failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources' };
}

function single(objects: ObjectStore, kind: Kind, namespace: string | undefined, name: string): readonly KubernetesObject[] {
  const found = objects.get(kind, namespace, name);
  return found === undefined ? [] : [found];
}

function selected(objects: ObjectStore, kind: Kind, namespace: string | undefined, selector: LabelSelector): readonly KubernetesObject[] {
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  return [...objects.cache(kind).range(prefix)].map(([, object]) => object).filter(({ metadata }) => selector.matches(metadata.labels));
}

