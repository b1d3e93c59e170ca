import { expect } from 'chai';
import { FieldSelector } from '#core/api/field-selector.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { asks, StoreWorld, user } from '#test/fixtures/rbac-world.ts';
import { NodeAuthorizer } from './node-authorizer.ts';

const node = (name: string) => user(`system:node:${name}`, 'system:nodes', 'system:authenticated');
const n1 = node('n1');

const secretEnv = (name: string) => ({ name: 'v', valueFrom: { secretKeyRef: { name, key: 'k' } } });
const spec = {
  nodeName: 'n1', serviceAccountName: 'bot', imagePullSecrets: [{ name: 'pull' }],
  initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'init' } }, { configMapRef: { name: 'from' } }] }],
  containers: [{ name: 'c', env: [secretEnv('env'), { name: 'w', valueFrom: { configMapKeyRef: { name: 'map', key: 'k' } } }] }],
  ephemeralContainers: [{ name: 'e', env: [secretEnv('debug')] }],
  volumes: [
    { name: 'a', secret: { secretName: 'volume' } }, { name: 'b', configMap: { name: 'files' } },
    { name: 'c', projected: { sources: [{ secret: { name: 'part' } }, { configMap: { name: 'chapter' } }] } },
    { name: 'd', persistentVolumeClaim: { claimName: 'data' } }, { name: 'scratch', ephemeral: {} }, { name: 'f', csi: { driver: 'd', nodePublishSecretRef: { name: 'publish' } } },
    { name: 'g', cephfs: { monitors: [], secretRef: { name: 'ceph' } } },
  ],
  resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }, { name: 'nic', resourceClaimName: 'shared-nic' }],
};
const status = { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'web-gpu-x' }] };

describe('NodeAuthorizer', () => {
  let world: StoreWorld;
  let authorizer: NodeAuthorizer;

  beforeEach(async () => {
    world = await StoreWorld.start();
    authorizer = new NodeAuthorizer(world.objects);
  });
  afterEach(() => world.stop());

  const may = (text: string, who = n1): boolean => authorizer.authorize(asks(who, text)).allowed;
  const reason = (text: string, who = n1): string => authorizer.authorize(asks(who, text)).reason;
  const web = (changes: object = {}, name = 'web', metadata: object = {}) =>
    world.put(Pod, { metadata: { name, namespace: 'ns', ...metadata }, spec: { ...spec, ...changes }, status });

  const needed = [
    ...['pull', 'init', 'env', 'debug', 'volume', 'part', 'publish', 'ceph'].map((name) => `get ns/secrets=${name}`),
    ...['from', 'map', 'files', 'chapter'].map((name) => `watch ns/configmaps=${name}`),
    'get ns/persistentvolumeclaims=data', 'get ns/persistentvolumeclaims=web-scratch', 'update ns/persistentvolumeclaims+status=data',
    'get ns/resource.k8s.io:resourceclaims=web-gpu-x', 'get ns/resource.k8s.io:resourceclaims=shared-nic',
    'create ns/serviceaccounts+token=bot', 'get ns/serviceaccounts=bot', 'get ns/pods=web',
  ];

  it('lets a node read what its pods refer to, wherever that stands in the pod, and no other node', async () => {
    await web();
    expect(needed.filter((text) => !may(text))).to.deep.equal([]);
    expect(needed.filter((text) => may(text, node('n2')))).to.deep.equal([]);
    expect(reason('get ns/secrets=env', node('n2'))).to.equal("no relationship found between node 'n2' and this object");
    expect(['get other/secrets=env', 'get ns/secrets=other', 'list ns/secrets', 'list secrets', 'delete ns/secrets=env', 'get ns/configmaps=env'].filter((text) => may(text))).to.deep.equal([]);
  });

  it('follows pods as they are bound, change and go, and counts those that share an object', async () => {
    await web({ nodeName: '' });
    expect(may('get ns/secrets=env')).to.equal(false);
    await web();
    await web({}, 'second');
    expect(may('get ns/secrets=env')).to.equal(true);
    await world.remove(Pod, 'web', 'ns');
    expect([may('get ns/secrets=env'), may('get ns/persistentvolumeclaims=web-scratch')]).to.deep.equal([true, false]);
    await web({ containers: [] }, 'second');
    expect([may('get ns/secrets=env'), may('get ns/secrets=pull')]).to.deep.equal([false, true]);
    await world.remove(Pod, 'second', 'ns');
    expect(needed.filter((text) => may(text))).to.deep.equal([]);
  });

  it('gives nothing for mirror pods, which nodes make themselves', async () => {
    await web({}, 'web', { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    expect(needed.filter((text) => may(text))).to.deep.equal(['get ns/pods=web']);
  });

  it('leads from a claim to its volume and the secrets that mounting it needs', async () => {
    const csi = { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { name: 'stage', namespace: 'storage' }, controllerPublishSecretRef: { name: 'attach', namespace: 'storage' } };
    await world.put(PersistentVolume, { metadata: { name: 'pv-1' }, spec: { csi, claimRef: { namespace: 'ns', name: 'data' } } });
    expect([may('get persistentvolumes=pv-1'), may('get storage/secrets=stage')]).to.deep.equal([false, false]);
    await web();
    expect([may('get persistentvolumes=pv-1'), may('get storage/secrets=stage'), may('get storage/secrets=attach')]).to.deep.equal([true, true, false]);
    expect([may('get persistentvolumes=pv-1', node('n2')), may('list persistentvolumes'), may('update persistentvolumes=pv-1')]).to.deep.equal([false, false, false]);
    await world.put(PersistentVolume, { metadata: { name: 'pv-1' }, spec: { csi } });
    expect([may('get persistentvolumes=pv-1'), may('get storage/secrets=stage')]).to.deep.equal([false, false]);
  });

  it('lets a node see attachments and slices of its own only', async () => {
    await world.put(VolumeAttachment, { metadata: { name: 'va' }, spec: { nodeName: 'n1' } });
    await world.objects.create({ group: 'resource.k8s.io', plural: 'resourceslices' }, {
      apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 's', uid: '', resourceVersion: '', creationTimestamp: '' }, spec: { nodeName: 'n1' },
    } as never);
    const questions = ['get storage.k8s.io:volumeattachments=va', 'get resource.k8s.io:resourceslices=s', 'delete resource.k8s.io:resourceslices=s'];
    expect(questions.map((text) => [may(text), may(text, node('n2'))])).to.deep.equal([[true, false], [true, false], [true, false]]);
    expect([may('create resource.k8s.io:resourceslices'), may('list resource.k8s.io:resourceslices')]).to.deep.equal([true, false]);
    const listed = asks(n1, 'list resource.k8s.io:resourceslices', { fieldSelector: FieldSelector.parse('spec.nodeName=n1') });
    expect(authorizer.authorize(listed).allowed).to.equal(true);
  });

  it('lets a node list the pods that are bound to it, when it asks for no others', async () => {
    const list = (selector: string) => authorizer.authorize(asks(n1, 'list pods', { fieldSelector: FieldSelector.parse(selector) })).allowed;
    expect([list('spec.nodeName=n1'), list('spec.nodeName=n2'), list('spec.nodeName!=n1'), list('')]).to.deep.equal([true, false, false, false]);
    expect(reason('list pods')).to.equal('can only list/watch pods with spec.nodeName field selector');
    expect(['create ns/pods', 'delete ns/pods=x', 'update ns/pods+status=x', 'create ns/pods+eviction=x'].filter((text) => !may(text))).to.deep.equal([]);
    expect(['update ns/pods=x', 'create ns/pods+binding=x', 'get ns/pods+log=x', 'deletecollection ns/pods'].filter((text) => may(text))).to.deep.equal([]);
  });

  it('lets a node write its own Node, Lease and CSINode', () => {
    const yes = [
      'create nodes', 'get nodes=n1', 'watch nodes=n1', 'patch nodes+status=n1', 'create kube-node-lease/coordination.k8s.io:leases', 'update kube-node-lease/coordination.k8s.io:leases=n1',
      'create storage.k8s.io:csinodes', 'patch storage.k8s.io:csinodes=n1',
    ];
    const no = [
      'get nodes=n2', 'list nodes', 'delete nodes=n1', 'get nodes+proxy=n1', 'update kube-node-lease/coordination.k8s.io:leases=n2', 'update kube-system/coordination.k8s.io:leases=n1',
      'list kube-node-lease/coordination.k8s.io:leases', 'patch storage.k8s.io:csinodes=n2', 'list storage.k8s.io:csinodes', 'patch storage.k8s.io:csinodes+status=n1',
    ];
    expect(yes.filter((text) => !may(text))).to.deep.equal([]);
    expect(no.filter((text) => may(text))).to.deep.equal([]);
  });

  it('goes by the rules of all nodes for everything else', () => {
    expect(['list services', 'create certificates.k8s.io:certificatesigningrequests', 'create ns/events', 'list node.k8s.io:runtimeclasses'].filter((text) => !may(text))).to.deep.equal([]);
    expect(['create services', 'get /metrics', 'list apps:deployments'].filter((text) => may(text))).to.deep.equal([]);
  });

  it('has no opinion on others, nor on nodes that do not say which they are', () => {
    expect(authorizer.authorize(asks(user('system:node:n1'), 'get nodes=n1'))).to.deep.equal({ allowed: false, reason: '' });
    expect(authorizer.authorize(asks(user('n1', 'system:nodes'), 'get nodes=n1'))).to.deep.equal({ allowed: false, reason: '' });
    expect(reason('get nodes=n1', node(''))).to.equal('unknown node for user "system:node:"');
    expect(authorizer.rulesFor(n1)).to.include({ incomplete: true });
    expect(authorizer.rulesFor(user('x'))).to.deep.equal({ resourceRules: [], nonResourceRules: [], incomplete: false, errors: [] });
  });
});
