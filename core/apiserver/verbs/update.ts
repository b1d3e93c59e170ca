import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { Api, Body, Caller, Target, WriteParameters } from '#core/apiserver/api.ts';
import { modify } from './modify.ts';
import { decodeBody, decodeView } from './pipeline.ts';
import { modifyView, viewOf } from './view.ts';

/** PUT. @throws {StatusError} NotFound, Conflict, Invalid, BadRequest, Forbidden */
export function update(api: Api, target: Target, body: Body, parameters: WriteParameters, caller: Caller): Promise<KubernetesObject> {
  const view = viewOf(target);
  if (view) return modifyView(api, target, view, parameters, caller, () => decodeView(target, view.kind, body, parameters, caller));
  return modify(api, target, parameters, caller, () => {
    const object = decodeBody(target, body, parameters, caller);
    if (!object.metadata.resourceVersion && !target.resource.allowsUnconditionalUpdate) {
      const errors = new FieldErrors();
      errors.invalid('metadata.resourceVersion', '', 'must be specified for an update');
      errors.throwIfAny(target.resource.kind, target.name);
    }
    return object;
  });
}
