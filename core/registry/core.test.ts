import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { configMaps } from './configmaps.ts';
import { leases } from './leases.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { changed, created, creationFindings, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';
import { resourceQuotas } from './resourcequotas.ts';
import { builtInResources } from './resources.ts';
import { secrets } from './secrets.ts';
import { serviceAccounts } from './serviceaccounts.ts';

const metadata = { name: 'a', namespace: 'ns' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('builtInResources', () => {
  it('lists every kind once, with its short names', () => {
    const groups = new Map<string, string[]>();
    for (const { kind, shortNames = [] } of builtInResources) {
      const version = `${kind.group}/${kind.version}`;
      groups.set(version, [...(groups.get(version) ?? []), [kind.kind, ...shortNames].join(' ')]);
    }
    expect(Object.fromEntries([...groups].map(([version, kinds]) => [version, kinds.sort().join(', ')]))).to.deep.equal({
      '/v1': 'Binding, ComponentStatus cs, ConfigMap cm, Endpoints ep, Event ev, LimitRange limits, Namespace ns, Node no, PersistentVolume pv, PersistentVolumeClaim pvc, Pod po, PodTemplate, '
        + 'ReplicationController rc, ResourceQuota quota, Secret, Service svc, ServiceAccount sa',
      'apps/v1': 'ControllerRevision, DaemonSet ds, Deployment deploy, ReplicaSet rs, StatefulSet sts',
      'batch/v1': 'CronJob cj, Job',
      'autoscaling/v2': 'HorizontalPodAutoscaler hpa',
      'autoscaling/v1': 'HorizontalPodAutoscaler hpa',
      'policy/v1': 'PodDisruptionBudget pdb',
      'coordination.k8s.io/v1': 'Lease',
      'discovery.k8s.io/v1': 'EndpointSlice',
      'events.k8s.io/v1': 'Event ev',
      'networking.k8s.io/v1': 'IPAddress ip, Ingress ing, IngressClass, NetworkPolicy netpol, ServiceCIDR',
      'node.k8s.io/v1': 'RuntimeClass',
      'resource.k8s.io/v1': 'DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice',
      'scheduling.k8s.io/v1': 'PriorityClass pc',
      'storage.k8s.io/v1': 'CSIDriver, CSINode, CSIStorageCapacity, StorageClass sc, VolumeAttachment, VolumeAttributesClass vac',
      'apiextensions.k8s.io/v1': 'CustomResourceDefinition crd crds',
      'authentication.k8s.io/v1': 'SelfSubjectReview, TokenReview',
      'authorization.k8s.io/v1': 'LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview',
      'rbac.authorization.k8s.io/v1': 'ClusterRole, ClusterRoleBinding, Role, RoleBinding',
      'certificates.k8s.io/v1': 'CertificateSigningRequest csr',
      'admissionregistration.k8s.io/v1': 'MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration',
      'apiregistration.k8s.io/v1': 'APIService',
      'flowcontrol.apiserver.k8s.io/v1': 'FlowSchema, PriorityLevelConfiguration',
    });
    expect(builtInResources.filter(({ categories }) => categories?.includes('all')).map(({ kind }) => kind.kind)).to.deep.equal([
      'Pod', 'ReplicationController', 'Service', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'CronJob', 'Job',
      'HorizontalPodAutoscaler', 'HorizontalPodAutoscaler',
    ]);
  });
});

describe('namespaces', () => {
  it('are never deleted all at once', () => expect(namespaces.verbs).to.include('delete').and.not.include('deletecollection'));

  const namespace = { metadata: { name: 'team-a' } };
  judgesCreation(namespaces, namespace, [
    ['metadata.name', 'team.a', 'metadata.name: Invalid'],
    ['spec.finalizers', ['example.com/a']],
    ['spec.finalizers', ['mine'], 'spec.finalizers: Invalid'],
  ]);
  judgesStatus(namespaces, namespace, [
    ['status.phase', 'Active'],
    ['status.phase', 'Terminating', 'status.Phase: Invalid'],
  ]);

  it('is born Active, with the finalizer of its content and its name as a label', () => {
    const born = created(namespaces, { metadata: { name: 'team-a', labels: { 'kubernetes.io/metadata.name': 'other', x: 'y' } }, status: { phase: 'Terminating' } }) as Namespace;
    expect([born.spec, born.status, born.metadata.labels]).to.deep.equal([
      { finalizers: ['kubernetes'] }, { phase: 'Active' }, { 'kubernetes.io/metadata.name': 'team-a', x: 'y' },
    ]);
  });

  it('keeps the finalizers and the label on update, and is Terminating once it is deleted', () => {
    const old = created(namespaces, namespace) as Namespace;
    const next = changed(changed(old, 'spec.finalizers', []), 'metadata.labels', {}) as Namespace;
    namespaces.prepareForUpdate?.(next, old);
    expect([next.spec, next.metadata.labels]).to.deep.equal([old.spec, old.metadata.labels]);
    namespaces.prepareForDelete?.(next);
    expect(next.status.phase).to.equal('Terminating');
  });

  it('prints what kubectl users know', () => {
    expect(`${header(namespaces)} / ${row(namespaces, namespace)}`).to.equal('NAME | STATUS | AGE / team-a | Active | <unknown>');
  });
});

describe('nodes', () => {
  const node = { metadata: { name: 'n1' }, spec: { podCIDR: '10.0.0.0/24', providerID: 'local://n1' } };
  const taint = { key: 'a', value: 'b', effect: 'NoSchedule' };
  judgesCreation(nodes, node, [
    ['spec.taints', [taint, { ...taint, effect: 'NoExecute' }]],
    ['spec.taints', [taint, taint], 'spec.taints[1]: Duplicate'],
    ['spec.taints', [{ ...taint, key: '' }], 'spec.taints[0].key: Invalid'],
    ['spec.taints', [{ ...taint, value: 'a b' }], 'spec.taints[0].value: Invalid'],
    ['spec.taints', [{ ...taint, effect: 'Never' }], 'spec.taints[0].effect: NotSupported'],
    ['spec.podCIDR', '10.0.0.0', 'spec.podCIDRs[0]: Invalid'],
    ['spec.podCIDR', '10.0.0.0/33', 'spec.podCIDRs[0]: Invalid'],
    ['spec', { podCIDRs: ['10.0.0.0/24', 'fd00::/64'] }],
    ['spec', { podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] }, 'spec.podCIDRs: Invalid'],
    ['status.capacity', { pods: '1500m' }, 'status.capacity.pods: Invalid', 'status.allocatable.pods: Invalid'],
    ['status.capacity', { cpu: '-1' }, 'status.capacity.cpu: Invalid', 'status.allocatable.cpu: Invalid'],
  ]);
  judgesUpdate(nodes, node, [
    ['spec.podCIDR', '10.0.1.0/24', 'spec.podCIDRs: Forbidden'],
    ['spec.providerID', 'other', 'spec.providerID: Forbidden'],
    ['spec.unschedulable', true],
    ['spec.taints', [taint]],
  ]);
  judgesStatus(nodes, node, [
    ['status', { capacity: { cpu: '2' }, addresses: [{ type: 'InternalIP', address: '10.0.0.1' }, { type: 'Hostname', address: 'n1' }] }],
    ['status.addresses', [{ type: 'InternalIP', address: '10.0.0.1' }, { type: 'InternalIP', address: '10.0.0.1' }], 'status.addresses[1]: Duplicate'],
  ]);

  it('fills in what follows from other fields', () => {
    const { spec, status } = created(nodes, { metadata: { name: 'n' }, spec: { podCIDRs: ['10.0.0.0/24'] }, status: { capacity: { cpu: '2' } } }) as Node;
    expect([spec.podCIDR, status.allocatable]).to.deep.equal(['10.0.0.0/24', { cpu: '2' }]);
  });

  it('prints what kubectl users know', () => {
    expect(header(nodes)).to.equal(
      'NAME | STATUS | ROLES | AGE | VERSION | (INTERNAL-IP) | (EXTERNAL-IP) | (OS-IMAGE) | (KERNEL-VERSION) | (CONTAINER-RUNTIME)');
    const full = {
      metadata: { name: 'n1', creationTimestamp: '2026-01-02T11:58:01Z', labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1.33.0', osImage: 'Debian 12', kernelVersion: '6.1' },
      },
    };
    expect(row(nodes, full, true)).to.equal('n1 | Ready,SchedulingDisabled | control-plane,worker | 119s | v1.33.0 | 10.0.0.1 | <none> | Debian 12 | 6.1 | <unknown>');
    expect(row(nodes, node)).to.equal('n1 | Unknown | <none> | <unknown> | ');
    expect(row(nodes, { ...node, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } })).to.equal('n1 | NotReady | <none> | <unknown> | ');
  });
});

describe('configMaps', () => {
  const configMap = { metadata, data: { a: 'x' }, binaryData: { b: 'AAAA' } };
  judgesCreation(configMaps, configMap, [
    ['data', { 'a.b_c-D': '' }],
    ['data', { 'a b': '' }, 'data[a b]: Invalid'],
    ['data', { '..': '' }, 'data[..]: Invalid'],
    ['data', { b: '' }, 'data[b]: Invalid'],
    ['binaryData', { 'a/b': '' }, 'binaryData[a/b]: Invalid'],
    ['data', { a: 'ä'.repeat(524288 - 2) }],
    ['data', { a: 'ä'.repeat(524288) }, ': TooLong'],
  ]);
  judgesUpdate(configMaps, configMap, [['data.a', 'y'], ['immutable', true]]);
  judgesUpdate(configMaps, { ...configMap, immutable: true }, [
    ['data.a', 'y', 'data: Forbidden'],
    ['binaryData', undefined, 'binaryData: Forbidden'],
    ['immutable', undefined, 'immutable: Forbidden'],
    ['metadata.labels', { a: 'b' }],
  ]);

  it('prints what kubectl users know', () => {
    expect(`${header(configMaps)} / ${row(configMaps, configMap)}`).to.equal('NAME | DATA | AGE / a | 2 | <unknown>');
  });
});

describe('secrets', () => {
  const secret = { metadata, data: { a: 'eA==' } };
  judgesCreation(secrets, secret, [
    ['data', { 'a b': '' }, 'data[a b]: Invalid'],
    ['stringData', { 'a b': '' }, 'data[a b]: Invalid'],
    ['data', { a: base64('x'.repeat(1048576)) }],
    ['data', { a: base64('x'.repeat(1048577)) }, 'data: TooLong'],
    ['type', 'example.com/anything'],
    ['type', 'kubernetes.io/tls', 'data[tls.crt]: Required', 'data[tls.key]: Required'],
    ['type', 'kubernetes.io/ssh-auth', 'data[ssh-privatekey]: Required'],
    ['type', 'kubernetes.io/basic-auth', 'data[username]: Required', 'data[password]: Required'],
    ['type', 'kubernetes.io/dockercfg', 'data[.dockercfg]: Required'],
    ['type', 'kubernetes.io/dockerconfigjson', 'data[.dockerconfigjson]: Required'],
    ['type', 'kubernetes.io/service-account-token', 'metadata.annotations[kubernetes.io/service-account.name]: Required'],
  ]);
  for (const [type, stringData, ...expected] of [
    ['kubernetes.io/tls', { 'tls.crt': '', 'tls.key': '' }],
    ['kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }, 'data[ssh-privatekey]: Required'],
    ['kubernetes.io/basic-auth', { password: '' }],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '{"auths":{}}' }],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': 'hunter2' }, 'data[.dockerconfigjson]: Invalid'],
    ['kubernetes.io/dockercfg', { '.dockercfg': '[1]' }, 'data[.dockercfg]: Invalid'],
  ] as const) {
    it(`${expected.length === 0 ? 'accepts' : 'refuses'} ${type} with ${JSON.stringify(stringData)}`, () => {
      expect(creationFindings(secrets, { metadata, type, stringData })).to.deep.equal(expected);
    });
  }
  judgesUpdate(secrets, secret, [['type', 'other', 'type: Invalid'], ['data.a', 'eQ==']]);
  judgesUpdate(secrets, { ...secret, immutable: true }, [['data.a', 'eQ==', 'data: Forbidden'], ['stringData', { b: '' }, 'data: Forbidden']]);

  it('turns text into bytes, and never shows the text again', () => {
    expect(created(secrets, { ...secret, stringData: { a: 'ä', b: '' } })).to.deep.include({ data: { a: base64('ä'), b: '' } }).and.not.have.property('stringData');
  });

  it('never quotes a secret in an error', () => {
    const errors = new FieldErrors();
    secrets.validate?.(created(secrets, { metadata, type: 'kubernetes.io/dockercfg', stringData: { '.dockercfg': 'hunter2' } }), errors);
    expect(errors.toString()).to.contain('<secret contents redacted>').and.not.contain('hunter2');
  });

  it('prints what kubectl users know', () => {
    expect(`${header(secrets)} / ${row(secrets, secret)}`).to.equal('NAME | TYPE | DATA | AGE / a | Opaque | 1 | <unknown>');
  });
});

describe('serviceAccounts', () => {
  it('keeps only the names of secrets', () => {
    const account = { metadata, secrets: [{ name: 's', namespace: 'other', kind: 'Secret' }] };
    expect(created(serviceAccounts, account)).to.have.deep.property('secrets', [{ name: 's' }]);
    expect(`${header(serviceAccounts)} / ${row(serviceAccounts, account)}`).to.equal('NAME | SECRETS | AGE / a | 1 | <unknown>');
  });
});

describe('resourceQuotas', () => {
  const quota = { metadata, spec: { hard: { pods: '10', 'requests.storage': '10Gi', 'count/jobs.batch': '3', 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' } } };
  const ofPods = { hard: { pods: '10', 'limits.cpu': '2' } };
  judgesCreation(resourceQuotas, quota, [
    ['spec.hard', { widgets: '1' }, 'spec.hard[widgets]: Invalid', 'spec.hard[widgets]: Invalid'],
    ['spec.hard', { 'a b': '1' }, 'spec.hard[a b]: Invalid', 'spec.hard[a b]: Invalid'],
    ['spec.hard', { pods: '-1' }, 'spec.hard[pods]: Invalid'],
    ['spec.hard', { pods: '1500m' }, 'spec.hard[pods]: Invalid'],
    ['spec.hard', { 'requests.cpu': '1500m' }],
    ['spec.hard', { 'count/pods': '500m' }, 'spec.hard[count/pods]: Invalid'],
    ['spec', { ...ofPods, scopes: ['NotTerminating', 'NotBestEffort'] }],
    ['spec', { ...ofPods, scopes: ['Sleepy'] }, 'spec.scopes: Invalid'],
    ['spec', { ...ofPods, scopes: ['BestEffort'] }, 'spec.scopes: Invalid'],
    ['spec', { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] }, 'spec.scopes: Invalid'],
    ['spec.scopes', ['Terminating'], 'spec.scopes: Invalid'],
    ['spec', { ...ofPods, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } }],
    ['spec', { ...ofPods, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } }, 'spec.scopeSelector.matchExpressions[0].values: Required'],
    ['spec', { ...ofPods, scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'DoesNotExist' }] } }, 'spec.scopeSelector.matchExpressions[0].operator: Invalid'],
    ['spec', { ...ofPods, scopeSelector: { matchExpressions: [{ scopeName: 'Sleepy', operator: 'Near' }] } },
      'spec.scopeSelector.matchExpressions[0].scopeName: Invalid', 'spec.scopeSelector.matchExpressions[0].operator: Invalid'],
  ]);
  judgesUpdate(resourceQuotas, { metadata, spec: { ...ofPods, scopes: ['NotTerminating'] } }, [
    ['spec.scopes', undefined, 'spec.scopes: Invalid'],
    ['spec.hard', { pods: '20' }],
  ]);
  judgesStatus(resourceQuotas, quota, [['status', { hard: { pods: '1' }, used: { pods: '-1' } }, 'status.used[pods]: Invalid']]);

  it('prints what kubectl users know', () => {
    const status = { hard: { pods: '10', 'limits.cpu': '2', 'requests.storage': '10Gi' }, used: { pods: '3', 'limits.cpu': '500m' } };
    expect(`${header(resourceQuotas)} / ${row(resourceQuotas, { ...quota, status })}`)
      .to.equal('NAME | REQUEST | LIMIT | AGE / a | pods: 3/10, requests.storage: 0/10Gi | limits.cpu: 500m/2 | <unknown>');
  });
});

describe('leases', () => {
  const lease = { metadata, spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } };
  judgesCreation(leases, lease, [
    ['spec.leaseDurationSeconds', 0, 'spec.leaseDurationSeconds: Invalid'],
    ['spec.leaseTransitions', -1, 'spec.leaseTransitions: Invalid'],
    ['spec.strategy', 'OldestEmulationVersion'],
    ['spec.strategy', 'example.com/mine'],
    ['spec.strategy', 'Newest', 'spec.strategy: NotSupported'],
    ['spec.preferredHolder', 'you', 'spec.preferredHolder: Forbidden'],
  ]);

  it('prints what kubectl users know', () => {
    expect(`${header(leases)} / ${row(leases, lease)}`).to.equal('NAME | HOLDER | AGE / a | me | <unknown>');
  });
});
