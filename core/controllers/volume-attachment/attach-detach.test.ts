import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { CSIDriver, CSINode, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { AttachmentWorld, type AttachmentWorldOptions } from '#test/fixtures/attachment-world.ts';

const name = 'kubernetes.io/csi/memory.test^vol-data';
const minute = 60_000;

for (const stale of [false, true]) {
  describe(`volumes attached to nodes${stale ? ', with slow caches' : ''}`, () => {
    let world: AttachmentWorld;

    const begin = async (options: AttachmentWorldOptions = {}): Promise<void> => {
      world = await AttachmentWorld.make({ stale, seed: 3, ...options });
      await world.addVolume();
    };
    afterEach(async () => {
      expect(world.violations).to.deep.equal([]);
      await world.stop();
    });

    it('attaches what a pod needs, and says so where its agent looks', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      const [attachment, ...others] = await world.attachments();
      expect(others).to.deep.equal([]);
      expect(attachment?.metadata.name).to.match(/^csi-[0-9a-f]{64}$/);
      expect(attachment?.metadata.finalizers).to.deep.equal(['external-attacher/memory-test']);
      expect(attachment?.metadata.annotations).to.deep.equal({ 'csi.alpha.kubernetes.io/node-id': 'm1', 'keelson.dev/volume-handle': 'vol-data' });
      expect(attachment?.spec).to.deep.equal({ attacher: 'memory.test', nodeName: 'n1', source: { persistentVolumeName: 'pv-data' } });
      expect(attachment?.status).to.deep.equal({ attached: true, attachmentMetadata: { serial: 'VOL-DATA' } });
      expect(await world.reported('n1')).to.deep.equal([name]);
      expect([world.holders(), world.mountedOn()]).to.deep.equal([['m1'], ['n1']]);
      expect(world.events('SuccessfulAttachVolume')).to.deep.equal(['web: AttachVolume.Attach succeeded for volume "pv-data"']);
    });

    it('takes it away when the pod is gone and has it no longer mounted', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      const agent = world.agents.get('n1');
      world.kill('n1');
      await world.deletePod('web', 0);
      await world.settle();
      expect(world.holders(), 'as long as it is in use').to.deep.equal(['m1']);
      if (agent !== undefined) world.agents.set('n1', agent);
      await world.settle();
      expect([world.holders(), await world.attachments(), await world.reported('n1')]).to.deep.equal([[], [], []]);
      expect(world.calls()).to.deep.equal(['attach vol-data', 'detach vol-data']);
    });

    it('moves a volume from node to node without a word about it', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      await world.deletePod('web');
      await world.addPod('again', 'n2');
      await world.settle(1000);
      expect([world.holders(), world.mountedOn()]).to.deep.equal([['m2'], ['n2']]);
      expect([await world.reported('n1'), await world.reported('n2')]).to.deep.equal([[], [name]]);
      expect(world.calls()).to.deep.equal(['attach vol-data', 'detach vol-data', 'attach vol-data']);
      expect(world.events('FailedAttachVolume')).to.deep.equal([]);
    });

    it('gives a volume for one node to no second one, and says who has it', async () => {
      await begin();
      await world.addPod('first', 'n1');
      await world.run();
      await world.addPod('second', 'n2');
      await world.settle();
      expect([world.holders(), (await world.attachments()).length]).to.deep.equal([['m1'], 1]);
      expect(world.events('FailedAttachVolume')).to.deep.equal(['second: Multi-Attach error for volume "pv-data" Volume is already used by pod(s) first']);
      expect(world.calls()).to.deep.equal(['attach vol-data']);
      await world.deletePod('first');
      await world.settle();
      expect([world.holders(), world.mountedOn()]).to.deep.equal([['m2'], ['n2']]);
    });

    it('gives it to one of two that come at once, and one for many nodes to all', async () => {
      await begin();
      await world.addVolume('shared', { accessModes: ['ReadWriteMany'] });
      for (const node of ['n1', 'n2']) for (const claim of ['data', 'shared']) await world.addPod(`${claim}-${node}`, node, claim);
      await world.run();
      expect(world.holders()).to.have.length(1);
      expect(world.holders('shared')).to.deep.equal(['m1', 'm2']);
      expect(world.events('FailedAttachVolume')).to.have.length(1);
    });

    it('detaches from an agent that is well only when it says so, however long that takes', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      world.agents.delete('n1');
      await world.deletePod('web', 0);
      await world.addPod('again', 'n2');
      await world.settle();
      await world.clock.advance(60 * minute);
      await world.settle(20 * minute);
      expect(world.holders()).to.deep.equal(['m1']);
      expect(world.events('FailedAttachVolume')[0]).to.equal("again: Multi-Attach error for volume \"pv-data\" Volume is already exclusively attached to one node and can't be attached to another");
    });

    describe('when a node falls silent with a volume in use', () => {
      beforeEach(async () => {
        await begin();
        await world.addPod('web', 'n1');
        await world.run();
        world.kill('n1');
        await world.setReady('n1', 'Unknown');
        await world.deletePod('web', 0);
        await world.addPod('again', 'n2');
      });

      it('waits six minutes', async () => {
        await world.settle(5 * minute);
        expect(world.holders()).to.deep.equal(['m1']);
        await world.settle(2 * minute);
        expect([world.holders(), world.mountedOn()]).to.deep.equal([['m2'], ['n2']]);
      });

      for (const [what, key] of [['out of service', 'node.kubernetes.io/out-of-service'], ['shut down', 'node.cloudprovider.kubernetes.io/shutdown']] as const) {
        it(`waits no longer than until the node is said to be ${what}`, async () => {
          await world.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { taints: [{ key, effect: 'NoSchedule' }] } } });
          await world.settle(1000);
          expect(world.mountedOn()).to.deep.equal(['n2']);
        });
      }

      it('waits no longer than until the machine is gone, with its node or without', async () => {
        await world.settle(minute);
        expect(world.holders()).to.deep.equal(['m1']);
        world.driver.machines.delete('m1');
        await world.settle(minute);
        expect(world.mountedOn()).to.deep.equal(['n2']);
      });

      it('does not take the deletion of the node for the end of its machine', async () => {
        await world.client.delete(Node, { name: 'n1' });
        await world.settle(3 * minute);
        expect(world.holders()).to.deep.equal(['m1']);
        world.driver.machines.delete('m1');
        await world.settle(minute);
        expect([world.holders(), world.mountedOn()]).to.deep.equal([['m2'], ['n2']]);
      });
    });

    it('attaches anew when the node has become another machine', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      world.kill('n1');
      await world.client.delete(Node, { name: 'n1' });
      world.driver.machines.delete('m1');
      await world.addNode('n1', { nodeId: 'm3' });
      await world.settle();
      expect([world.holders(), world.mountedOn()]).to.deep.equal([['m3'], ['n1']]);
    });

    it('asks no machine for more than it can take', async () => {
      await begin();
      await world.addNode('n3', { limit: 1 });
      await world.addVolume('more');
      await world.addPod('web', 'n3');
      await world.run();
      await world.addPod('more', 'n3', 'more');
      await world.settle();
      expect(world.holders('more')).to.deep.equal([]);
      expect(world.events('FailedAttachVolume')).to.deep.equal(['more: AttachVolume.Attach failed for volume "pv-more" : node n3 has 1 volumes of memory.test attached, and can have 1']);
      const [full] = (await world.attachments()).filter(({ status }) => !status.attached);
      expect(full?.status.attachError?.errorCode).to.equal(8);
      expect(world.calls()).to.deep.equal(['attach vol-data']);
      await world.deletePod('web');
      await world.settle();
      expect(world.mountedOn('pv-more')).to.deep.equal(['n3']);
      expect((await world.attachments()).map(({ status }) => status.attachError)).to.deep.equal([undefined]);
    });

    it('says once what a platform refuses, and goes on asking for what may come', async () => {
      await begin();
      world.driver.plan = (call) => (call === 'attach' ? { kind: 'before', error: new ProviderError('Unavailable', 'the zone is down') } : undefined);
      await world.addPod('web', 'n1');
      await world.run();
      expect(world.events('FailedAttachVolume')).to.deep.equal(['web: AttachVolume.Attach failed for volume "pv-data" : the zone is down']);
      expect(world.driver.count('attach')).to.be.within(5, 20);
      world.driver.plan = () => undefined;
      await world.settle(10 * minute);
      expect(world.mountedOn()).to.deep.equal(['n1']);
    });

    it('asks once for what can never be', async () => {
      await begin();
      world.driver.plan = (call) => (call === 'attach' ? { kind: 'before', error: new ProviderError('Invalid', 'this type of machine has no such bus') } : undefined);
      await world.addPod('web', 'n1');
      await world.run();
      expect(world.driver.count('attach')).to.equal(1);
    });

    it('attaches again what somebody took away behind its back', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      world.driver.machines.get('m1')?.volumes.clear();
      await world.settle(4 * minute);
      expect(world.holders()).to.deep.equal([]);
      await world.settle(6 * minute);
      expect(world.holders()).to.deep.equal(['m1']);
      expect((await world.attachments())[0]?.status.attachError).to.equal(undefined);
    });

    it('waits for the driver to be known on the node', async () => {
      await begin();
      await world.client.delete(CSINode, { name: 'n1' });
      await world.addPod('web', 'n1');
      await world.run();
      expect(world.events('FailedAttachVolume')).to.deep.equal(['web: AttachVolume.Attach failed for volume "pv-data" : CSINode n1 does not contain driver memory.test']);
      await world.client.create(CSINode, { metadata: { name: 'n1' }, spec: { drivers: [{ name: 'memory.test', nodeID: 'm1' }] } });
      await world.settle();
      expect(world.mountedOn()).to.deep.equal(['n1']);
      const [attachment] = await world.attachments();
      expect(attachment?.metadata.finalizers).to.deep.equal(['external-attacher/memory-test']);
      expect(attachment?.metadata.annotations).to.deep.equal({ 'csi.alpha.kubernetes.io/node-id': 'm1', 'keelson.dev/volume-handle': 'vol-data' });
      const intent = world.harness.effects.findIndex((effect) => effect.startsWith('patch volumeattachments'));
      expect(intent, 'before the driver was asked').to.be.within(0, world.harness.effects.findIndex((effect) => effect.startsWith('driver.attach')) - 1);
    });

    it('knows a driver by its other names', async () => {
      world = await AttachmentWorld.make({ stale });
      await world.addVolume('data', { driver: 'memory.alias' });
      await world.addPod('web', 'n1');
      await world.run();
      expect([(await world.attachments())[0]?.spec.attacher, await world.reported('n1'), world.mountedOn()]).to.deep.equal(['memory.test', [name], ['n1']]);
    });

    it('leaves volumes alone whose drivers attach nothing', async () => {
      await begin();
      await world.client.delete(CSIDriver, { name: 'memory.test' });
      await world.client.create(CSIDriver, { metadata: { name: 'memory.test' }, spec: { attachRequired: false } });
      await world.addPod('web', 'n1');
      await world.run();
      expect([await world.attachments(), world.calls()]).to.deep.equal([[], []]);
    });

    it('leaves nodes alone whose agents attach themselves', async () => {
      await begin();
      await world.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': null } } } });
      await world.addPod('web', 'n1');
      await world.run();
      expect(await world.attachments()).to.deep.equal([]);
    });

    it('lets a volume go that another program held for as long as it is attached', async () => {
      await begin();
      await world.client.patch(PersistentVolume, { name: 'pv-data' }, { type: 'merge', document: { metadata: { finalizers: ['external-attacher/memory-test'] } } });
      await world.addPod('web', 'n1');
      await world.run();
      await world.client.delete(PersistentVolume, { name: 'pv-data' });
      await world.settle();
      const held = await world.client.get(PersistentVolume, { name: 'pv-data' });
      expect(held.metadata.finalizers).to.include('external-attacher/memory-test');
      await world.deletePod('web');
      await world.settle();
      const left = await world.client.get(PersistentVolume, { name: 'pv-data' }).then(({ metadata }) => metadata.finalizers ?? [], () => []);
      expect(left).not.to.include('external-attacher/memory-test');
    });

    it('detaches also when the volume is gone from the API, and the node with its driver', async () => {
      await begin();
      await world.addPod('web', 'n1');
      await world.run();
      await world.client.patch(PersistentVolume, { name: 'pv-data' }, { type: 'merge', document: { metadata: { finalizers: null } } });
      await world.client.delete(PersistentVolume, { name: 'pv-data' });
      await world.settle();
      expect(world.holders(), 'as long as it is in use').to.deep.equal(['m1']);
      await world.client.delete(CSINode, { name: 'n1' });
      await world.deletePod('web');
      await world.settle();
      expect([world.holders(), await world.attachments(), await world.reported('n1')]).to.deep.equal([[], [], []]);
    });

    it('keeps no agent waiting for a driver that has nothing to attach', async () => {
      await begin({ has: 'no power to attach' });
      await world.addPod('web', 'n1');
      await world.run();
      expect([await world.reported('n1'), world.mountedOn()]).to.deep.equal([[name], ['n1']]);
      expect(world.violations.splice(0)).to.deep.equal(['n1 mounts pv-data, which no machine has']);
      await world.deletePod('web');
      await world.settle();
      expect([await world.attachments(), world.calls()]).to.deep.equal([[], []]);
    });

    it('only wishes where the driver is in another process', async () => {
      await begin({ has: 'nothing' });
      await world.addPod('web', 'n1');
      await world.run();
      const [wish] = await world.attachments();
      expect([wish?.metadata.finalizers, wish?.metadata.annotations, wish?.status]).to.deep.equal([undefined, undefined, { attached: false }]);
      // The other process does what it does.
      world.driver.machines.get('m1')?.volumes.set('vol-data', { readOnly: false, use: { accessModes: [], volumeMode: 'Filesystem', mountOptions: [] } });
      const key = { name: wish?.metadata.name ?? '' };
      await world.client.patch(VolumeAttachment, key, { type: 'merge', document: { metadata: { finalizers: ['external-attacher/memory-test'] } } });
      await world.client.patchStatus(VolumeAttachment, key, { type: 'merge', document: { status: { attached: true } } });
      await world.settle();
      expect(world.mountedOn()).to.deep.equal(['n1']);
      await world.deletePod('web');
      await world.settle();
      const [going] = await world.attachments();
      expect(going?.metadata.deletionTimestamp).to.be.a('string');
      expect([going?.metadata.finalizers, world.calls(), await world.reported('n1')]).to.deep.equal([['external-attacher/memory-test'], [], []]);
    });
  });
}
