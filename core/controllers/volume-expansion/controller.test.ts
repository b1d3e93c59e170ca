import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { DiskWorld, type DiskWorldOptions } from '#test/fixtures/disk-world.ts';
import { GatedVolumeDriver } from '#test/fixtures/gated-volume-driver.ts';
import type { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { exhausted, lostAnswer, throttled, unavailable } from '#test/fixtures/volume-faults.ts';

const Gi = 2n ** 30n;
const minute = 60_000;

describe('VolumeExpansionController', () => {
  let world: DiskWorld;
  afterEach(() => world.stop());

  async function begin(options?: DiskWorldOptions): Promise<void> {
    world = await DiskWorld.make(options);
    await world.createClaim();
    await world.run(0);
    world.harness.events.length = 0;
    world.harness.effects.length = 0;
  }

  const status = async () => (await world.getClaim()).status;
  const conditions = async (): Promise<string[]> => ((await status()).conditions ?? []).map(({ type, status: value, message = '' }) => `${type}=${value} ${message}`.trim());
  const capacity = async (): Promise<unknown> => [(await world.volumeOf()).spec.capacity?.['storage'], (await status()).capacity?.['storage'], [...world.driver.volumes.values()].map(({ capacity: bytes }) => bytes)];
  const pre = async (): Promise<unknown> => (await world.volumeOf()).metadata.annotations?.['volume.alpha.kubernetes.io/pre-resize-capacity'];

  it('grows a volume, and has the node grow its file system', async () => {
    await begin();
    await world.resize('2Gi');
    await world.settle();
    expect(await capacity()).to.deep.equal(['2Gi', '1Gi', [2n * Gi]]);
    expect(await status()).to.deep.include({ allocatedResources: { storage: '2Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } });
    expect(await conditions()).to.deep.equal(['FileSystemResizePending=True Waiting for user to (re-)start a pod to finish file system resize of volume on node.']);
    expect(await pre()).to.equal('1Gi');
    expect(world.harness.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).to.deep.equal([
      `Normal Resizing: External resizer is resizing volume ${(await world.volumeOf()).metadata.name}`, 'Normal FileSystemResizeRequired: Require file system resize of volume on node',
    ]);
    expect(world.harness.effects.map((effect) => effect.split(' ').slice(0, 2).join(' '))).to.deep.equal(['patchStatus persistentvolumeclaims', `driver.expand ${[...world.driver.volumes.keys()].join()}`, 'patch persistentvolumes', 'patchStatus persistentvolumeclaims']);
    expect(await world.growFileSystems()).to.equal(1);
    await world.settle();
    expect(await capacity()).to.deep.equal(['2Gi', '2Gi', [2n * Gi]]);
    expect([await conditions(), await pre(), (await status()).allocatedResourceStatuses]).to.deep.equal([[], undefined, undefined]);
    expect(world.driver.count('expand')).to.equal(1);
  });

  it('is done without the node when the driver says so', async () => {
    await begin({ driver: { nodeExpansion: false } });
    for (const size of ['2Gi', '3Gi']) {
      await world.resize(size);
      await world.settle();
    }
    expect(await capacity()).to.deep.equal(['3Gi', '3Gi', [3n * Gi]]);
    expect([await conditions(), await pre()]).to.deep.equal([[], undefined]);
    expect(world.messages('VolumeResizeSuccessful')).to.deep.equal(['Resize volume succeeded', 'Resize volume succeeded']);
  });

  it('keeps conditions that are others\'', async () => {
    await begin({ driver: { nodeExpansion: false } });
    const other = { type: 'Other', status: 'True' };
    await world.client.patchStatus(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { status: { conditions: [other] } } });
    await world.resize('2Gi');
    await world.settle();
    expect(await conditions()).to.deep.equal(['Other=True']);
  });

  it('waits for the node before it grows a volume further', async () => {
    await begin();
    await world.resize('2Gi');
    await world.settle();
    await world.resize('3Gi');
    await world.settle();
    expect(world.driver.count('expand')).to.equal(1);
    await world.growFileSystems();
    await world.settle();
    await world.growFileSystems();
    expect(await capacity()).to.deep.equal(['3Gi', '3Gi', [3n * Gi]]);
  });

  it('asks again for what may have been done, whatever is wanted by then', async () => {
    await begin({ driver: { nodeExpansion: false } });
    world.driver.failNext('expand', lostAnswer());
    await world.resize('5Gi');
    await world.settle();
    expect((await status()).allocatedResourceStatuses).to.deep.equal({ storage: 'ControllerResizeInProgress' });
    await world.resize('2Gi');
    await world.settle(minute);
    expect(world.harness.effects.filter((effect) => effect.startsWith('driver.expand')).map((effect) => effect.split(' ')[2])).to.deep.equal([`${5n * Gi}`, `${5n * Gi}`]);
    expect(await capacity(), 'as large as it really is').to.deep.equal(['5Gi', '5Gi', [5n * Gi]]);
  });

  it('recovers from a size that cannot be had when less is asked for', async () => {
    await begin({ driver: { size: 4n * Gi, nodeExpansion: false } });
    await world.resize('100Gi');
    await world.settle();
    expect(await status()).to.deep.include({ allocatedResources: { storage: '100Gi' }, allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } });
    expect(await conditions()).to.deep.equal(['Resizing=True', `ControllerResizeError=True failed to expand pvc with ${99n * Gi} bytes more asked for, ${3n * Gi} available`]);
    expect(world.messages('VolumeResizeFailed')).to.have.length(1).and.to.satisfy(([message = '']) => message.includes('bytes more asked for'));
    await world.resize('2Gi');
    await world.settle();
    expect(await capacity()).to.deep.equal(['2Gi', '2Gi', [2n * Gi]]);
    expect(await status()).to.deep.include({ allocatedResources: { storage: '2Gi' } }).and.not.to.have.property('allocatedResourceStatuses');
    expect(await conditions()).to.deep.equal([]);
  });

  it('asks slowly for what there is no room for, and not at all for what can never be', async () => {
    await begin({ driver: { nodeExpansion: false } });
    world.driver.plan = (call) => (call === 'expand' ? exhausted() : undefined);
    await world.resize('2Gi');
    await world.settle(60 * minute);
    expect(world.driver.count('expand')).to.be.within(12, 14);
    expect(world.reasons().filter((reason) => reason === 'VolumeResizeFailed').length).to.be.at.most(8);
    world.driver.plan = () => undefined;
    await world.settle(6 * minute);
    expect(await capacity()).to.deep.equal(['2Gi', '2Gi', [2n * Gi]]);

    world.driver.failNext('expand', { kind: 'before', error: new ProviderError('Invalid', 'there are no such sizes') });
    await world.resize('3Gi');
    const before = world.driver.count('expand');
    await world.settle(60 * minute);
    expect(world.driver.count('expand')).to.equal(before + 1);
  });

  it('waits as long as the platform says', async () => {
    await begin();
    world.driver.failNext('expand', throttled(20_000), { kind: 'before', error: new ProviderError('Exhausted', 'modified lately; wait until 12:00', { retryAfterMs: 6 * 60 * minute }) });
    await world.resize('2Gi');
    await world.settle(6 * 60 * minute);
    expect(world.driver.count('expand')).to.equal(2);
    await world.settle(6 * 60 * minute);
    expect(world.driver.count('expand')).to.equal(3);
  });

  it('backs off from a driver that is away', async () => {
    await begin();
    world.driver.plan = (call) => (call === 'expand' ? unavailable() : undefined);
    await world.resize('2Gi');
    await world.settle(60 * minute);
    expect(world.driver.count('expand')).to.be.within(15, 40);
    expect((await status()).allocatedResourceStatuses).to.deep.equal({ storage: 'ControllerResizeInProgress' });
  });

  it('has a node that could not go on try again', async () => {
    await begin();
    await world.resize('2Gi');
    await world.settle();
    await world.client.patchStatus(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { status: { allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' } } } });
    await world.settle();
    expect((await status()).allocatedResourceStatuses).to.deep.equal({ storage: 'NodeResizePending' });
  });

  it('tells of a driver that cannot, once', async () => {
    await begin({ drivers: (memory) => [new GatedVolumeDriver(memory as unknown as MemoryVolumeDriver, (_call, effect) => effect())] });
    await world.resize('2Gi');
    await world.settle(10 * minute);
    expect(world.harness.events.map(({ reason, message }) => [reason, message.replace(/pvc-[^"]*/, 'NAME')])).to.deep.equal([['VolumeResizeFailed', 'resize volume "NAME" failed: driver memory.test cannot grow volumes']]);
    expect((await status()).allocatedResources).to.equal(undefined);
  });

  it('leaves the volumes of others to others, and says so once', async () => {
    let known = true;
    await begin({ drivers: (memory) => (known ? [memory] : []) });
    known = false;
    await world.resize('2Gi');
    await world.run();
    expect(world.harness.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).to.deep.equal(['Normal ExternalExpanding: waiting for an external controller to expand this PVC']);
    expect(world.harness.effects).to.deep.equal([]);
  });

  it('calls a driver wrong that gives less than it was asked for', async () => {
    await begin();
    const grow = world.driver.expand.bind(world.driver);
    world.driver.expand = async (...args) => ({ ...(await grow(...args)), capacity: 1n });
    await world.resize('2Gi');
    await world.settle();
    expect(world.messages('VolumeResizeFailed').join()).to.include('which is less than');
    expect((await world.volumeOf()).spec.capacity).to.deep.equal({ storage: '1Gi' });
  });
});
