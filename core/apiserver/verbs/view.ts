import { FieldErrors } from '#core/api/field-errors.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { deepCopy } from '#core/api/value.ts';
import { subresourceOf, type Api, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import type { Subresource } from '#core/registry/resource.ts';
import { modify } from './modify.ts';
import type { WithStatus } from './pipeline.ts';

/** A subresource that shows its object as another kind. */
export type View = NonNullable<Subresource['view']> & { readonly kind: Kind };

export function viewOf({ resource, subresource }: Target): View | undefined {
  const found = subresource === '' ? undefined : subresourceOf(resource, subresource);
  return found?.view && found.kind ? { ...found.view, kind: found.kind } : undefined;
}

/** Changes an object through a view of it; resolves to the view afterwards. `next` is handed the view as it is. */
export async function modifyView(
  api: Api, target: Target, view: View, parameters: WriteParameters, caller: Caller, next: (old: KubernetesObject) => WithStatus,
): Promise<KubernetesObject> {
  const result = await modify(api, target, parameters, caller, (old) => {
    const wanted = next(view.read(old));
    const errors = new FieldErrors();
    view.validate?.(wanted, errors);
    errors.throwIfAny(view.kind, target.name);
    const object = deepCopy(old);
    // The preconditions of the request are checked against these.
    object.metadata.resourceVersion = wanted.metadata.resourceVersion;
    object.metadata.uid = wanted.metadata.uid;
    view.write(object, wanted);
    return object;
  });
  return view.read(result);
}
