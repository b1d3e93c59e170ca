import { groupVersion, type KindOf } from './kind.ts';
import { Condition, LabelSelector } from './meta.ts';
import { always, atomic, bytes, inline, int32, int64, keyed, list, merged, oneOf, pointer, required, set, string, withDefault, type Of } from './type.ts';

const admission = groupVersion('io.k8s.api.admissionregistration.v1', 'admissionregistration.k8s.io', 'v1');

const FailurePolicy = withDefault(oneOf('Fail', 'Ignore'), 'Fail');
const MatchPolicy = withDefault(oneOf('Equivalent', 'Exact'), 'Equivalent');

export const Rule = admission.type('Rule', 'Resources.', {
  apiGroups: [1, list(string), 'Groups of the resources; * alone for all.'],
  apiVersions: [2, list(string), 'Versions of the resources; * alone for all.'],
  resources: [3, list(string), 'Resources and subresources: pods, pods/log, pods/*, */scale; * for all resources, */* for all subresources too.'],
  scope: [4, withDefault(oneOf('*', 'Cluster', 'Namespaced'), '*'), 'Only cluster-wide objects, only those in namespaces, or both.'],
});
export type Rule = Of<typeof Rule>;

export const RuleWithOperations = admission.type('RuleWithOperations', 'Operations on resources.', {
  operations: [1, list(oneOf('*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE')), 'What is done; * alone for everything.'],
  rule: [2, inline(Rule)],
});
export type RuleWithOperations = Of<typeof RuleWithOperations>;

export const NamedRuleWithOperations = atomic(admission.type('NamedRuleWithOperations', 'Operations on resources or on some objects of theirs.', {
  resourceNames: [1, list(string), 'Names of the objects; all when empty.'],
  ruleWithOperations: [2, inline(RuleWithOperations)],
}));
export type NamedRuleWithOperations = Of<typeof NamedRuleWithOperations>;

export const MatchCondition = admission.type('MatchCondition', 'A further condition on a request.', {
  name: [1, required(string), 'Tells it from the others, in logs too.'],
  expression: [2, required(string), 'CEL over object, oldObject, request and authorizer that gives true or false.'],
});
export type MatchCondition = Of<typeof MatchCondition>;

export const ServiceReference = admission.type('ServiceReference', 'The service behind which a webhook stands.', {
  namespace: [1, required(string), 'Namespace of the Service.'],
  name: [2, required(string), 'Name of the Service.'],
  path: [3, pointer(string), 'Path of the webhook.'],
  port: [4, withDefault(pointer(int32), 443), 'Port of the Service, which speaks HTTPS.'],
});
export type ServiceReference = Of<typeof ServiceReference>;

export const WebhookClientConfig = admission.type('WebhookClientConfig', 'How a webhook is reached: by url or service.', {
  url: [3, pointer(string), 'Address of the webhook, https://host:port/path.'],
  service: [1, ServiceReference, 'The service behind which it stands.'],
  caBundle: [2, bytes, 'Authorities in PEM that sign its certificate; the system\'s own when absent.'],
});
export type WebhookClientConfig = Of<typeof WebhookClientConfig>;

/** What both kinds of webhooks have under the same protobuf numbers. */
const webhook = {
  name: [1, required(string), 'Fully qualified name, such as imagepolicy.example.com.'],
  clientConfig: [2, required(WebhookClientConfig), 'How it is reached.'],
  rules: [3, list(RuleWithOperations), 'Which requests it sees, by any of these.'],
  failurePolicy: [4, FailurePolicy, 'What becomes of a request when the webhook cannot be asked.'],
  matchPolicy: [9, MatchPolicy, 'Whether the rules also catch the same objects under other groups and versions.'],
  namespaceSelector: [5, always(LabelSelector), 'Labels of the namespaces whose objects it sees.'],
  sideEffects: [6, required(string), 'None or NoneOnDryRun.'],
  timeoutSeconds: [7, withDefault(pointer(int32), 10), 'Seconds to wait for its answer, from 1 to 30.'],
  admissionReviewVersions: [8, required(list(string)), 'Versions of AdmissionReview that it understands, the best first.'],
} as const;

export const ValidatingWebhook = admission.type('ValidatingWebhook', 'A webhook that allows or refuses requests.', {
  ...webhook,
  objectSelector: [10, always(LabelSelector), 'Labels of the objects that it sees, before or after the change.'],
  matchConditions: [11, merged(MatchCondition, ['name']), 'Further conditions, which must all hold.'],
});
export type ValidatingWebhook = Of<typeof ValidatingWebhook>;

export const ValidatingWebhookConfiguration = admission.kind('ValidatingWebhookConfiguration', 'Webhooks that allow or refuse requests.', {
  webhooks: [2, merged(ValidatingWebhook, ['name']), 'The webhooks.'],
}, { namespaced: false });
export type ValidatingWebhookConfiguration = KindOf<typeof ValidatingWebhookConfiguration>;

export const MutatingWebhook = admission.type('MutatingWebhook', 'A webhook that changes objects on their way.', {
  ...webhook,
  objectSelector: [11, always(LabelSelector), 'Labels of the objects that it sees, before or after the change.'],
  reinvocationPolicy: [10, withDefault(oneOf('IfNeeded', 'Never'), 'Never'), 'Whether it is asked again when others changed the object after it.'],
  matchConditions: [12, merged(MatchCondition, ['name']), 'Further conditions, which must all hold.'],
});
export type MutatingWebhook = Of<typeof MutatingWebhook>;

export const MutatingWebhookConfiguration = admission.kind('MutatingWebhookConfiguration', 'Webhooks that change objects on their way.', {
  webhooks: [2, merged(MutatingWebhook, ['name']), 'The webhooks.'],
}, { namespaced: false });
export type MutatingWebhookConfiguration = KindOf<typeof MutatingWebhookConfiguration>;

export const ParamKind = atomic(admission.type('ParamKind', 'The kind of a policy\'s parameters.', {
  apiVersion: [1, string, 'Group and version of the kind.'],
  kind: [2, string, 'The kind.'],
}));
export type ParamKind = Of<typeof ParamKind>;

export const ParamRef = atomic(admission.type('ParamRef', 'The objects that parameterize a policy: one by name, or all that a selector finds.', {
  name: [1, string, 'Name of the object.'],
  namespace: [2, string, 'Where to look; the request\'s namespace when empty.'],
  selector: [3, LabelSelector, 'Labels of the objects.'],
  parameterNotFoundAction: [4, oneOf('Allow', 'Deny'), 'What becomes of requests when there is none.'],
}));
export type ParamRef = Of<typeof ParamRef>;

export const MatchResources = atomic(admission.type('MatchResources', 'Which requests are meant; all conditions must hold.', {
  namespaceSelector: [1, always(LabelSelector), 'Labels of the objects\' namespaces.'],
  objectSelector: [2, always(LabelSelector), 'Labels of the objects, before or after the change.'],
  resourceRules: [3, list(NamedRuleWithOperations), 'Operations on resources, any of these.'],
  excludeResourceRules: [4, list(NamedRuleWithOperations), 'Operations that are not meant, though a rule catches them.'],
  matchPolicy: [7, MatchPolicy, 'Whether the rules also catch the same objects under other groups and versions.'],
}));
export type MatchResources = Of<typeof MatchResources>;

export const Variable = admission.type('Variable', 'A name for an expression, for use in others as variables.name.', {
  name: [1, required(string), 'The name, a CEL identifier.'],
  expression: [2, required(string), 'CEL over what the policy\'s other expressions see.'],
});
export type Variable = Of<typeof Variable>;

export const Validation = admission.type('Validation', 'One rule that requests must keep.', {
  expression: [1, required(string), 'CEL over object, oldObject, request, params, namespaceObject, authorizer and variables that gives true when all is well.'],
  message: [2, string, 'What the client is told otherwise; one line.'],
  reason: [3, oneOf('Forbidden', 'Invalid', 'RequestEntityTooLarge'), 'How the refusal is classed; Invalid when absent.'],
  messageExpression: [4, string, 'CEL that gives the message; wins over it.'],
});
export type Validation = Of<typeof Validation>;

export const AuditAnnotation = admission.type('AuditAnnotation', 'A note that is put into the audit log.', {
  key: [1, required(string), 'Its key, after the policy\'s name.'],
  valueExpression: [2, required(string), 'CEL that gives its text, or null for none.'],
});
export type AuditAnnotation = Of<typeof AuditAnnotation>;

export const ValidatingAdmissionPolicySpec = admission.type('ValidatingAdmissionPolicySpec', 'The rules, and which requests they are about.', {
  paramKind: [1, ParamKind, 'The kind of the policy\'s parameters, if it has any.'],
  matchConstraints: [2, MatchResources, 'Which requests the policy is about. Required.'],
  validations: [3, list(Validation), 'The rules, which must all be kept.'],
  failurePolicy: [4, FailurePolicy, 'What becomes of a request when an expression fails.'],
  auditAnnotations: [5, list(AuditAnnotation), 'Notes for the audit log.'],
  matchConditions: [6, merged(MatchCondition, ['name']), 'Further conditions on the requests, which must all hold.'],
  variables: [7, merged(Variable, ['name']), 'Names for expressions; each may use those before it.'],
});
export type ValidatingAdmissionPolicySpec = Of<typeof ValidatingAdmissionPolicySpec>;

export const ExpressionWarning = admission.type('ExpressionWarning', 'What the type checker has to say about an expression.', {
  fieldRef: [2, required(string), 'Path of the expression in the policy.'],
  warning: [3, required(string), 'What it found.'],
});
export type ExpressionWarning = Of<typeof ExpressionWarning>;

export const TypeChecking = admission.type('TypeChecking', 'What the type checker found.', {
  expressionWarnings: [1, list(ExpressionWarning), 'Its findings.'],
});
export type TypeChecking = Of<typeof TypeChecking>;

export const ValidatingAdmissionPolicyStatus = admission.type('ValidatingAdmissionPolicyStatus', 'How the policy stands.', {
  observedGeneration: [1, int64, 'The generation to which this speaks.'],
  typeChecking: [2, TypeChecking, 'Whether its expressions fit the types; absent until that was looked at.'],
  conditions: [3, keyed(Condition, 'type'), 'Aspects of its state.'],
});
export type ValidatingAdmissionPolicyStatus = Of<typeof ValidatingAdmissionPolicyStatus>;

export const ValidatingAdmissionPolicy = admission.kind('ValidatingAdmissionPolicy', 'Rules in CEL for requests; in force where a binding says so.', {
  spec: [2, always(ValidatingAdmissionPolicySpec), 'The rules, and which requests they are about.'],
  status: [3, always(ValidatingAdmissionPolicyStatus), 'How the policy stands.'],
}, { plural: 'validatingadmissionpolicies', namespaced: false });
export type ValidatingAdmissionPolicy = KindOf<typeof ValidatingAdmissionPolicy>;

export const ValidatingAdmissionPolicyBindingSpec = admission.type('ValidatingAdmissionPolicyBindingSpec', 'Which policy, with which parameters, for which requests.', {
  policyName: [1, required(string), 'Name of the ValidatingAdmissionPolicy.'],
  paramRef: [2, ParamRef, 'Its parameters.'],
  matchResources: [3, MatchResources, 'Narrows down the requests; all that the policy is about when absent.'],
  validationActions: [4, required(set(oneOf('Audit', 'Deny', 'Warn'))), 'What becomes of a request that breaks a rule. Not both Deny and Warn.'],
});
export type ValidatingAdmissionPolicyBindingSpec = Of<typeof ValidatingAdmissionPolicyBindingSpec>;

export const ValidatingAdmissionPolicyBinding = admission.kind('ValidatingAdmissionPolicyBinding', 'Puts a ValidatingAdmissionPolicy into force.', {
  spec: [2, always(ValidatingAdmissionPolicyBindingSpec), 'Which policy, with which parameters, for which requests.'],
}, { namespaced: false });
export type ValidatingAdmissionPolicyBinding = KindOf<typeof ValidatingAdmissionPolicyBinding>;

export const ApplyConfiguration = admission.type('ApplyConfiguration', 'A change that is merged as server-side apply would.', {
  expression: [1, string, 'CEL that gives an apply configuration.'],
});
export type ApplyConfiguration = Of<typeof ApplyConfiguration>;

export const JSONPatch = admission.type('JSONPatch', 'A change written as a JSON patch.', {
  expression: [1, string, 'CEL that gives a list of JSON patch operations.'],
});
export type JSONPatch = Of<typeof JSONPatch>;

export const Mutation = admission.type('Mutation', 'One change; the field that patchType names is set.', {
  patchType: [2, required(oneOf('ApplyConfiguration', 'JSONPatch')), 'How the change is written.'],
  applyConfiguration: [3, ApplyConfiguration, 'A change that is merged.'],
  jsonPatch: [4, JSONPatch, 'A change written as a JSON patch.'],
});
export type Mutation = Of<typeof Mutation>;

export const MutatingAdmissionPolicySpec = admission.type('MutatingAdmissionPolicySpec', 'The changes, and which requests they are made to.', {
  paramKind: [1, ParamKind, 'The kind of the policy\'s parameters, if it has any.'],
  matchConstraints: [2, MatchResources, 'Which requests the policy is about. Required.'],
  variables: [3, list(Variable), 'Names for expressions; each may use those before it.'],
  mutations: [4, list(Mutation), 'The changes, in this order.'],
  failurePolicy: [5, FailurePolicy, 'What becomes of a request when an expression fails.'],
  matchConditions: [6, merged(MatchCondition, ['name']), 'Further conditions on the requests, which must all hold.'],
  reinvocationPolicy: [7, withDefault(oneOf('IfNeeded', 'Never'), 'Never'), 'Whether the changes are made again when others changed the object after them.'],
});
export type MutatingAdmissionPolicySpec = Of<typeof MutatingAdmissionPolicySpec>;

export const MutatingAdmissionPolicy = admission.kind('MutatingAdmissionPolicy', 'Changes in CEL to objects on their way; in force where a binding says so.', {
  spec: [2, always(MutatingAdmissionPolicySpec), 'The changes, and which requests they are made to.'],
}, { plural: 'mutatingadmissionpolicies', namespaced: false });
export type MutatingAdmissionPolicy = KindOf<typeof MutatingAdmissionPolicy>;

export const MutatingAdmissionPolicyBindingSpec = admission.type('MutatingAdmissionPolicyBindingSpec', 'Which policy, with which parameters, for which requests.', {
  policyName: [1, string, 'Name of the MutatingAdmissionPolicy.'],
  paramRef: [2, ParamRef, 'Its parameters.'],
  matchResources: [3, MatchResources, 'Narrows down the requests; all that the policy is about when absent.'],
});
export type MutatingAdmissionPolicyBindingSpec = Of<typeof MutatingAdmissionPolicyBindingSpec>;

export const MutatingAdmissionPolicyBinding = admission.kind('MutatingAdmissionPolicyBinding', 'Puts a MutatingAdmissionPolicy into force.', {
  spec: [2, always(MutatingAdmissionPolicyBindingSpec), 'Which policy, with which parameters, for which requests.'],
}, { namespaced: false });
export type MutatingAdmissionPolicyBinding = KindOf<typeof MutatingAdmissionPolicyBinding>;
