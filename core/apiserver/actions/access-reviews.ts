import type { Attributes } from '#core/api/access.ts';
import { FieldSelector } from '#core/api/field-selector.ts';
import {
  LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview,
  type NonResourceAttributes, type ResourceAttributes, type SubjectAccessReviewSpec, type SubjectAccessReviewStatus,
} from '#core/api/schema/authorization-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { isRuleResolver, type Authorizer } from '#core/authz/authorizer.ts';
import { action, type Action } from './action.ts';

interface Question {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

/** The four ways to ask what may be done: `kubectl auth can-i`, and whoever delegates authorization to this server. */
export const accessReviews = (authorizer: Authorizer): readonly Action[] => [
  action(SelfSubjectAccessReview, '', SelfSubjectAccessReview, async ({ object, caller }) => ({ ...object, status: answer(authorizer, caller.user, object.spec) })),
  action(SubjectAccessReview, '', SubjectAccessReview, async ({ object }) => ({ ...object, status: answer(authorizer, userOf(object.spec), object.spec) })),
  action(LocalSubjectAccessReview, '', LocalSubjectAccessReview, async ({ target, object }) => {
    const asked = object.spec.resourceAttributes?.namespace ?? '';
    if (asked !== target.namespace) throw StatusError.badRequest(`spec.resourceAttributes.namespace must match namespace: "${asked}" is not "${target.namespace ?? ''}"`);
    return { ...object, status: answer(authorizer, userOf(object.spec), object.spec) };
  }),
  action(SelfSubjectRulesReview, '', SelfSubjectRulesReview, async ({ object, caller }) => {
    const namespace = object.spec.namespace ?? '';
    if (namespace === '') throw StatusError.badRequest('no namespace on request');
    const { resourceRules, nonResourceRules, incomplete, errors } = isRuleResolver(authorizer)
      ? authorizer.rulesFor(caller.user, namespace) : { resourceRules: [], nonResourceRules: [], incomplete: true, errors: ['the authorizer cannot list its rules'] };
    return {
      ...object,
      status: { resourceRules: [...resourceRules], nonResourceRules: [...nonResourceRules], incomplete, ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }) },
    };
  }),
];

const userOf = ({ user = '', groups = [], uid, extra }: SubjectAccessReviewSpec): User =>
  ({ name: user, groups, ...(uid === undefined ? {} : { uid }), ...(extra ? { extra } : {}) });

function answer(authorizer: Authorizer, user: User, question: Question): SubjectAccessReviewStatus {
  const { allowed, denied = false, reason } = authorizer.authorize(attributesOf(user, question));
  return { allowed, ...(denied && !allowed ? { denied } : {}), ...(reason === '' ? {} : { reason }) };
}

function attributesOf(user: User, { resourceAttributes: asked, nonResourceAttributes: path }: Question): Attributes {
  if (asked === undefined) return { user, verb: path?.verb ?? '', path: path?.path ?? '' };
  const { fieldSelector, labelSelector: _labels, ...rest } = asked;
  const text = fieldSelector?.rawSelector;
  return { verb: '', path: '', group: '', version: '', resource: '', subresource: '', name: '', ...rest, user, ...(text ? { fieldSelector: FieldSelector.parse(text) } : {}) };
}
