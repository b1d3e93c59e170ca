import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { Shown } from './review.ts';

/** The object as another resource of the same storage shows it. */
export type Convert = (object: KubernetesObject, from: AnyResource, to: AnyResource) => Promise<KubernetesObject>;

/** The objects of a request in the version, and for a view in the kind, by which a rule caught it. */
export async function shownAs(request: AdmissionRequest, resource: AnyResource, convert: Convert): Promise<Shown> {
  const view = request.resource.subresources?.find(({ name }) => name === request.subresource)?.view;
  const show = async (object: KubernetesObject | undefined): Promise<KubernetesObject | undefined> => {
    if (object === undefined) return undefined;
    if (view) return view.read(object);
    return resource === request.resource ? object : convert(object, request.resource, resource);
  };
  return { resource, object: await show(request.object), old: await show(request.old) };
}
