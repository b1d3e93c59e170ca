import { expect } from 'chai';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { ResourceSlice } from '#core/api/schema/resource-v1/slice.ts';
import { CSIDriver, CSINode } from '#core/api/schema/storage-v1.ts';
import { base64, certificateRequest } from '#test/fixtures/certificate-requests.ts';
import { user } from '#test/fixtures/rbac-world.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { allowing, UserApi } from '#test/fixtures/user-api.ts';
import { NodeRestriction } from './node-restriction.ts';

const n1 = user('system:node:n1', 'system:nodes', 'system:authenticated');

describe('NodeRestriction', () => {
  let rights: readonly string[];
  let world: UserApi;
  let node: Node;
  beforeEach(async () => {
    rights = [];
    world = await UserApi.start(() => [new NodeRestriction((attributes) => allowing(...rights)(attributes))]);
    await world.client.create(Namespace, { metadata: { name: 'kube-node-lease' } });
    node = await world.client.create(Node, { metadata: { name: 'n1', labels: { 'example.com/a': '1', 'kubernetes.io/hostname': 'n1' } }, spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } });
    await world.client.create(Node, { metadata: { name: 'n2' } });
  });
  afterEach(() => world.stop());

  const why = async (attempt: Promise<unknown>): Promise<string> => (await refusalOf(attempt)).replace(/^403 .* is forbidden: /, '');
  const podOn = (nodeName: string, name = 'web', spec: object = {}): Promise<Pod> => world.client.create(Pod, {
    metadata: { name, namespace: 'default', labels: { a: '1' } }, spec: { nodeName, containers: [{ name: 'c', image: 'i' }], automountServiceAccountToken: false, ...spec },
  });

  it('looks at nodes only, and at those that say which one they are', async () => {
    await world.create(user('alice'), Node, { metadata: { name: 'n3' } });
    await world.create(user('system:node:n1'), Node, { metadata: { name: 'n4' } });
    expect(await refusalOf(world.create(user('system:node:', 'system:nodes'), Node, { metadata: { name: 'n5' } })))
      .to.equal('403 nodes "n5" is forbidden: could not determine node from user "system:node:"');
  });

  describe('of pods', () => {
    const mirror = (change: (pod: { metadata: Record<string, unknown>; spec: Record<string, unknown> }) => void = () => undefined): Draft<Pod> => {
      const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: node.metadata.uid, controller: true };
      const pod = {
        metadata: { name: 'static', namespace: 'default', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] },
        spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
      };
      change(pod);
      return pod;
    };
    const owner = (change: object) => mirror((pod) => { pod.metadata['ownerReferences'] = [{ ...(pod.metadata['ownerReferences'] as object[])[0], ...change }]; });
    const volume = (source: object) => mirror((pod) => { pod.spec['volumes'] = [{ name: 'v', ...source }]; });

    it('lets a node create its mirror pods', async () => {
      expect((await world.create(n1, Pod, mirror())).metadata.name).to.equal('static');
    });

    const itself = 'node "n1" can only create pods with an owner reference set to itself';
    const cases: readonly (readonly [() => Draft<Pod>, string])[] = [
      [() => mirror((pod) => { pod.metadata['annotations'] = {}; }), 'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods'],
      [() => mirror((pod) => { pod.spec['nodeName'] = 'n2'; }), 'node "n1" can only create pods with spec.nodeName set to itself'],
      [() => mirror((pod) => { pod.metadata['ownerReferences'] = [...pod.metadata['ownerReferences'] as object[], { apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }]; }),
        'node "n1" can only create pods with a single owner reference set to itself'],
      [() => mirror((pod) => { pod.metadata['ownerReferences'] = []; }), itself],
      [() => owner({ kind: 'Pod' }), itself],
      [() => owner({ apiVersion: 'v2' }), itself],
      [() => owner({ name: 'n2' }), itself],
      [() => owner({ controller: false }), 'node "n1" can only create pods with a controller owner reference set to itself'],
      [() => owner({ blockOwnerDeletion: true }), 'node "n1" must not set blockOwnerDeletion on an owner reference'],
      [() => mirror((pod) => { pod.spec['serviceAccountName'] = 'default'; }), 'node "n1" can not create pods that reference a service account'],
      [() => volume({ secret: { secretName: 's' } }), 'node "n1" can not create pods that reference secrets'],
      [() => mirror((pod) => { pod.spec['imagePullSecrets'] = [{ name: 's' }]; }), 'node "n1" can not create pods that reference secrets'],
      [() => volume({ projected: { sources: [{ configMap: { name: 'c' } }] } }), 'node "n1" can not create pods that reference configmaps'],
      [() => volume({ projected: { sources: [{ clusterTrustBundle: { name: 'c', path: 'p' } }] } }), 'node "n1" can not create pods that reference clustertrustbundles'],
      [() => volume({ persistentVolumeClaim: { claimName: 'c' } }), 'node "n1" can not create pods that reference persistentvolumeclaims'],
      [() => mirror((pod) => { pod.spec['resourceClaims'] = [{ name: 'r', resourceClaimName: 'r' }]; }), 'node "n1" can not create pods that reference resourceclaims'],
    ];
    for (const [i, [pod, text]] of cases.entries()) {
      it(`refuses others: ${text} (${i})`, async () => expect(await why(world.create(n1, Pod, pod()))).to.equal(text));
    }

    it('refuses an owner reference to another node object of that name', async () => {
      expect(await why(world.create(n1, Pod, owner({ uid: 'old' })))).to.equal(`node n1 UID mismatch: expected old got ${node.metadata.uid}`);
      await world.client.delete(Node, { name: 'n1' });
      expect(await refusalOf(world.create(n1, Pod, mirror()))).to.equal('404 nodes "n1" not found');
    });

    it('lets a node delete its own pods, and change none', async () => {
      const pod = await podOn('n1');
      await podOn('n2', 'other');
      expect(await why(world.update(n1, Pod, pod))).to.equal('unexpected operation "UPDATE", node "n1" can only create and delete mirror pods');
      expect(await why(world.remove(n1, Pod, { name: 'other', namespace: 'default' }))).to.equal('node "n1" can only delete pods with spec.nodeName set to itself');
      expect(await why(world.update(n1, Pod, pod, 'resize'))).to.equal('unexpected pod subresource "resize", only \'status\' and \'eviction\' are allowed');
      await world.remove(n1, Pod, { name: 'web', namespace: 'default' });
    });

    it('lets a node write the status of its own pods, without labels and claims', async () => {
      const [pod, other] = [await podOn('n1'), await podOn('n2', 'other')];
      const next = await world.update(n1, Pod, { ...pod, status: { ...pod.status, phase: 'Running' } }, 'status');
      expect(next.status.phase).to.equal('Running');
      expect(await why(world.update(n1, Pod, other, 'status'))).to.equal('node "n1" can only update pod status for pods with spec.nodeName set to itself');
      expect(await why(world.update(n1, Pod, { ...next, metadata: { ...next.metadata, labels: {} } }, 'status'))).to.equal('node "n1" cannot update labels through pod status');
      const claims = [{ name: 'r', resourceClaimName: 'x' }];
      expect(await why(world.update(n1, Pod, { ...next, status: { ...next.status, resourceClaimStatuses: claims } }, 'status'))).to.equal('node "n1" cannot update resource claim statuses');
      const extendedResourceClaimStatus = { resourceClaimName: 'x', requestMappings: [] };
      expect(await why(world.update(n1, Pod, { ...next, status: { ...next.status, extendedResourceClaimStatus } }, 'status')))
        .to.equal('node "n1" cannot update extended resource claim status');
    });

    it('lets a node evict its own pods', async () => {
      await podOn('n1');
      await podOn('n2', 'other');
      const evict = (name: string): Promise<void> => world.act(n1, Pod, { name, namespace: 'default' }, 'eviction', { metadata: { name } });
      await evict('web');
      expect(await why(evict('other'))).to.equal('node n1 can only evict pods with spec.nodeName set to itself');
      expect(await refusalOf(evict('gone'))).to.equal('404 pods "gone" not found');
    });
  });

  describe('of nodes', () => {
    const update = (metadata: object, spec: object = {}, subresource = ''): Promise<Node> =>
      world.update(n1, Node, { ...node, metadata: { ...node.metadata, ...metadata }, spec: { ...node.spec, ...spec } }, subresource);

    it('lets a node write its own object', async () => {
      await world.client.delete(Node, { name: 'n1' });
      expect(await why(world.create(n1, Node, { metadata: { name: 'n2x' } }))).to.equal('node "n1" is not allowed to modify node "n2x"');
      node = await world.create(n1, Node, { metadata: { name: 'n1' }, spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } });
      await world.update(n1, Node, { ...node, status: { ...node.status, phase: 'Running' } }, 'status');
      expect(await why(world.remove(n1, Node, { name: 'n2' }))).to.equal('node "n1" is not allowed to modify node "n2"');
    });

    it('keeps it from choosing its pods, and from being deleted for it', async () => {
      expect(await why(update({}, { taints: [] }))).to.equal('node "n1" is not allowed to modify taints');
      expect(await why(update({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] }))).to.equal('node "n1" is not allowed to modify ownerReferences');
      const configSource = { configMap: { namespace: 'a', name: 'b', kubeletConfigKey: 'c' } };
      expect(await why(update({}, { configSource }))).to.equal('node "n1" is not allowed to update configSource to a new non-nil configSource');
      await update({}, { unschedulable: true });
    });

    const allowed = [
      'a', 'example.com/b', 'kubernetes.io/hostname', 'kubernetes.io/arch', 'beta.kubernetes.io/os', 'topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region',
      'node.kubernetes.io/instance-type', 'node.kubernetes.io/x', 'sub.node.kubernetes.io/x', 'kubelet.kubernetes.io/x', 'notkubernetes.io/x',
    ];
    const refused = [
      'node-restriction.kubernetes.io/x', 'team.node-restriction.kubernetes.io/x', 'node-role.kubernetes.io/master', 'kubernetes.io/x', 'k8s.io/x', 'sub.k8s.io/x',
      'topology.kubernetes.io/rack', 'xnode.kubernetes.io/x',
    ];
    const valued = (keys: readonly string[]): Record<string, string> => Object.fromEntries(keys.map((key) => [key, 'x']));
    it('keeps it from labels of the system', async () => {
      node = await update({ labels: valued(allowed) });
      expect(node.metadata.labels).to.have.all.keys(...allowed);
      const { labels } = node.metadata;
      expect(await why(update({ labels: { ...valued(refused), ...labels } }))).to.equal(`is not allowed to modify labels: ${refused.toSorted().join(', ')}`);
      expect(await why(update({ labels: { ...labels, 'k8s.io/x': '1' } }, {}, 'status'))).to.equal('is not allowed to modify labels: k8s.io/x');
      await world.client.delete(Node, { name: 'n1' });
      expect(await why(world.create(n1, Node, { metadata: { name: 'n1', labels: valued(['a', 'k8s.io/y', 'k8s.io/x']) } })))
        .to.equal('node "n1" is not allowed to set the following labels: k8s.io/x, k8s.io/y');
      await world.create(n1, Node, { metadata: { name: 'n1', labels: valued(allowed) } });
    });

    it('keeps it from taking such labels away', async () => {
      node = await world.client.update(Node, { ...node, metadata: { ...node.metadata, labels: { 'node-role.kubernetes.io/x': '' } } });
      expect(await why(update({ labels: {} }))).to.equal('is not allowed to modify labels: node-role.kubernetes.io/x');
      await update({ labels: { 'node-role.kubernetes.io/x': '', a: 'b' } });
    });
  });

  describe('of tokens', () => {
    const ask = (audiences: readonly string[] | undefined, reference: object | undefined, name = 'robot'): Promise<void> =>
      world.act(n1, ServiceAccount, { name, namespace: 'default' }, 'token', {
        apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { ...(audiences ? { audiences } : {}), ...(reference ? { boundObjectRef: reference } : {}) },
      });
    const bound = ({ metadata: { name, uid } }: Pod, more: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', name, uid, ...more });
    const token = (audience?: string) => ({ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'p', ...(audience === undefined ? {} : { audience }) } }] } });
    const withVolumes = (...volumes: readonly object[]): Promise<Pod> => podOn('n1', 'web', { volumes: volumes as Volume[] });

    it('binds them to a pod on the node', async () => {
      const [pod, other] = [await withVolumes(token()), await podOn('n2', 'other')];
      await ask(undefined, bound(pod));
      const unbound = 'node requested token not bound to a pod';
      for (const reference of [undefined, bound(pod, { kind: 'Secret' }), bound(pod, { apiVersion: 'v2' }), bound(pod, { name: '' })]) {
        expect(await why(ask(undefined, reference))).to.equal(unbound);
      }
      expect(await why(ask(undefined, bound(pod, { uid: undefined })))).to.equal('node requested token with a pod binding without a uid');
      expect(await why(ask(undefined, bound(pod, { uid: 'x' })))).to.match(/^the UID in the bound object reference \(x\) does not match the UID in record\. The object might/);
      expect(await why(ask(undefined, bound(other)))).to.equal('node requested token bound to a pod scheduled on a different node');
      expect(await refusalOf(ask(undefined, bound(pod, { name: 'gone' })))).to.equal('404 pods "gone" not found');
    });

    it('gives audiences that the pod asks for', async () => {
      const pod = await withVolumes(token('vault'));
      await ask(['vault'], bound(pod));
      expect(await why(ask(['vault', 'x'], bound(pod)))).to.equal('node may only request 0 or 1 audiences');
      const missing = (audience: string): string =>
        `audience "${audience}" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience`;
      expect(await why(ask(['x'], bound(pod)))).to.equal(missing('x'));
      expect(await why(ask(undefined, bound(pod)))).to.equal(missing(''));
      rights = ['request-serviceaccounts-token-audience x/robot'];
      await ask(['x'], bound(pod));
      expect(await why(ask(['x'], bound(pod), 'other'))).to.equal(missing('x'));
    });

    it('gives audiences that a CSI driver of the pod asks for', async () => {
      await world.client.create(CSIDriver, { metadata: { name: 'csi.example.com' }, spec: { tokenRequests: [{ audience: 'store' }] } });
      const claim = (name: string, volumeName?: string) => world.client.create(PersistentVolumeClaim, {
        metadata: { name, namespace: 'default' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...(volumeName === undefined ? {} : { volumeName }) },
      });
      await world.client.create(PersistentVolume, {
        metadata: { name: 'pv' }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { driver: 'csi.example.com', volumeHandle: 'h' } },
      });
      await claim('data', 'pv');
      await claim('unbound');
      await claim('scratch-s', 'pv');
      const ephemeral = { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } };
      const sources: readonly (readonly [string, object, boolean])[] = [
        ['inline', { csi: { driver: 'csi.example.com' } }, true], ['other', { csi: { driver: 'other.example.com' } }, false],
        ['claim', { persistentVolumeClaim: { claimName: 'data' } }, true], ['unbound', { persistentVolumeClaim: { claimName: 'unbound' } }, false],
        ['scratch', { ephemeral }, true],
      ];
      for (const [name, source, isNeeded] of sources) {
        const pod = await podOn('n1', name, { volumes: [{ name: 's', ...source }] });
        if (isNeeded) await ask(['store'], bound(pod));
        else expect(await why(ask(['store'], bound(pod))), name).to.include('not found in pod spec volume');
        expect(await why(ask(['x'], bound(pod))), name).to.include('not found in pod spec volume');
      }
    });
  });

  describe('of other things', () => {
    it('lets a node write its own lease', async () => {
      const lease = (name: string, namespace = 'kube-node-lease') => world.create(n1, Lease, { metadata: { name, namespace }, spec: { holderIdentity: 'n1' } });
      await lease('n1');
      expect(await why(lease('n2'))).to.equal('can only access node lease with the same name as the requesting node');
      expect(await why(lease('n1', 'default'))).to.equal('can only access leases in the "kube-node-lease" system namespace');
      await world.remove(n1, Lease, { name: 'n1', namespace: 'kube-node-lease' });
    });

    it('lets a node write its own CSINode', async () => {
      await world.create(n1, CSINode, { metadata: { name: 'n1' }, spec: { drivers: [] } });
      expect(await why(world.create(n1, CSINode, { metadata: { name: 'n2' }, spec: { drivers: [] } }))).to.equal('can only access CSINode with the same name as the requesting node');
    });

    it('lets a node create and delete its own slices', async () => {
      const slice = (nodeName: string): Draft<ResourceSlice> =>
        ({ metadata: { name: `slice-${nodeName}` }, spec: { driver: 'gpu.example.com', nodeName, pool: { name: 'p', generation: 1, resourceSliceCount: 1 } } });
      await world.create(n1, ResourceSlice, slice('n1'));
      expect(await why(world.create(n1, ResourceSlice, slice('n2')))).to.equal('can only create ResourceSlice with the same NodeName as the requesting node');
      await world.client.create(ResourceSlice, slice('n2'));
      expect(await why(world.remove(n1, ResourceSlice, { name: 'slice-n2' }))).to.equal('can only delete ResourceSlice with the same NodeName as the requesting node');
      await world.remove(n1, ResourceSlice, { name: 'slice-n1' });
    });

    it('lets a node say that it has grown a volume', async () => {
      const claim = await world.client.create(PersistentVolumeClaim, {
        metadata: { name: 'data', namespace: 'default' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
      const next = await world.update(n1, PersistentVolumeClaim, { ...claim, status: { ...claim.status, capacity: { storage: '1Gi' }, conditions: [{ type: 'Resizing', status: 'True' }] } }, 'status');
      expect(next.status.capacity).to.deep.equal({ storage: '1Gi' });
      const refused = 'node "n1" is not allowed to update fields other than status.capacity and status.conditions';
      expect(await why(world.update(n1, PersistentVolumeClaim, { ...next, metadata: { ...next.metadata, labels: { a: 'b' } } }, 'status'))).to.equal(refused);
      expect(await why(world.update(n1, PersistentVolumeClaim, { ...next, status: { ...next.status, phase: 'Bound' } }, 'status'))).to.equal(refused);
      expect(await why(world.update(n1, PersistentVolumeClaim, next))).to.equal('may only update PVC status');
      expect(await why(world.remove(n1, PersistentVolumeClaim, { name: 'data', namespace: 'default' }))).to.equal('may only update PVC status');
    });

    it('lets a node ask for certificates in its own name', async () => {
      const ask = async (commonName: string, signerName: string): Promise<CertificateSigningRequest> => world.create(n1, CertificateSigningRequest, {
        metadata: { generateName: 'csr-' }, spec: { request: base64(await certificateRequest({ commonName, organizations: ['system:nodes'] })), signerName, usages: ['client auth'] },
      });
      for (const signer of ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']) {
        await ask('system:node:n1', signer);
        expect(await why(ask('system:node:n2', signer))).to.equal('can only create a node CSR with CN=system:node:n1');
      }
      await ask('anything', 'example.com/x');
    });
  });
});
