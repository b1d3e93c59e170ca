import { Secret } from '#core/api/schema/core-v1/config.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { TokenRequest } from '#core/api/schema/authentication-v1.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { KubernetesClaims, Named } from '#core/authn/service-account/claims.ts';
import type { ServiceAccountTokens } from '#core/authn/service-account/tokens.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { action, type Action } from './action.ts';

const shortest = 600;
const longest = 2 ** 32;

/** POST `serviceaccounts/<name>/token` (KEP-1205). */
export const tokenRequest = (tokens: ServiceAccountTokens): Action => action(ServiceAccount, 'token', TokenRequest, async ({ api, target, object, parameters }) => {
  const { namespace = '', name } = target;
  const account = api.objects.get(ServiceAccount, namespace, name);
  if (account === undefined) throw StatusError.notFound(ServiceAccount, name);
  const { audiences = [], expirationSeconds = 3600, boundObjectRef } = object.spec;
  validate(audiences, expirationSeconds);
  const bound = boundObjectRef ? boundClaims(api.objects, namespace, name, boundObjectRef) : {};
  const claims: KubernetesClaims = { namespace, serviceaccount: { name, uid: account.metadata.uid }, ...bound };
  const wanted = audiences.length === 0 ? tokens.audiences : audiences;
  const { metadata, spec } = object;
  const answer = { ...object, metadata: { ...metadata, name, namespace, creationTimestamp: rfc3339(api.clock.now()) }, spec: { ...spec, audiences: [...wanted] } };
  if (parameters.dryRun) return answer;
  const issued = await tokens.issue({ audiences: wanted, expirationSeconds, claims });
  return { ...answer, status: { token: issued.token, expirationTimestamp: rfc3339(issued.expiresAt) } };
});

function validate(audiences: readonly string[], seconds: number): void {
  const errors = new FieldErrors();
  if (seconds < shortest) errors.invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > longest) errors.invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds');
  for (const [i, audience] of audiences.entries()) if (audience === '') errors.invalid(`spec.audiences[${i}]`, audience, 'must not be empty');
  errors.throwIfAny(TokenRequest, '');
}

type Reference = NonNullable<TokenRequest['spec']['boundObjectRef']>;

/** The object must be there, and be the one that the asker means. */
function boundClaims(objects: ObjectStore, namespace: string, account: string, { kind = '', apiVersion = '', name = '', uid }: Reference): Partial<KubernetesClaims> {
  const bindable = apiVersion === 'v1' ? [Pod, Secret, Node].find((candidate) => candidate.kind === kind) : undefined;
  if (bindable === undefined) throw StatusError.badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  const found = objects.get(bindable, bindable.namespaced ? namespace : undefined, name);
  if (found === undefined) throw StatusError.notFound(bindable, name);
  if (uid && uid !== found.metadata.uid) {
    throw StatusError.conflict(bindable, name, `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`);
  }
  const named: Named = { name, uid: found.metadata.uid };
  if (isKindOf(found, Pod)) return { pod: named, ...nodeClaim(objects, account, found) };
  return bindable === Secret ? { secret: named } : { node: named };
}

/** A pod's token says on which node the pod runs. @throws {StatusError} BadRequest when the pod runs as another account */
function nodeClaim(objects: ObjectStore, account: string, { spec }: Pod): Partial<KubernetesClaims> {
  if (spec.serviceAccountName !== account) {
    throw StatusError.badRequest(`cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name: "${spec.serviceAccountName ?? ''}"`);
  }
  const node = spec.nodeName ? objects.get(Node, undefined, spec.nodeName) : undefined;
  return node ? { node: { name: node.metadata.name, uid: node.metadata.uid } } : {};
}
