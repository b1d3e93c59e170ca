import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StorageWorld, type StorageWorldOptions } from '#test/fixtures/storage-world.ts';

const gibibytes = (count: number) => ({ capacity: { storage: `${count}Gi` }, storageClassName: 'manual' });
const asks = (count: number) => ({ storageClassName: 'manual', resources: { requests: { storage: `${count}Gi` } } });

describe('volume-binding', () => {
  let world: StorageWorld;
  const given = async (options?: StorageWorldOptions): Promise<void> => {
    world = await StorageWorld.make(options);
  };

  beforeEach(() => given());
  afterEach(() => world.stop());

  const boundVolume = async (name: string): Promise<string> => (await world.expectBound(name)).volume.metadata.name;
  const phaseOf = async (name: string): Promise<string | undefined> => (await world.getClaim(name)).status.phase;

  describe('chooses a volume', () => {
    it('that is the smallest large enough', async () => {
      for (const size of [1, 8, 3, 5]) await world.createVolume(`v${size}`, gibibytes(size));
      await world.run();
      await world.createClaim('data', asks(2));
      await world.harness.settle();
      expect(await boundVolume('data')).to.equal('v3');
      expect((await world.volumes()).map(({ metadata, status }) => `${metadata.name} ${status.phase}`)).to.deep.equal(['v1 Available', 'v3 Bound', 'v5 Available', 'v8 Available']);
    });

    it('with the fewest further access modes, even when a smaller one has more', async () => {
      await world.createVolume('many', { ...gibibytes(2), accessModes: ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'] });
      await world.createVolume('few', { ...gibibytes(4), accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] });
      await world.createClaim('data', { ...asks(1), accessModes: ['ReadOnlyMany'] });
      await world.run();
      expect(await boundVolume('data')).to.equal('few');
    });

    it('of its class, mode and labels only', async () => {
      await world.createVolume('other-class', { ...gibibytes(1), storageClassName: 'other' });
      await world.createVolume('no-class', { ...gibibytes(1), storageClassName: '' });
      await world.createVolume('block', { ...gibibytes(1), volumeMode: 'Block' });
      await world.createVolume('wrong-mode', { ...gibibytes(1), accessModes: ['ReadOnlyMany'] });
      await world.createVolume('unlabelled', gibibytes(1));
      await world.createVolume('labelled', gibibytes(7), { labels: { tier: 'gold' } });
      await world.createClaim('data', { ...asks(1), selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['gold'] }] } });
      await world.createClaim('plain', { storageClassName: '' });
      await world.run();
      expect(await boundVolume('data')).to.equal('labelled');
      expect(await boundVolume('plain')).to.equal('no-class');
    });

    it('that is larger than asked for, and of another unit (trap 13: a driver rounds up)', async () => {
      await world.createVolume('rounded', { capacity: { storage: '1Gi' }, storageClassName: 'manual' });
      await world.createClaim('data', { storageClassName: 'manual', resources: { requests: { storage: '1000M' } } });
      await world.createClaim('large', { storageClassName: 'manual', resources: { requests: { storage: '9999999999999999999Gi' } } });
      await world.run();
      expect((await world.expectBound('data')).claim.status.capacity).to.deep.equal({ storage: '1Gi' });
      expect(await phaseOf('large')).to.equal('Pending');
    });
  });

  it('makes no write but the four, in their order', async () => {
    await world.createVolume('v', gibibytes(1));
    await world.createClaim('data', asks(1));
    await world.run();
    expect(world.harness.effects).to.deep.equal([
      'patchStatus persistentvolumes v', // Available
      'patch persistentvolumes v', 'patchStatus persistentvolumes v', 'patch persistentvolumeclaims data', 'patchStatus persistentvolumeclaims data',
    ]);
    expect(world.harness.failures).to.deep.equal([]);
    const { claim, volume } = await world.expectBound('data');
    expect(claim.metadata.annotations).to.deep.equal({ 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' });
    expect(volume.metadata.annotations).to.deep.equal({ 'pv.kubernetes.io/bound-by-controller': 'yes' });
    expect(volume.spec.claimRef).to.include({ kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: 'default', name: 'data', uid: claim.metadata.uid });
  });

  it('finishes what a process that ended left between any two writes, with one volume for each claim', async () => {
    for (const stale of [false, true]) {
      for (let at = 0; at < 10; at++) {
        for (const fault of ['crash-before', 'crash-after', 'lose', 'refuse'] as const) {
          await world.stop();
          await given({ seed: at, stale });
          for (const name of ['v1', 'v2']) await world.createVolume(name, gibibytes(1));
          for (const name of ['data', 'logs']) await world.createClaim(name, asks(1));
          world.harness.faults = (_call, index) => (index === at ? fault : undefined);
          await world.run();
          world.harness.faults = () => undefined;
          if (world.harness.crashed) await world.run();
          expect(new Set([await boundVolume('data'), await boundVolume('logs')]).size).to.equal(2);
        }
      }
    }
  });

  it('never gives one volume to two claims, however old its cache is', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      await world.stop();
      await given({ seed, stale: true });
      for (let i = 0; i < 3; i++) await world.createVolume(`v${i}`, gibibytes(1));
      for (let i = 0; i < 5; i++) await world.createClaim(`c${i}`, asks(1));
      await world.run();
      const claims = await world.claims();
      const bound = claims.filter(({ status }) => status.phase === 'Bound').map(({ spec }) => spec.volumeName);
      expect(bound.toSorted(), `seed ${seed}`).to.deep.equal(['v0', 'v1', 'v2']);
      expect(claims.filter(({ spec }) => spec.volumeName === undefined).length).to.equal(2);
    }
  });

  it('binds whichever comes last: the volume, the claim or the class', async () => {
    await world.createClaim('data', asks(1));
    await world.createClaim('logs', asks(1));
    await world.createClaim('later', { storageClassName: 'soon' });
    await world.run();
    expect(world.reasons('data')).to.deep.equal(['ProvisioningFailed']);
    expect(world.messages('data', 'ProvisioningFailed')).to.deep.equal(['storageclass.storage.k8s.io "manual" not found']);
    for (const name of ['v1', 'v2']) await world.createVolume(name, gibibytes(1));
    await world.client.create(StorageClass, { metadata: { name: 'soon' }, provisioner: 'memory.test' });
    await world.harness.settle();
    await boundVolume('data');
    await boundVolume('logs');
    await boundVolume('later');
  });

  describe('pre-bound', () => {
    it('volume goes to its claim, and to no other, though it comes first', async () => {
      await world.createVolume('kept', { ...gibibytes(1), claimRef: { namespace: 'default', name: 'data' } });
      await world.createVolume('free', gibibytes(5));
      await world.createClaim('early', asks(1));
      await world.run();
      expect(await boundVolume('early')).to.equal('free');
      expect((await world.getVolume('kept')).status.phase).to.equal('Available');
      await world.createClaim('data', asks(1));
      await world.harness.settle();
      const { volume } = await world.expectBound('data');
      expect(volume.metadata.name).to.equal('kept');
      expect(volume.metadata.annotations, 'a user chose').to.equal(undefined);
    });

    it('claim gets the volume it names, once that exists', async () => {
      await world.createVolume('free', gibibytes(1));
      await world.createClaim('data', { ...asks(1), volumeName: 'named' });
      await world.run();
      expect(await phaseOf('data')).to.equal('Pending');
      await world.createVolume('named', gibibytes(9));
      await world.harness.settle();
      const { claim, volume } = await world.expectBound('data');
      expect(volume.metadata.name).to.equal('named');
      expect(claim.metadata.annotations).to.deep.equal({ 'pv.kubernetes.io/bind-completed': 'yes' });
    });

    it('claim waits, with a reason, for a volume that does not suit it or is another\'s', async () => {
      await world.createVolume('small', gibibytes(1));
      await world.createVolume('block', { ...gibibytes(9), volumeMode: 'Block' });
      await world.createVolume('other', { ...gibibytes(9), storageClassName: 'other' });
      await world.createVolume('modes', { ...gibibytes(9), accessModes: ['ReadOnlyMany'] });
      await world.createVolume('taken', { ...gibibytes(9), claimRef: { namespace: 'default', name: 'somebody' } });
      for (const name of ['small', 'block', 'other', 'modes', 'taken']) await world.createClaim(name, { ...asks(2), volumeName: name });
      await world.run();
      const said = Object.fromEntries(world.harness.events.map(({ about, reason, message }) => [about, `${reason}: ${message}`]));
      expect(said).to.deep.equal({
        small: 'VolumeMismatch: Cannot bind to requested volume "small": requested PV is too small',
        block: 'VolumeMismatch: Cannot bind to requested volume "block": incompatible volumeMode',
        other: 'VolumeMismatch: Cannot bind to requested volume "other": storageClassName does not match',
        modes: 'VolumeMismatch: Cannot bind to requested volume "modes": incompatible accessMode',
        taken: 'FailedBinding: volume "taken" already bound to a different claim.',
      });
    });

    it('claim of a waiting class gets the volume kept for it at once', async () => {
      await world.client.create(StorageClass, { metadata: { name: 'manual' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' });
      await world.createVolume('kept', { ...gibibytes(1), claimRef: { namespace: 'default', name: 'data' } });
      await world.createVolume('free', gibibytes(1));
      await world.createClaim('data', asks(1));
      await world.createClaim('logs', asks(1));
      await world.run();
      expect(await boundVolume('data')).to.equal('kept');
      expect(await phaseOf('logs')).to.equal('Pending');
      expect(world.reasons('logs')).to.deep.equal(['WaitForFirstConsumer']);
    });
  });

  describe('a claim that must wait says why', () => {
    it('for lack of a class', async () => {
      await world.createClaim('data', { storageClassName: '' });
      await world.run();
      expect(world.messages('data', 'FailedBinding')).to.deep.equal(['no persistent volumes available for this claim and no storage class is set']);
    });

    it('for its first consumer, then for that pod\'s node', async () => {
      await world.client.create(StorageClass, { metadata: { name: 'late' }, provisioner: 'memory.test', volumeBindingMode: 'WaitForFirstConsumer' });
      await world.createClaim('data', { storageClassName: 'late' });
      await world.run();
      expect(world.messages('data', 'WaitForFirstConsumer')).to.deep.equal(['waiting for first consumer to be created before binding']);
      await world.client.create(Pod, {
        metadata: { namespace: 'default', name: 'web' },
        spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
      });
      await world.harness.settle();
      expect(world.messages('data', 'WaitForPodScheduled')).to.deep.equal(['waiting for pod web to be scheduled']);
      expect((await world.getClaim('data')).metadata.annotations).to.equal(undefined);
    });

    it('for a provisioner outside of this process (trap 1: which acts on the annotations)', async () => {
      await world.client.create(StorageClass, { metadata: { name: 'abroad' }, provisioner: 'csi.example.com' });
      await world.createClaim('data', { storageClassName: 'abroad' });
      await world.run();
      expect((await world.getClaim('data')).metadata.annotations).to.deep.equal({
        'volume.kubernetes.io/storage-provisioner': 'csi.example.com', 'volume.beta.kubernetes.io/storage-provisioner': 'csi.example.com',
      });
      expect(world.messages('data', 'ExternalProvisioning').length).to.equal(1);
      expect(world.messages('data', 'ExternalProvisioning')[0]).to.include("by the external provisioner 'csi.example.com'");
    });

    it('once, and not at every look (trap 24: events flood)', async () => {
      await world.createClaim('data', { storageClassName: '' });
      await world.run();
      for (let i = 0; i < 5; i++) {
        await world.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { metadata: { labels: { i: String(i) } } } });
        await world.harness.settle();
      }
      expect(world.reasons('data')).to.deep.equal(['FailedBinding']);
      await world.harness.settle(20 * 60_000);
      expect(world.reasons('data').length, 'and again after a while').to.be.within(2, 3);
    });
  });

  it('gives the default class to claims that have none, and leaves those alone that want none (trap 18)', async () => {
    await world.createClaim('open', { storageClassName: undefined });
    await world.createClaim('none', { storageClassName: '' });
    await world.run();
    expect((await world.getClaim('open')).spec.storageClassName).to.equal(undefined);
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await world.client.create(StorageClass, { metadata: { name: 'older', annotations }, provisioner: 'csi.example.com' });
    await world.clock.advance(5000);
    await world.client.create(StorageClass, { metadata: { name: 'newer', annotations }, provisioner: 'memory.test' });
    await world.harness.settle();
    expect((await world.expectBound('open')).claim.spec.storageClassName).to.equal('newer');
    expect((await world.getClaim('none')).spec.storageClassName).to.equal('');
    expect(await phaseOf('none')).to.equal('Pending');
  });

  describe('a bound claim', () => {
    beforeEach(async () => {
      await world.createVolume('v', { ...gibibytes(4), persistentVolumeReclaimPolicy: 'Retain' });
      await world.createClaim('data', asks(1));
      await world.run();
    });

    it('keeps its capacity when the volume grows (trap 14)', async () => {
      await world.client.patch(PersistentVolume, { name: 'v' }, { type: 'merge', document: { spec: { capacity: { storage: '9Gi' } } } });
      await world.harness.settle();
      expect((await world.getClaim('data')).status.capacity).to.deep.equal({ storage: '4Gi' });
    });

    it('is Lost when its volume is gone, for ever', async () => {
      await world.deleteVolume('v');
      await world.client.patch(PersistentVolume, { name: 'v' }, { type: 'merge', document: { metadata: { finalizers: [] } } });
      await world.harness.settle();
      expect((await world.getClaim('data')).status).to.deep.equal({ phase: 'Lost' });
      expect(world.messages('data', 'ClaimLost')).to.deep.equal(['Bound claim has lost its PersistentVolume. Data on the volume is lost!']);
    });

    it('is not Lost only because a cache does not show its volume (trap 3)', async () => {
      world.harness.end();
      await world.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { metadata: { labels: { x: 'y' } } } });
      world.harness.held.add('persistentvolumes');
      await world.harness.start({ without: ['persistentvolumes'] });
      await world.harness.settle();
      expect(await phaseOf('data')).to.equal('Bound');
      expect(world.harness.events.map(({ reason }) => reason)).not.to.include('ClaimLost');
    });

    it('lets its volume be Released when it goes, and a later claim of its name does not get it', async () => {
      await world.deleteClaim('data');
      await world.createClaim('data', asks(1)).catch(() => undefined);
      await world.harness.settle();
      expect((await world.getVolume('v')).status.phase).to.equal('Released');
      await world.createClaim('data', asks(1)).catch(() => undefined);
      await world.harness.settle();
      expect((await world.getVolume('v')).status.phase).to.equal('Released');
      expect(await phaseOf('data')).to.equal('Pending');
    });

    it('keeps its volume although a cache does not show the claim (trap 3)', async () => {
      world.harness.end();
      world.harness.held.add('persistentvolumeclaims');
      await world.harness.start({ without: ['persistentvolumeclaims'] });
      await world.harness.settle();
      expect((await world.getVolume('v')).status.phase).to.equal('Bound');
    });

    it('is told when another claim has its volume', async () => {
      const claimRef = { namespace: 'default', name: 'thief', uid: 'somebody-else' };
      await world.client.patch(PersistentVolume, { name: 'v' }, { type: 'merge', document: { spec: { claimRef } } });
      await world.harness.settle();
      expect(await phaseOf('data')).to.equal('Lost');
      expect(world.reasons('data')).to.deep.equal(['ClaimMisbound']);
    });
  });

  it('takes a volume back that was marked for a claim which found another one', async () => {
    const first = await world.createClaim('data', { ...asks(1), volumeName: 'b' });
    const claimRef = { namespace: 'default', name: 'data', uid: first.metadata.uid };
    await world.createVolume('a', { ...gibibytes(1), claimRef }, { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } });
    await world.createVolume('users', { ...gibibytes(1), claimRef });
    await world.createVolume('b', gibibytes(1));
    await world.run();
    expect(await boundVolume('data')).to.equal('b');
    const [a, users] = [await world.getVolume('a'), await world.getVolume('users')];
    expect(a.status.phase).to.equal('Available');
    expect(a.spec.claimRef).to.equal(undefined);
    expect(users.status.phase).to.equal('Available');
    expect(users.spec.claimRef).to.deep.equal({ namespace: 'default', name: 'data' });
  });
});
