import type { KindNames } from '#core/api/schema/kind.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const podSpec = { containers: [{ name: 'c', image: 'nginx', ports: [{ containerPort: 80 }], resources: { requests: { cpu: '100m' } } }] };
const template = { metadata: { labels: { app: 'web' } }, spec: podSpec };
const jobSpec = { template: { spec: { ...podSpec, restartPolicy: 'Never' } } };
const workload = { selector: { matchLabels: { app: 'web' } }, template };
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const viewRole = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const bindingOf = { roleRef: viewRole, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'a' }] };
/** Nothing that the fuzzer writes elsewhere. */
const someRules = [{ apiGroups: ['x.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['xs'] }];
const webhooks = [{ name: 'a.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'https://127.0.0.1:1/x' }, rules: someRules, matchConditions: [{ name: 'm', expression: 'request.name != "x"' }] }];
const devices = { requests: [{ name: 'r', exactly: { deviceClassName: 'd', selectors: [{ cel: { expression: 'device.driver == "d.example.com"' } }] } }] };

/** `openssl req -new` for CN=x, as PEM. */
const signingRequest = `-----BEGIN CERTIFICATE REQUEST-----
MIHGMG4CAQAwDDEKMAgGA1UEAxMBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BOgtlOVk2rH/O9bs+65TXi7Q7G8jf+DeIIgte9RW4w9lvcfjTZqd0ixxYjNGuGkM
WvnayBptwqJcFIcUrAFmDoagADAKBggqhkjOPQQDAgNIADBFAiEAnBDakwvJEieA
YU9MZm8wZfsTq2LS2NTQJuRV2TvNcYsCIH9Ajqw0oNuWVS/6o2aOj+O02KTAi5+P
2DLAbnJX3Lmz
-----END CERTIFICATE REQUEST-----
`;

/** By plural. */
const content: Readonly<Record<string, object>> = {
  bindings: { target: { kind: 'Node', name: 'n' } }, configmaps: { data: { a: '1' }, binaryData: { b: base64('\u0000') } }, endpoints: { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] },
  limitranges: { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } }, namespaces: {}, nodes: { spec: { podCIDR: '10.2.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] } },
  persistentvolumeclaims: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  persistentvolumes: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
  pods: { spec: podSpec }, podtemplates: { template }, replicationcontrollers: { spec: { selector: { app: 'web' }, template } }, resourcequotas: { spec: { hard: { pods: '1000000' } } },
  secrets: { stringData: { a: '1' } }, serviceaccounts: { automountServiceAccountToken: false }, services: { spec: { ports: [{ port: 80 }], selector: { app: 'web' } } },
  controllerrevisions: { revision: 1, data: { a: 1 } }, deployments: { spec: workload }, replicasets: { spec: workload }, daemonsets: { spec: workload }, statefulsets: { spec: { ...workload, serviceName: 's' } },
  jobs: { spec: jobSpec }, cronjobs: { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: jobSpec } } },
  poddisruptionbudgets: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'never' } } } }, leases: { spec: { holderIdentity: 'a', renewTime: '2026-01-01T00:00:00.000000Z' } },
  endpointslices: { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 80 }] },
  ingressclasses: { spec: { controller: 'example.com/c' } }, ingresses: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
  networkpolicies: { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] } }, servicecidrs: { spec: { cidrs: ['10.77.0.0/24'] } },
  ipaddresses: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } } }, runtimeclasses: { handler: 'runc' },
  deviceclasses: { spec: { selectors: [{ cel: { expression: 'device.driver == "d.example.com"' } }] } }, resourceclaims: { spec: { devices } }, resourceclaimtemplates: { spec: { spec: { devices } } },
  resourceslices: { spec: { driver: 'd.example.com', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, devices: [{ name: 'gpu', attributes: { a: { string: 'x' } } }] } },
  priorityclasses: { value: 5 }, csidrivers: { spec: { attachRequired: false } }, csinodes: { spec: { drivers: [{ name: 'd.example.com', nodeID: 'n' }] } },
  csistoragecapacities: { storageClassName: 's', capacity: '1Gi' }, storageclasses: { provisioner: 'example.com/p' },
  volumeattachments: { spec: { attacher: 'example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } } }, volumeattributesclasses: { driverName: 'd.example.com', parameters: { a: 'b' } },
  selfsubjectreviews: {}, tokenreviews: { spec: { token: 'x' } }, localsubjectaccessreviews: { spec: { user: 'u', resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } } },
  selfsubjectaccessreviews: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } }, selfsubjectrulesreviews: { spec: { namespace: 'default' } },
  subjectaccessreviews: { spec: { user: 'u', nonResourceAttributes: { verb: 'get', path: '/x' } } },
  clusterrolebindings: bindingOf, clusterroles: { rules, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }, rolebindings: bindingOf, roles: { rules },
  certificatesigningrequests: { spec: { request: base64(signingRequest), signerName: 'example.com/one', usages: ['client auth'] } },
  mutatingwebhookconfigurations: { webhooks }, validatingwebhookconfigurations: { webhooks },
  validatingadmissionpolicies: {
    spec: {
      matchConstraints: { resourceRules: someRules }, variables: [{ name: 'a', expression: 'object.a + 1' }], matchConditions: [{ name: 'm', expression: 'has(object.a)' }],
      validations: [{ expression: 'variables.a > 1', messageExpression: "'is ' + string(object.a)" }], auditAnnotations: [{ key: 'k', valueExpression: "'v'" }],
    },
  },
  validatingadmissionpolicybindings: { spec: { policyName: 'p', validationActions: ['Deny'], matchResources: { resourceRules: someRules } } },
  flowschemas: { spec: { priorityLevelConfiguration: { name: 'global-default' }, matchingPrecedence: 5000, rules: [{ subjects: [{ kind: 'User', user: { name: 'nobody' } }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }] } },
  prioritylevelconfigurations: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Queue', queuing: { queues: 8, handSize: 4, queueLengthLimit: 10 } } } } },
};

/** What depends on the name or the version. */
function special({ plural, group, version }: KindNames, name: string): object | undefined {
  switch (plural) {
    case 'events': return group === ''
      ? { involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' }, reason: 'Tested', type: 'Normal' }
      : { regarding: { kind: 'Pod', namespace: 'default', name: 'web' }, reason: 'Tested', action: 'Test', type: 'Normal', reportingController: 'example.com/c', reportingInstance: 'i', eventTime: '2026-01-01T00:00:00.000000Z' };
    case 'apiservices': return { spec: { version: 'v1', group: name.replace(/^v1\./, ''), groupPriorityMinimum: 100, versionPriority: 100, service: { namespace: 'default', name: 'extension' }, insecureSkipTLSVerify: true } };
    case 'horizontalpodautoscalers': return {
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, ...(version === 'v1' ? { targetCPUUtilizationPercentage: 50 } : { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }] }) },
    };
    default: return undefined;
  }
}

/** What a sound object of a kind says besides its metadata; undefined for kinds of others. */
export function soundContent(kind: KindNames, name: string): Record<string, unknown> | undefined {
  const found = special(kind, name) ?? (Object.hasOwn(content, kind.plural) ? content[kind.plural] : undefined);
  return found && structuredClone(found) as Record<string, unknown>;
}

/** Names that a kind's objects may have: few, so that requests meet what others made. */
export function soundName({ plural }: KindNames, number: number): string {
  switch (plural) {
    case 'customresourcedefinitions': return `f${number}s.fuzz.example.com`;
    case 'apiservices': return `v1.f${number}.extension.example.com`;
    case 'ipaddresses': return `10.77.1.${number}`;
    default: return `f${number}`;
  }
}
