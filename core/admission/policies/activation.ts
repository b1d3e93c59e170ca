import type { Authorize } from '#core/api/access.ts';
import { authorizerValue, resourceCheckValue, type CelAuthorizer } from '#core/api/cel/library/authorizer.ts';
import { FieldSelector } from '#core/api/field-selector.ts';
import type { JsonObject } from '#core/api/value.ts';
import type { User } from '#core/api/user.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { reviewRequest, type Shown } from '#core/admission/webhooks/review.ts';

/** Values of the variables that expressions on requests see. */
export type Activation = Readonly<Record<string, unknown>>;

export function activationOf(request: AdmissionRequest, shown: Shown, authorize: Authorize): Activation {
  const { object, oldObject, uid: _uid, ...rest } = reviewRequest(request, shown);
  const host = hostOf(request.user, authorize);
  const { kind } = request.resource;
  return {
    object, oldObject, request: completed(rest), authorizer: authorizerValue(host),
    'authorizer.requestResource': resourceCheckValue(host, {
      group: kind.group, resource: kind.plural, subresource: request.subresource, namespace: request.namespace ?? '', name: request.name,
    }),
  };
}

/** Texts that a request does not have are empty to expressions, not missing. */
const completed = (request: JsonObject): JsonObject => ({ subResource: '', requestSubResource: '', namespace: '', name: '', ...request });

const accountUser = ({ namespace, name }: { namespace: string; name: string }): User => ({
  name: `system:serviceaccount:${namespace}:${name}`, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});

const hostOf = (sender: User, authorize: Authorize): CelAuthorizer => ({
  authorize({ verb, path, serviceAccount, group, resource, subresource, namespace, name, fieldSelector }) {
    const user = serviceAccount ? accountUser(serviceAccount) : sender;
    if (path !== undefined) return authorize({ user, verb, path });
    return authorize({
      user, verb, path: '', group, resource, subresource, namespace, name, ...(fieldSelector === '' ? {} : { fieldSelector: FieldSelector.parse(fieldSelector) }),
    });
  },
});
