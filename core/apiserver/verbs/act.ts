import { FieldErrors } from '#core/api/field-errors.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { checkEnums } from '#core/api/schema/enums.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { Status } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ActionIndex } from '#core/apiserver/actions/action.ts';
import { subresourceOf, type Api, type Body, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import { decodeBody, decodeView } from './pipeline.ts';

export interface Acting {
  readonly api: Api;
  readonly actions: ActionIndex;
}

/** POST to a question kind or to a subresource that does something. @throws {StatusError} NotFound, BadRequest, Invalid, and what the action says */
export async function act({ api, actions }: Acting, target: Target, body: Body, parameters: WriteParameters, caller: Caller): Promise<KubernetesObject | Status> {
  const { resource, subresource } = target;
  const action = actions.find(resource, subresource);
  if (action === undefined) throw new StatusError('NotFound', 'the server could not find the requested resource', {});
  const kind = subresourceOf(resource, subresource)?.kind;
  const object = kind ? decodeView(target, kind, body, parameters, caller) : decodeBody(target, body, parameters, caller);
  const errors = new FieldErrors();
  if (kind) checkEnums(kind.struct, object, errors);
  else {
    resource.defaults?.(object);
    checkEnums(resource.kind.struct, object, errors);
    resource.validate?.(object, errors);
  }
  errors.throwIfAny(kind ?? resource.kind, object.metadata.name ?? '');
  if (resource.isQuestion && subresource === '') return action.run({ api, target, object, parameters, caller });
  const request: AdmissionRequest = {
    operation: 'CREATE', resource, subresource, namespace: target.namespace, name: target.name,
    object, old: undefined, user: caller.user, dryRun: parameters.dryRun, warn: caller.warn, annotate: caller.annotate,
  };
  await api.admission.mutate(request);
  return api.admission.guard(request, () => action.run({ api, target, object, parameters, caller }));
}
