import { groupVersion, type KindOf } from './kind.ts';
import { FieldSelectorRequirement, LabelSelectorRequirement } from './meta.ts';
import { always, bool, list, map, required, string, type Of } from './type.ts';

const authorization = groupVersion('io.k8s.api.authorization.v1', 'authorization.k8s.io', 'v1');

export const FieldSelectorAttributes = authorization.type('FieldSelectorAttributes', 'The field selector that narrows a list, watch or deletecollection.', {
  rawSelector: [1, string, 'As it would stand in the URL. Not together with requirements.'],
  requirements: [2, list(FieldSelectorRequirement), 'The conditions, which must all hold.'],
});
export type FieldSelectorAttributes = Of<typeof FieldSelectorAttributes>;

export const LabelSelectorAttributes = authorization.type('LabelSelectorAttributes', 'The label selector that narrows a list, watch or deletecollection.', {
  rawSelector: [1, string, 'As it would stand in the URL. Not together with requirements.'],
  requirements: [2, list(LabelSelectorRequirement), 'The conditions, which must all hold.'],
});
export type LabelSelectorAttributes = Of<typeof LabelSelectorAttributes>;

export const ResourceAttributes = authorization.type('ResourceAttributes', 'Something done to a resource.', {
  namespace: [1, string, 'Namespace; empty for cluster-wide resources and for all namespaces.'],
  verb: [2, string, 'What is done, such as get or list; * for everything.'],
  group: [3, string, 'Group of the resource; * for all.'],
  version: [4, string, 'Version of the resource; * for all.'],
  resource: [5, string, 'The resource, lower case and plural; * for all.'],
  subresource: [6, string, 'A part of it, such as status or log.'],
  name: [7, string, 'Name of the object; empty for a create or for all.'],
  fieldSelector: [8, FieldSelectorAttributes, 'Limits the question to objects with these fields.'],
  labelSelector: [9, LabelSelectorAttributes, 'Limits the question to objects with these labels.'],
});
export type ResourceAttributes = Of<typeof ResourceAttributes>;

export const NonResourceAttributes = authorization.type('NonResourceAttributes', 'A request to a path that is no resource.', {
  path: [1, string, 'The path.'],
  verb: [2, string, 'The HTTP verb in lower case.'],
});
export type NonResourceAttributes = Of<typeof NonResourceAttributes>;

const access = {
  resourceAttributes: [1, ResourceAttributes, 'A request to a resource. This or nonResourceAttributes.'],
  nonResourceAttributes: [2, NonResourceAttributes, 'A request to another path. This or resourceAttributes.'],
} as const;

export const SubjectAccessReviewSpec = authorization.type('SubjectAccessReviewSpec', 'Who wants to do what.', {
  ...access,
  user: [3, string, 'The user. This or groups, or both.'],
  groups: [4, list(string), 'Groups of the user.'],
  extra: [5, map(list(string)), 'What else is known of the user.'],
  uid: [6, string, 'UID of the user.'],
});
export type SubjectAccessReviewSpec = Of<typeof SubjectAccessReviewSpec>;

export const SelfSubjectAccessReviewSpec = authorization.type('SelfSubjectAccessReviewSpec', 'What the asker wants to do.', access);
export type SelfSubjectAccessReviewSpec = Of<typeof SelfSubjectAccessReviewSpec>;

export const SubjectAccessReviewStatus = authorization.type('SubjectAccessReviewStatus', 'Whether it is allowed.', {
  allowed: [1, required(bool), 'It is allowed.'],
  denied: [4, bool, 'It is forbidden outright, whatever others may say; never together with allowed.'],
  reason: [2, string, 'What made it so.'],
  evaluationError: [3, string, 'What went wrong on the way; the answer may hold nevertheless.'],
});
export type SubjectAccessReviewStatus = Of<typeof SubjectAccessReviewStatus>;

export const SubjectAccessReview = authorization.kind('SubjectAccessReview', 'Asks whether somebody may do something.', {
  spec: [2, required(SubjectAccessReviewSpec), 'The question.'],
  status: [3, always(SubjectAccessReviewStatus), 'The answer.'],
}, { namespaced: false });
export type SubjectAccessReview = KindOf<typeof SubjectAccessReview>;

export const SelfSubjectAccessReview = authorization.kind('SelfSubjectAccessReview', 'Asks whether one may do something oneself.', {
  spec: [2, required(SelfSubjectAccessReviewSpec), 'The question.'],
  status: [3, always(SubjectAccessReviewStatus), 'The answer.'],
}, { namespaced: false });
export type SelfSubjectAccessReview = KindOf<typeof SelfSubjectAccessReview>;

export const LocalSubjectAccessReview = authorization.kind('LocalSubjectAccessReview', 'Asks whether somebody may do something inside one namespace.', {
  spec: [2, required(SubjectAccessReviewSpec), 'The question; its namespace is the object\'s own.'],
  status: [3, always(SubjectAccessReviewStatus), 'The answer.'],
});
export type LocalSubjectAccessReview = KindOf<typeof LocalSubjectAccessReview>;

export const ResourceRule = authorization.type('ResourceRule', 'Things that may be done to resources.', {
  verbs: [1, required(list(string)), 'What may be done; * for everything.'],
  apiGroups: [2, list(string), 'Groups of the resources; * for all.'],
  resources: [3, list(string), 'The resources; * for all.'],
  resourceNames: [4, list(string), 'Objects that the rule is limited to; all when empty.'],
});
export type ResourceRule = Of<typeof ResourceRule>;

export const NonResourceRule = authorization.type('NonResourceRule', 'Things that may be done to paths that are no resources.', {
  verbs: [1, required(list(string)), 'HTTP verbs in lower case; * for all.'],
  nonResourceURLs: [2, list(string), 'The paths; a * at the end stands for whatever follows.'],
});
export type NonResourceRule = Of<typeof NonResourceRule>;

export const SelfSubjectRulesReviewSpec = authorization.type('SelfSubjectRulesReviewSpec', 'Where the asker\'s rights are looked up.', {
  namespace: [1, string, 'The namespace.'],
});
export type SelfSubjectRulesReviewSpec = Of<typeof SelfSubjectRulesReviewSpec>;

export const SubjectRulesReviewStatus = authorization.type('SubjectRulesReviewStatus', 'What may be done. For people to read: programs ask about each thing they do.', {
  resourceRules: [1, required(list(ResourceRule)), 'Rights on resources, in no order.'],
  nonResourceRules: [2, required(list(NonResourceRule)), 'Rights on other paths, in no order.'],
  incomplete: [3, required(bool), 'There may be more rights than these.'],
  evaluationError: [4, string, 'What went wrong on the way.'],
});
export type SubjectRulesReviewStatus = Of<typeof SubjectRulesReviewStatus>;

export const SelfSubjectRulesReview = authorization.kind('SelfSubjectRulesReview', 'Asks what one may do oneself in a namespace.', {
  spec: [2, required(SelfSubjectRulesReviewSpec), 'The question.'],
  status: [3, always(SubjectRulesReviewStatus), 'The answer.'],
}, { namespaced: false });
export type SelfSubjectRulesReview = KindOf<typeof SelfSubjectRulesReview>;
