import { authorizerType, resourceCheckType } from '#core/api/cel/library/authorizer.ts';
import { environment, type CelEnvironment } from '#core/api/cel/program.ts';
import { bool, dyn, listOf, mapOf, objectOf, string, type CelType } from '#core/api/cel/types.ts';

const kindType = objectOf('kubernetes.GroupVersionKind', { group: string, version: string, kind: string });
const resourceType = objectOf('kubernetes.GroupVersionResource', { group: string, version: string, resource: string });
const userType = objectOf('kubernetes.UserInfo', { username: string, uid: string, groups: listOf(string), extra: mapOf(listOf(string)) });

/** The variable `request`: an AdmissionRequest without the objects. */
const requestType = objectOf('kubernetes.AdmissionRequest', {
  kind: kindType, resource: resourceType, subResource: string, requestKind: kindType, requestResource: resourceType, requestSubResource: string,
  name: string, namespace: string, operation: string, userInfo: userType, dryRun: bool, options: dyn,
});

const conditionVariables = { object: dyn, oldObject: dyn, request: requestType, authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType };

let forConditions: CelEnvironment | undefined;

/** Where `matchConditions` of webhooks stand. */
export const conditionEnvironment = (): CelEnvironment => (forConditions ??= environment({ variables: conditionVariables }));

/**
 * Where the expressions of a ValidatingAdmissionPolicy stand.
 * @param hasParams the policy names a kind of parameters
 * @param object type of `object` and `oldObject`; anything goes by default
 * @param variables the policy's own variables up to here, with what they evaluate to
 */
export function policyEnvironment(hasParams: boolean, variables: Readonly<Record<string, CelType>>, object: CelType = dyn): CelEnvironment {
  return environment({
    variables: {
      ...conditionVariables, object, oldObject: object, namespaceObject: dyn, ...(hasParams ? { params: dyn } : {}), variables: objectOf('kubernetes.variables', variables),
    },
  });
}
