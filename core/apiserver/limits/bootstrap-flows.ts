import type { FlowSchemaSpec, PolicyRulesWithSubjects, PriorityLevelConfigurationSpec, ResourcePolicyRule, Subject } from '#core/api/schema/flowcontrol-v1.ts';
import { authenticatedGroup, nodesGroup, unauthenticatedGroup } from '#core/api/user.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '#core/registry/rules/mandatory-flows.ts';

const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const systemAccount = (name: string): Subject => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } });

const controllerManager = user('system:kube-controller-manager');
const scheduler = user('system:kube-scheduler');

const everything = (...subjects: Subject[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
});

const keeping = (apiGroup: string, resource: string, namespace: string): ResourcePolicyRule =>
  ({ verbs: ['get', 'create', 'update'], apiGroups: [apiGroup], resources: [resource], namespaces: [namespace] });

type Distinguisher = 'ByUser' | 'ByNamespace' | undefined;

const schema = (level: string, matchingPrecedence: number, by: Distinguisher, ...rules: PolicyRulesWithSubjects[]): FlowSchemaSpec =>
  ({ priorityLevelConfiguration: { name: level }, matchingPrecedence, ...(by ? { distinguisherMethod: { type: by } } : {}), rules });

const level = (nominalConcurrencyShares: number, lendablePercent: number, queues: number, handSize: number): PriorityLevelConfigurationSpec => ({
  type: 'Limited',
  limited: { nominalConcurrencyShares, lendablePercent, limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } } },
});

/** The levels that a cluster begins with, in upstream's sizes. */
export const bootstrapLevels: ReadonlyMap<string, PriorityLevelConfigurationSpec> = new Map([
  ...mandatoryPriorityLevels,
  ['system', level(30, 33, 64, 6)],
  ['node-high', level(40, 25, 64, 6)],
  ['leader-election', level(10, 0, 16, 4)],
  ['workload-high', level(40, 50, 128, 6)],
  ['workload-low', level(100, 90, 128, 6)],
  ['global-default', level(20, 50, 128, 6)],
]);

/** The schemas that a cluster begins with: who belongs to which level. */
export const bootstrapSchemas: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  ...mandatoryFlowSchemas,
  ['probes', schema('exempt', 2, undefined, {
    subjects: [group(unauthenticatedGroup), group(authenticatedGroup)], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  })],
  ['system-leader-election', schema('leader-election', 100, 'ByUser', {
    subjects: [controllerManager, scheduler, systemAccount('*')], resourceRules: [keeping('coordination.k8s.io', 'leases', '*')],
  })],
  ['endpoint-controller', schema('workload-high', 150, 'ByUser', {
    subjects: [controllerManager, systemAccount('endpoint-controller'), systemAccount('endpointslicemirroring-controller')], resourceRules: [keeping('', 'endpoints', '*')],
  })],
  ['workload-leader-election', schema('leader-election', 200, 'ByUser', { subjects: [systemAccount('*')], resourceRules: [keeping('coordination.k8s.io', 'leases', '*')] })],
  ['system-node-high', schema('node-high', 400, 'ByUser', {
    subjects: [group(nodesGroup)],
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
    ],
  })],
  ['system-nodes', schema('system', 500, 'ByUser', everything(group(nodesGroup)))],
  ['kube-controller-manager', schema('workload-high', 800, 'ByNamespace', everything(controllerManager))],
  ['kube-scheduler', schema('workload-high', 800, 'ByNamespace', everything(scheduler))],
  ['kube-system-service-accounts', schema('workload-high', 900, 'ByNamespace', everything(systemAccount('*')))],
  ['service-accounts', schema('workload-low', 9000, 'ByUser', everything(group('system:serviceaccounts')))],
  ['global-default', schema('global-default', 9900, 'ByUser', everything(group(unauthenticatedGroup), group(authenticatedGroup)))],
]);
