import { groupVersion, type KindOf } from './kind.ts';
import { always, bool, int32, list, merged, oneOf, pointer, required, set, string, time, withDefault, type Of } from './type.ts';

const flowcontrol = groupVersion('io.k8s.api.flowcontrol.v1', 'flowcontrol.apiserver.k8s.io', 'v1');

export const UserSubject = flowcontrol.type('UserSubject', 'A user.', {
  name: [1, required(string), 'Name of the user; * for all.'],
});
export type UserSubject = Of<typeof UserSubject>;

export const GroupSubject = flowcontrol.type('GroupSubject', 'A group of users.', {
  name: [1, required(string), 'Name of the group; * for all.'],
});
export type GroupSubject = Of<typeof GroupSubject>;

export const ServiceAccountSubject = flowcontrol.type('ServiceAccountSubject', 'A service account.', {
  namespace: [1, required(string), 'Namespace of the account.'],
  name: [2, required(string), 'Name of the account; * for all of the namespace.'],
});
export type ServiceAccountSubject = Of<typeof ServiceAccountSubject>;

export const Subject = flowcontrol.type('Subject', 'Who sends a request; the field that kind names is set.', {
  kind: [1, required(oneOf('Group', 'ServiceAccount', 'User')), 'What is meant.'],
  user: [2, UserSubject, 'The user.'],
  group: [3, GroupSubject, 'The group.'],
  serviceAccount: [4, ServiceAccountSubject, 'The account.'],
});
export type Subject = Of<typeof Subject>;

export const ResourcePolicyRule = flowcontrol.type('ResourcePolicyRule', 'Requests to resources.', {
  verbs: [1, required(set(string)), 'What is done; * alone for everything.'],
  apiGroups: [2, required(set(string)), 'Groups of the resources; * alone for all.'],
  resources: [3, required(set(string)), 'Resources and subresources; * alone for all.'],
  clusterScope: [4, bool, 'Requests without a namespace count too.'],
  namespaces: [5, set(string), 'Namespaces of the requests; * alone for all.'],
});
export type ResourcePolicyRule = Of<typeof ResourcePolicyRule>;

export const NonResourcePolicyRule = flowcontrol.type('NonResourcePolicyRule', 'Requests to paths that are no resources.', {
  verbs: [1, required(set(string)), 'HTTP verbs in lower case; * alone for all.'],
  nonResourceURLs: [6, required(set(string)), 'Paths, whole or ending in /*; * alone for all.'],
});
export type NonResourcePolicyRule = Of<typeof NonResourcePolicyRule>;

export const PolicyRulesWithSubjects = flowcontrol.type('PolicyRulesWithSubjects', 'Requests of certain senders; a request matches by one subject and one rule.', {
  subjects: [1, required(list(Subject)), 'Who sends.'],
  resourceRules: [2, list(ResourcePolicyRule), 'Requests to resources.'],
  nonResourceRules: [3, list(NonResourcePolicyRule), 'Requests to other paths.'],
});
export type PolicyRulesWithSubjects = Of<typeof PolicyRulesWithSubjects>;

export const FlowDistinguisherMethod = flowcontrol.type('FlowDistinguisherMethod', 'How requests of a schema are told apart, so that they share fairly.', {
  type: [1, required(oneOf('ByNamespace', 'ByUser')), 'By what.'],
});
export type FlowDistinguisherMethod = Of<typeof FlowDistinguisherMethod>;

export const PriorityLevelConfigurationReference = flowcontrol.type('PriorityLevelConfigurationReference', 'Names a priority level.', {
  name: [1, required(string), 'Name of the PriorityLevelConfiguration.'],
});
export type PriorityLevelConfigurationReference = Of<typeof PriorityLevelConfigurationReference>;

export const FlowSchemaSpec = flowcontrol.type('FlowSchemaSpec', 'Which requests are treated how.', {
  priorityLevelConfiguration: [1, required(PriorityLevelConfigurationReference), 'The level that the requests belong to.'],
  matchingPrecedence: [2, withDefault(int32, 1000), 'Of several schemas that match, that with the lowest number wins; from 1 to 10000.'],
  distinguisherMethod: [3, FlowDistinguisherMethod, 'How the requests are told apart; all are one flow when absent.'],
  rules: [4, list(PolicyRulesWithSubjects), 'The requests that match, by any of these.'],
});
export type FlowSchemaSpec = Of<typeof FlowSchemaSpec>;

const condition = {
  type: [1, required(string), 'Name of the aspect.'],
  status: [2, oneOf('True', 'False', 'Unknown'), 'Whether it holds.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
} as const;

export const FlowSchemaCondition = flowcontrol.type('FlowSchemaCondition', 'One aspect of a schema\'s state.', condition);
export type FlowSchemaCondition = Of<typeof FlowSchemaCondition>;

export const FlowSchemaStatus = flowcontrol.type('FlowSchemaStatus', 'How the schema stands.', {
  conditions: [1, merged(FlowSchemaCondition, ['type']), 'Aspects of its state, such as Dangling.'],
});
export type FlowSchemaStatus = Of<typeof FlowSchemaStatus>;

export const FlowSchema = flowcontrol.kind('FlowSchema', 'Sorts requests into flows, and these into priority levels.', {
  spec: [2, always(FlowSchemaSpec), 'Which requests are treated how.'],
  status: [3, always(FlowSchemaStatus), 'How the schema stands.'],
}, { namespaced: false });
export type FlowSchema = KindOf<typeof FlowSchema>;

export const QueuingConfiguration = flowcontrol.type('QueuingConfiguration', 'How requests wait that cannot be served at once.', {
  queues: [1, withDefault(int32, 64), 'Number of queues of the level.'],
  handSize: [2, withDefault(int32, 8), 'Number of queues among which a flow picks the shortest.'],
  queueLengthLimit: [3, withDefault(int32, 50), 'Requests that one queue holds; more are turned away.'],
});
export type QueuingConfiguration = Of<typeof QueuingConfiguration>;

export const LimitResponse = flowcontrol.type('LimitResponse', 'What becomes of requests beyond the limit.', {
  type: [1, required(oneOf('Queue', 'Reject')), 'Whether they wait or are turned away.'],
  queuing: [2, QueuingConfiguration, 'How they wait. Only for Queue.'],
});
export type LimitResponse = Of<typeof LimitResponse>;

export const LimitedPriorityLevelConfiguration = flowcontrol.type('LimitedPriorityLevelConfiguration', 'How many requests are served at a time.', {
  nominalConcurrencyShares: [1, withDefault(pointer(int32), 30), 'This level\'s part of the server\'s limit, against the sum of all levels\' parts.'],
  limitResponse: [2, always(LimitResponse), 'What becomes of requests beyond the limit.'],
  lendablePercent: [3, withDefault(pointer(int32), 0), 'Percentage of its part that others may borrow.'],
  borrowingLimitPercent: [4, pointer(int32), 'How much it may borrow, as a percentage of its own part; no limit when absent.'],
});
export type LimitedPriorityLevelConfiguration = Of<typeof LimitedPriorityLevelConfiguration>;

export const ExemptPriorityLevelConfiguration = flowcontrol.type('ExemptPriorityLevelConfiguration', 'What a level without a limit takes and lends.', {
  nominalConcurrencyShares: [1, withDefault(pointer(int32), 0), 'What it is reckoned to take of the server\'s limit.'],
  lendablePercent: [2, withDefault(pointer(int32), 0), 'Percentage of that which others may borrow.'],
});
export type ExemptPriorityLevelConfiguration = Of<typeof ExemptPriorityLevelConfiguration>;

export const PriorityLevelConfigurationSpec = flowcontrol.type('PriorityLevelConfigurationSpec', 'Whether and how requests of the level are limited.', {
  type: [1, required(oneOf('Exempt', 'Limited')), 'Whether there is a limit.'],
  limited: [2, LimitedPriorityLevelConfiguration, 'The limit. Only for Limited.'],
  exempt: [3, ExemptPriorityLevelConfiguration, 'What it takes and lends. Only for Exempt.'],
});
export type PriorityLevelConfigurationSpec = Of<typeof PriorityLevelConfigurationSpec>;

export const PriorityLevelConfigurationCondition = flowcontrol.type('PriorityLevelConfigurationCondition', 'One aspect of a level\'s state.', condition);
export type PriorityLevelConfigurationCondition = Of<typeof PriorityLevelConfigurationCondition>;

export const PriorityLevelConfigurationStatus = flowcontrol.type('PriorityLevelConfigurationStatus', 'How the level stands.', {
  conditions: [1, merged(PriorityLevelConfigurationCondition, ['type']), 'Aspects of its state.'],
});
export type PriorityLevelConfigurationStatus = Of<typeof PriorityLevelConfigurationStatus>;

export const PriorityLevelConfiguration = flowcontrol.kind('PriorityLevelConfiguration', 'A level of importance of requests, with a limit of its own.', {
  spec: [2, always(PriorityLevelConfigurationSpec), 'Whether and how requests of the level are limited.'],
  status: [3, always(PriorityLevelConfigurationStatus), 'How the level stands.'],
}, { namespaced: false });
export type PriorityLevelConfiguration = KindOf<typeof PriorityLevelConfiguration>;
