import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Secret } from '#core/api/schema/core-v1/config.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { CSIDriver, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { settle } from '#test/fixtures/fake-clock.ts';
import type { FakeClient } from '#test/fixtures/fake-client.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { attachmentName } from './csi/attachments.ts';
import { VolumeError } from './pod-volumes.ts';

const data = { persistentVolumeClaim: { claimName: 'data' } };

describe('volumes of claims', () => {
  let node: VolumeNode;

  beforeEach(async () => {
    node = await VolumeNode.make();
  });
  afterEach(() => node.remove());

  const prepare = async (pod: Pod) => (await node.volumes.prepare(pod, never)).get('v0');
  const release = (uid: string) => node.volumes.release(uid, never);
  const failure = async (pod: Pod): Promise<VolumeError> => {
    const error = await rejection(node.volumes.prepare(pod, never));
    expect(error).to.be.instanceOf(VolumeError);
    return error as VolumeError;
  };
  const blockPod = (uid: string): Pod => podWith([data], { uid, spec: { containers: [{ name: 'c', image: 'i', resources: {}, volumeDevices: [{ name: 'v0', devicePath: '/dev/x' }] }] } });

  it('are staged once, published per pod, and undone in reverse', async () => {
    await node.claim('data', { volume: { mountOptions: ['noatime'] } });
    const [first, second] = [podWith([data], { uid: 'p1' }), podWith([data], { uid: 'p2' })];
    const prepared = await prepare(first);
    expect(prepared).to.deep.equal({ hostPath: join(node.folder, 'pods/p1/volumes/kubernetes.io~csi/pv-data/mount'), kind: 'filesystem', readOnly: false });
    await prepare(second);
    const [request] = node.driver.stageRequests;
    expect(request).to.deep.include({ volumeId: 'vol-data', volumeContext: { pool: 'fast' }, publishContext: {}, use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: ['noatime'] } });
    expect(request?.stagingPath).to.match(/\/plugins\/kubernetes\.io\/csi\/folders\.test\/[0-9a-f]{64}\/globalmount$/);
    expect(JSON.parse(await readFile(join(prepared?.hostPath ?? '', '../vol_data.json'), 'utf8'))).to.include({ driverName: 'folders.test', volumeHandle: 'vol-data', specVolID: 'pv-data', nodeName: 'node-1' });
    node.driver.calls.length = 0;
    await release('p1');
    expect(node.driver.calls).to.deep.equal(['unpublish vol-data']);
    await release('p2');
    expect(node.driver.calls).to.deep.equal(['unpublish vol-data', 'unpublish vol-data', 'unstage vol-data']);
    expect(await node.left()).to.deep.equal([]);
  });

  it('are taken down by a new agent that cannot reach the API', async () => {
    await node.claim('data');
    await prepare(podWith([data], { uid: 'p1' }));
    (node.client as FakeClient).before = () => {
      throw new Error('nobody answers');
    };
    await node.restart();
    expect(await node.volumes.known(never)).to.deep.equal([{ uid: 'p1' }]);
    await release('p1');
    expect([await node.left(), node.driver.staged.size]).to.deep.equal([[], 0]);
  });

  describe('are refused in upstream\'s words', () => {
    const summary = (why: string): string => `Unable to attach or mount volumes: unmounted volumes=[v0], unattached volumes=[], failed to process volumes=[v0]: ${why}`;

    it('when the claim is not there, not bound, or going', async () => {
      expect((await failure(podWith([data]))).message).to.equal(summary('error processing PVC default/data: failed to fetch PVC from API server: persistentvolumeclaims "data" not found'));
      await node.claim('data', { status: { phase: 'Pending' } });
      expect((await failure(podWith([data]))).message).to.equal(summary('error processing PVC default/data: PVC is not bound'));
      await node.claim('going', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
      expect((await failure(podWith([{ persistentVolumeClaim: { claimName: 'going' } }]))).message).to.equal(summary('error processing PVC default/going: PVC is being deleted'));
    });

    it('unless the pod has the volume already', async () => {
      await node.claim('data');
      const pod = podWith([data]);
      await prepare(pod);
      const claim = await node.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
      await node.client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
      await node.clock.advance(5000);
      await node.restart();
      expect((await prepare(pod))?.kind).to.equal('filesystem');
    });

    it('when the volume is bound to another claim, of the same name too', async () => {
      await node.claim('data', { volume: { claimRef: { namespace: 'default', name: 'data', uid: 'another' } } });
      expect((await failure(podWith([data]))).message).to.match(/found PV object pv-data but its pv\.Spec\.ClaimRef\.UID another does not point to claim\.UID uid-\d+$/);
      await node.claim('free', { volume: { claimRef: undefined } });
      expect((await failure(podWith([{ persistentVolumeClaim: { claimName: 'free' } }]))).message).to.contain('it has a nil pv.Spec.ClaimRef');
      expect(node.driver.calls).to.deep.equal([]);
    });

    it('when mode and use differ, the node is another, the driver or the type unknown', async () => {
      await node.claim('data', { volume: { volumeMode: 'Block' } });
      expect((await failure(podWith([data]))).message).to.equal(summary('volume v0 has volumeMode Block, but is specified in volumeMounts'));
      await node.claim('files');
      const devices = { containers: [{ name: 'c', image: 'i', resources: {}, volumeDevices: [{ name: 'v0', devicePath: '/dev/x' }] }] };
      expect((await failure(podWith([{ persistentVolumeClaim: { claimName: 'files' } }], { spec: devices }))).message).to.equal(summary('volume v0 has volumeMode Filesystem, but is specified in volumeDevices'));
      await node.claim('other', { volume: { csi: { driver: 'gone.example.com', volumeHandle: 'h' } } });
      expect((await failure(podWith([{ persistentVolumeClaim: { claimName: 'other' } }]))).message)
        .to.equal('MountVolume.SetUp failed for volume "pv-other" : driver name gone.example.com not found in the list of registered CSI drivers (folders.test)');
      await node.claim('nfs', { volume: { csi: undefined, nfs: { server: 's', path: '/' } } });
      const error = await failure(podWith([{ persistentVolumeClaim: { claimName: 'nfs' } }]));
      expect([error.terminal, error.message]).to.deep.equal([true, 'MountVolume.SetUp failed for volume "pv-nfs" : volumes of type nfs are not supported on this node, only csi, local and hostPath']);
    });

    it('when the volume cannot be reached from the node', async () => {
      const terms = (values: string[]) => ({ nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values }] }] } } });
      await node.claim('data', { volume: terms(['a']) });
      await node.claim('near', { volume: terms(['a', 'b']) });
      await node.restart({ node: () => ({ name: 'node-1', labels: { zone: 'b' } }) });
      expect((await failure(podWith([data]))).message).to.equal('MountVolume.NodeAffinity check failed for volume "pv-data" : no matching NodeSelectorTerms');
      expect((await prepare(podWith([{ persistentVolumeClaim: { claimName: 'near' } }])))?.kind).to.equal('filesystem');
    });
  });

  it('answer to the aliases of their driver', async () => {
    await node.restart({ controllerSides: [{ name: 'folders.test', aliases: ['old.example.com'] }] });
    await node.claim('data', { volume: { csi: { driver: 'old.example.com', volumeHandle: 'h' } } });
    expect((await prepare(podWith([data])))?.hostPath).to.contain('/pv-data/mount');
  });

  it('of a pod itself must have been made for it', async () => {
    const pod = podWith([{ ephemeral: {}, name: 'scratch' }], { uid: 'p1' });
    await node.claim('web-scratch', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p0', controller: true }] } });
    expect((await failure(pod)).message).to.contain('PVC default/web-scratch was not created for pod default/web (pod is not owner)');
    const claim = await node.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'web-scratch' });
    await node.client.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p1', controller: true }] } });
    await node.clock.advance(5000);
    expect((await node.volumes.prepare(pod, never)).get('scratch')?.hostPath).to.contain('/pv-web-scratch/mount');
  });

  it('are read-only when the pod, the volume or its only access mode says so; rw once when a pod has it twice', async () => {
    await node.claim('data');
    const twice = podWith([{ persistentVolumeClaim: { claimName: 'data', readOnly: true } }, data], { uid: 'p1' });
    const both = await node.volumes.prepare(twice, never);
    expect([both.get('v0')?.readOnly, both.get('v1')?.readOnly]).to.deep.equal([true, false]);
    expect([...node.driver.published.values()].map(({ readOnly }) => readOnly)).to.deep.equal([false]);
    await node.claim('shared', { volume: { accessModes: ['ReadOnlyMany'] } });
    expect((await prepare(podWith([{ persistentVolumeClaim: { claimName: 'shared' } }])))?.readOnly).to.equal(true);
    expect([...node.driver.published.values()].map(({ readOnly }) => readOnly)).to.deep.equal([false, true]);
  });

  it('of mode ReadWriteOncePod go to one pod at a time', async () => {
    await node.claim('data', { volume: { accessModes: ['ReadWriteOncePod'] } });
    await prepare(podWith([data], { uid: 'p1' }));
    await node.restart();
    expect((await failure(podWith([data], { uid: 'p2' }))).message).to.equal('MountVolume.SetUp failed for volume "pv-data" : volume uses the ReadWriteOncePod access mode and is already in use by another pod');
    await prepare(podWith([data], { uid: 'p1' }));
    await release('p1');
    expect((await prepare(podWith([data], { uid: 'p2' })))?.kind).to.equal('filesystem');
  });

  it('of mode Block are devices', async () => {
    await node.claim('data', { volume: { volumeMode: 'Block' } });
    const pod = blockPod('p1');
    expect(await prepare(pod)).to.deep.equal({ hostPath: join(node.folder, 'pods/p1/volumeDevices/kubernetes.io~csi/pv-data/device'), kind: 'device', readOnly: false });
    expect(node.driver.stageRequests[0]?.use.volumeMode).to.equal('Block');
    await node.restart();
    await release('p1');
    expect(await node.left()).to.deep.equal([]);
    node.driver.before = () => {
      throw new Error('no');
    };
    const error = await failure(blockPod('p2'));
    expect([error.reason, error.message]).to.deep.equal(['FailedMapVolume', 'MapVolume.SetUpDevice failed for volume "pv-data" : no']);
  });

  describe('whose driver says in its CSIDriver what it needs', () => {
    const describeDriver = (spec: object) => node.client.create(CSIDriver, { metadata: { name: 'folders.test' }, spec });
    const attachment = attachmentName('vol-data', 'folders.test', 'node-1');
    const inUse = 'kubernetes.io/csi/folders.test^vol-data';
    const attach = (change: { readonly metadata?: object; readonly status?: object } = {}) => node.client.create(VolumeAttachment, {
      metadata: { name: attachment, ...change.metadata }, spec: { attacher: 'folders.test', nodeName: 'node-1', source: { persistentVolumeName: 'pv-data' } },
      status: { attached: true, attachmentMetadata: { device: '/dev/xvdb' }, ...change.status },
    });
    /** What the controller tells of the node. */
    const saysAttached = async (...names: string[]) => {
      await node.client.create(Node, { metadata: { name: 'node-1' } }).catch(() => undefined);
      await node.client.patchStatus(Node, { name: 'node-1' }, { type: 'merge', document: { status: { volumesAttached: names.map((name) => ({ name, devicePath: '' })) } } });
    };
    const saidInUse = async () => (await node.client.get(Node, { name: 'node-1' })).status.volumesInUse ?? undefined;
    /** Lets time pass until it settles, or for two minutes. */
    const afterAWhile = async <T>(work: Promise<T>): Promise<T> => {
      let isSettled = false;
      const settled = work.finally(() => {
        isSettled = true;
      });
      settled.catch(() => undefined);
      for (let i = 0; i < 120 && !isSettled; i++) {
        await settle(3);
        await node.clock.advance(1000);
      }
      return settled;
    };

    it('wait for the attachment, and hand on what it says', async () => {
      await describeDriver({ attachRequired: true });
      await node.claim('data');
      await saysAttached();
      const preparing = prepare(podWith([data], { uid: 'p1' }));
      await settle(20);
      expect(node.driver.calls).to.deep.equal([]);
      await attach();
      await node.clock.advance(5000);
      await settle(20);
      expect([node.driver.calls, await saidInUse()], 'as long as the node does not have it').to.deep.equal([[], undefined]);
      await saysAttached(inUse);
      node.driver.before = async () => {
        node.driver.before = undefined;
        expect(await saidInUse()).to.deep.equal([inUse]);
      };
      await afterAWhile(preparing);
      expect(node.driver.stageRequests[0]?.publishContext).to.deep.equal({ device: '/dev/xvdb' });
      expect(node.volumes.inUse()).to.deep.equal([inUse]);
      await node.restart();
      expect(node.volumes.inUse()).to.deep.equal([inUse]);
      await release('p1');
      expect(node.volumes.inUse()).to.deep.equal([]);
      await eventually(async () => (await saidInUse()) === undefined, 'the node to say that it is not in use');
    });

    it('leave a volume alone that is taken back just before it is used', async () => {
      await describeDriver({ attachRequired: true });
      await node.claim('data');
      await saysAttached(inUse);
      await attach();
      const fake = node.client as FakeClient;
      fake.before = async (call, plural) => {
        if (call !== 'patchStatus' || plural !== 'nodes') return;
        fake.before = undefined;
        await saysAttached();
      };
      const pod = podWith([data], { uid: 'p1' });
      const error = await failure(pod);
      expect(error.message).to.equal('Unable to attach or mount volumes: unmounted volumes=[v0], unattached volumes=[v0], failed to process volumes=[]: volume is not attached according to node status');
      expect([node.driver.calls, await saidInUse()]).to.deep.equal([[], [inUse]]);
      await release('p1');
      await eventually(async () => (await saidInUse()) === undefined, 'the node to say that it is not in use');
      await saysAttached(inUse);
      expect((await prepare(podWith([data], { uid: 'p2' })))?.kind).to.equal('filesystem');
    });

    it('write once for many volumes, and not again for the second pod of one', async () => {
      await describeDriver({ attachRequired: true });
      const names = ['a', 'b', 'c', 'd'];
      await saysAttached(...names.map((name) => `kubernetes.io/csi/folders.test^vol-${name}`));
      for (const name of names) {
        await node.claim(name);
        await attach({ metadata: { name: attachmentName(`vol-${name}`, 'folders.test', 'node-1') } });
      }
      const volumes = names.map((claimName) => ({ persistentVolumeClaim: { claimName } }));
      const fake = node.client as FakeClient;
      const { calls } = fake;
      fake.before = async (call) => {
        if (call !== 'patchStatus') return;
        fake.before = undefined;
        await eventually(() => node.volumes.inUse().length === 4, 'all four to be waited for');
      };
      const writes = () => calls.filter((call) => call === 'patchStatus nodes node-1').length;
      const before = writes();
      await node.volumes.prepare(podWith(volumes, { uid: 'p1' }), never);
      expect(writes() - before).to.equal(2);
      const once = writes();
      await node.volumes.prepare(podWith(volumes, { uid: 'p2' }), never);
      expect(writes()).to.equal(once);
      expect(await saidInUse()).to.have.length(4);
    });

    it('do not take what another machine of the same name had for theirs, nor what is on its way out', async () => {
      Object.assign(node.driver, { nodeTopology: async () => ({ nodeId: 'machine-2', topology: {} }) });
      await describeDriver({ attachRequired: true });
      await node.claim('data');
      await saysAttached(inUse);
      await attach({ metadata: { annotations: { 'csi.alpha.kubernetes.io/node-id': 'machine-1' } } });
      const error = await afterAWhile(failure(podWith([data])));
      expect([error.message.includes('unattached volumes=[v0]'), node.driver.calls]).to.deep.equal([true, []]);
      await node.client.patch(VolumeAttachment, { name: attachment }, { type: 'merge', document: { metadata: { annotations: { 'csi.alpha.kubernetes.io/node-id': 'machine-2' }, deletionTimestamp: '2026-01-01T00:00:00Z' } } });
      await afterAWhile(failure(podWith([data])));
      expect(node.driver.calls).to.deep.equal([]);
    });

    it('give up after a minute, and say at once why it cannot be attached', async () => {
      await describeDriver({ attachRequired: true });
      await node.claim('data');
      const failing = failure(podWith([data]));
      for (let i = 0; i < 200 && node.clock.pending > 0 || i < 20; i++) {
        await settle(3);
        await node.clock.advance(1000);
      }
      expect((await failing).message).to.equal('Unable to attach or mount volumes: unmounted volumes=[v0], unattached volumes=[v0], failed to process volumes=[]: timed out waiting for the condition');
      await node.client.create(VolumeAttachment, { metadata: { name: attachment }, spec: { attacher: 'folders.test', nodeName: 'node-1', source: {} }, status: { attached: false, attachError: { message: 'no such disk' } } });
      const error = await failure(podWith([data]));
      expect([error.reason, error.message]).to.deep.equal(['FailedAttachVolume', 'AttachVolume.Attach failed for volume "pv-data" : no such disk']);
    });

    it('are told of the pod and given their secrets', async () => {
      await describeDriver({ attachRequired: false, podInfoOnMount: true });
      await node.client.create(Secret, { metadata: { namespace: 'storage', name: 's' }, data: { key: Buffer.from('value').toString('base64') } });
      await node.claim('data', { volume: { csi: { driver: 'folders.test', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'storage', name: 's' } } } });
      await prepare(podWith([data], { uid: 'p1' }));
      expect(node.driver.stageRequests[0]?.secrets).to.deep.equal({ key: 'value' });
      const [published] = node.driver.published.values();
      expect(published?.secrets).to.equal(undefined);
      expect(published?.volumeContext).to.deep.equal({
        'csi.storage.k8s.io/pod.name': 'web', 'csi.storage.k8s.io/pod.namespace': 'default', 'csi.storage.k8s.io/pod.uid': 'p1',
        'csi.storage.k8s.io/serviceAccount.name': 'default', 'csi.storage.k8s.io/ephemeral': 'false',
      });
      expect(await readFile(join(published?.targetPath ?? '', '../vol_data.json'), 'utf8')).to.not.contain('value');
    });
  });

  describe('grow on the node', () => {
    const pending = { phase: 'Bound', capacity: { storage: '1Gi' }, conditions: [{ type: 'FileSystemResizePending', status: 'True' }, { type: 'Other', status: 'True' }], allocatedResourceStatuses: { storage: 'NodeResizePending' } };
    const status = async () => (await node.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' })).status;

    it('while the pod runs, once the claim says that its file system must follow', async () => {
      await node.claim('data');
      const pod = podWith([data], { uid: 'p1' });
      await prepare(pod);
      node.driver.calls.length = 0;
      await node.volumes.refresh(pod, never);
      expect(node.driver.calls).to.deep.equal([]);
      const volume = await node.client.get(PersistentVolume, { name: 'pv-data' });
      await node.client.update(PersistentVolume, { ...volume, spec: { ...volume.spec, capacity: { storage: '2Gi' } } });
      const claim = await node.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
      await node.client.update(PersistentVolumeClaim, { ...claim, status: pending });
      await node.clock.advance(20_000);
      await node.volumes.refresh(pod, never);
      expect(node.driver.calls).to.deep.equal(['expand vol-data']);
      expect(await status()).to.deep.equal({ phase: 'Bound', capacity: { storage: '2Gi' }, conditions: [{ type: 'Other', status: 'True' }], allocatedResourceStatuses: {} });
      expect(node.events.texts).to.deep.equal(['Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "pv-data"']);
    });

    it('and tell when that fails, without keeping the pod from its data', async () => {
      await node.claim('data', { status: pending });
      node.driver.before = (call) => {
        if (call === 'expand') throw new ProviderError('Unavailable', 'busy');
      };
      expect((await prepare(podWith([data])))?.kind).to.equal('filesystem');
      expect(node.events.texts).to.deep.equal(['Warning VolumeResizeFailed NodeExpandVolume.NodeExpandVolume failed for volume "pv-data" : busy']);
      expect((await status()).capacity).to.deep.equal({ storage: '1Gi' });
    });
  });

  describe('whose driver fails', () => {
    const words: Readonly<Record<string, string>> = {
      stage: 'MountVolume.MountDevice failed for volume "pv-data" : the disk is gone', publish: 'MountVolume.SetUp failed for volume "pv-data" : the disk is gone',
      unpublish: 'UnmountVolume.TearDown failed for volume "pv-data" : the disk is gone', unstage: 'UnmountDevice failed for volume "pv-data" : the disk is gone',
    };

    for (const call of ['stage', 'publish', 'unpublish', 'unstage'] as const) {
      for (const when of ['before', 'after'] as const) {
        it(`${when} ${call} are tried again, and nothing is left in the end`, async () => {
          await node.claim('data');
          const pod = podWith([data], { uid: 'p1' });
          let hasFailed = false;
          const original = node.driver[call].bind(node.driver) as (...args: unknown[]) => Promise<void>;
          Object.assign(node.driver, {
            [call]: async (...args: unknown[]) => {
              if (when === 'after' || hasFailed) await original(...args);
              if (hasFailed) return;
              hasFailed = true;
              throw new ProviderError('Unavailable', 'the disk is gone');
            },
          });
          const isMounting = call === 'stage' || call === 'publish';
          if (!isMounting) await prepare(pod);
          expect((await rejection(isMounting ? node.volumes.prepare(pod, never) : release('p1'))).message).to.equal(words[call]);
          expect(await node.volumes.known(never)).to.deep.equal([{ uid: 'p1' }]);
          await node.restart();
          if (isMounting) await prepare(pod);
          await release('p1');
          expect([await node.left(), [...node.driver.staged], node.driver.published.size]).to.deep.equal([[], [], 0]);
        });
      }
    }

    it('after a failed mount are cleaned up without having been mounted', async () => {
      await node.claim('data');
      node.driver.before = (call) => {
        if (call === 'publish') throw new Error('no');
      };
      await failure(podWith([data], { uid: 'p1' }));
      node.driver.before = undefined;
      await release('p1');
      expect([await node.left(), node.driver.staged.size]).to.deep.equal([[], 0]);
    });

    it('never lose what a driver left in their folder', async () => {
      await node.claim('data');
      const path = (await prepare(podWith([data], { uid: 'p1' })))?.hostPath ?? '';
      node.driver.unpublish = async () => undefined;
      node.driver.unstage = async () => undefined;
      await writeFile(join(path, 'precious'), 'x');
      expect((await rejection(release('p1'))).message).to.match(/^UnmountVolume\.TearDown failed for volume "pv-data" : ENOTEMPTY/);
      expect(await readFile(join(path, 'precious'), 'utf8')).to.equal('x');
    });

    it('do not hold up others when it hangs, and are not touched by two calls at once', async () => {
      await node.claim('data');
      await node.claim('fine');
      const hanging = Promise.withResolvers<void>();
      let inside = 0;
      node.driver.before = async (call, id) => {
        if (id !== 'vol-data') return;
        expect(++inside, 'calls at once').to.equal(1);
        if (call === 'publish') await hanging.promise;
        inside--;
      };
      const stuck = failure(podWith([data], { uid: 'p1' }));
      await eventually(() => node.driver.calls.includes('publish vol-data'), 'the driver to be called');
      expect((await prepare(podWith([{ persistentVolumeClaim: { claimName: 'fine' } }], { uid: 'p2' })))?.kind).to.equal('filesystem');
      await node.clock.advance(120_000);
      expect((await stuck).message).to.equal('MountVolume.SetUp failed for volume "pv-data" : no answer within 120 s: context deadline exceeded');
      // The call goes on: whoever wants the volume now waits for it.
      const releasing = rejection(release('p1'));
      await eventually(() => node.clock.pending > 1, 'the release to wait');
      await node.clock.advance(120_000);
      expect((await releasing).message).to.contain('an earlier call for the same volume did not end within 120 s: context deadline exceeded');
      hanging.resolve();
      await release('p1');
      expect([await node.left().then((paths) => paths.filter((path) => path.includes('pv-data'))), [...node.driver.staged]]).to.deep.equal([[], ['vol-fine']]);
    });

    it('are given up when the caller gives up', async () => {
      await node.claim('data');
      const hanging = Promise.withResolvers<void>();
      node.driver.before = () => hanging.promise;
      const leaving = new AbortController();
      const preparing = rejection(node.volumes.prepare(podWith([data], { uid: 'p1' }), leaving.signal));
      await eventually(() => node.driver.calls.includes('stage vol-data'), 'the driver to be called');
      leaving.abort(new Error('the pod is gone'));
      expect((await preparing).message).to.equal('the pod is gone');
      hanging.resolve();
      await release('p1');
      expect([await node.left(), [...node.driver.staged]]).to.deep.equal([[], []]);
    });
  });

  describe('with damaged records', () => {
    it('are left as they are, and taken to be in use', async () => {
      await node.claim('data');
      for (const uid of ['p1', 'p2']) await prepare(podWith([data], { uid }));
      const folder = join(node.folder, 'pods/p1/volumes/kubernetes.io~csi/pv-data');
      const good = await readFile(join(folder, 'vol_data.json'));
      for (const bad of ['', '{', '[]', '{"driverName":1}', 'x'.repeat(20_000)]) {
        await writeFile(join(folder, 'vol_data.json'), bad);
        expect((await rejection(release('p1'))).message).to.contain('UnmountVolume.TearDown failed for volume "pv-data" : ');
      }
      await release('p2');
      expect([...node.driver.staged], 'p1 may have it').to.deep.equal(['vol-data']);
      await writeFile(join(folder, 'vol_data.json'), good);
      await release('p1');
      expect([await node.left(), [...node.driver.staged]]).to.deep.equal([[], []]);
    });

    it('and drafts of records go with the pod', async () => {
      await node.claim('data');
      await prepare(podWith([data], { uid: 'p1' }));
      const parent = join(node.folder, 'pods/p1/volumes/kubernetes.io~csi');
      await writeFile(join(parent, 'pv-data/vol_data.json.0123'), '{');
      const { mkdir } = await import('node:fs/promises');
      await mkdir(join(parent, 'pv-begun'));
      expect(await readdir(parent)).to.have.length(2);
      await release('p1');
      expect(await node.left()).to.deep.equal([]);
    });
  });

  it('of type hostPath and local are what the node has', async () => {
    const { mkdir } = await import('node:fs/promises');
    const path = join(node.folder, 'disk');
    await mkdir(path);
    await node.claim('data', { volume: { csi: undefined, hostPath: { path, type: 'Directory' } } });
    await node.claim('local', { volume: { csi: undefined, local: { path } } });
    const pod = podWith([data, { persistentVolumeClaim: { claimName: 'local', readOnly: true } }], { uid: 'p1' });
    const all = await node.volumes.prepare(pod, never);
    expect([all.get('v0')?.hostPath, all.get('v1')?.hostPath, all.get('v1')?.readOnly]).to.deep.equal([path, path, true]);
    await node.claim('none', { volume: { csi: undefined, local: { path: '/none/such' } } });
    expect((await failure(podWith([{ persistentVolumeClaim: { claimName: 'none' } }]))).message).to.equal('MountVolume.SetUp failed for volume "pv-none" : path "/none/such" does not exist');
    await node.volumes.refresh(pod, never);
    await release('p1');
    expect(await node.left()).to.deep.equal(['disk']);
  });
});
