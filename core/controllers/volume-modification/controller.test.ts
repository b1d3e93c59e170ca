import { expect } from 'chai';
import { VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { DiskWorld, type DiskWorldOptions } from '#test/fixtures/disk-world.ts';
import { GatedVolumeDriver } from '#test/fixtures/gated-volume-driver.ts';
import type { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { exhausted, lostAnswer, unavailable, type Fault } from '#test/fixtures/volume-faults.ts';

const minute = 60_000;
const invalid = (): Fault => ({ kind: 'before', error: new ProviderError('Invalid', 'there is no such speed') });

describe('VolumeModificationController', () => {
  let world: DiskWorld;
  afterEach(() => world.stop());

  const makeClass = async (name: string, iops: string, driverName = world.driver.name): Promise<VolumeAttributesClass> => world.client.create(VolumeAttributesClass, { metadata: { name }, driverName, parameters: { iops } });

  async function begin(options?: DiskWorldOptions): Promise<void> {
    world = await DiskWorld.make(options);
    for (const [name, iops] of [['silver', '3000'], ['gold', '9000']] as const) await makeClass(name, iops);
    await world.createClaim();
    await world.run(0);
    world.harness.events.length = 0;
    world.harness.effects.length = 0;
  }

  const choose = (name: string): Promise<void> => world.changeClaim({ volumeAttributesClassName: name });
  const status = async () => (await world.getClaim()).status;
  const conditions = async (): Promise<string[]> => ((await status()).conditions ?? []).map(({ type, message = '' }) => `${type}: ${message}`);
  const attributes = (): unknown => [...world.driver.volumes.values()].map(({ contents }) => contents?.attributes)[0];

  async function expectClass(name: string | undefined, iops: string | undefined): Promise<void> {
    const { modifyVolumeStatus, currentVolumeAttributesClassName } = await status();
    expect([currentVolumeAttributesClassName, (await world.volumeOf()).spec.volumeAttributesClassName, modifyVolumeStatus]).to.deep.equal([name, name, undefined]);
    expect(attributes()).to.deep.equal(iops === undefined ? undefined : { iops });
    expect(await conditions()).to.deep.equal([]);
  }

  it('changes volumes to the class that their claims ask for', async () => {
    await begin();
    await choose('silver');
    await world.settle();
    await expectClass('silver', '3000');
    expect(world.harness.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).to.deep.equal([
      'Normal VolumeModify: external resizer is modifying volume data with vac silver', 'Normal VolumeModifySuccessful: external resizer modified volume data with vac silver successfully',
    ]);
    expect(world.harness.effects.map((effect) => effect.split(' ').slice(0, 2).join(' ').replace(/ vol.*/, ''))).to.deep.equal(['patchStatus persistentvolumeclaims', 'driver.modify', 'patch persistentvolumes', 'patchStatus persistentvolumeclaims']);
    await choose('gold');
    await world.settle();
    await expectClass('gold', '9000');
    expect(world.driver.count('modify')).to.equal(2);
  });

  it('leaves alone what is as asked for, also in a new process', async () => {
    await begin();
    await choose('silver');
    await world.settle();
    await world.run();
    expect(world.driver.count('modify')).to.equal(1);
  });

  it('waits for a class that is not there yet', async () => {
    await begin();
    await choose('platinum');
    await world.settle(10 * minute);
    expect([(await status()).modifyVolumeStatus, world.driver.count('modify')]).to.deep.equal([{ status: 'Pending' }, 0]);
    await makeClass('platinum', '20000');
    await world.settle();
    await expectClass('platinum', '20000');
    await choose('diamond');
    await world.settle();
    await choose('platinum');
    await world.settle();
    await expectClass('platinum', '20000');
    expect(world.driver.count('modify')).to.equal(1);
  });

  it('says what cannot be, asks no further, and goes back', async () => {
    await begin();
    await choose('silver');
    await world.settle();
    world.driver.failNext('modify', invalid());
    await choose('gold');
    await world.settle(60 * minute);
    expect((await status()).modifyVolumeStatus).to.deep.equal({ targetVolumeAttributesClassName: 'gold', status: 'Infeasible' });
    expect((await status()).currentVolumeAttributesClassName).to.equal('silver');
    expect(await conditions()).to.deep.equal(['ModifyVolumeError: ModifyVolume failed with error: there is no such speed. Waiting for retry.']);
    expect([world.driver.count('modify'), world.messages('VolumeModifyFailed')]).to.deep.equal([2, ['there is no such speed']]);
    await choose('silver');
    await world.settle();
    await expectClass('silver', '3000');
  });

  it('applies the former class anew when the outcome of the other one is unknown', async () => {
    await begin();
    await choose('silver');
    await world.settle();
    world.driver.failNext('modify', lostAnswer());
    await choose('gold');
    await world.settle();
    expect([attributes(), (await status()).modifyVolumeStatus?.status]).to.deep.equal([{ iops: '9000' }, 'InProgress']);
    await choose('silver');
    await world.settle(minute);
    await expectClass('silver', '3000');
  });

  it('asks slowly while the platform wants time between two changes, and as late as it says', async () => {
    await begin();
    world.driver.plan = (call) => (call === 'modify' ? exhausted() : undefined);
    await choose('silver');
    await world.settle(60 * minute);
    expect(world.driver.count('modify')).to.be.within(12, 14);
    expect(await status()).to.deep.include({ modifyVolumeStatus: { targetVolumeAttributesClassName: 'silver', status: 'InProgress' } });
    expect(world.harness.effects.filter((effect) => effect.startsWith('patchStatus')).length, 'writes').to.equal(2);
    world.driver.plan = () => undefined;
    world.driver.failNext('modify', { kind: 'before', error: new ProviderError('Exhausted', 'not before 12:00', { retryAfterMs: 6 * 60 * minute }) });
    const before = world.driver.count('modify');
    await world.settle(6 * 60 * minute);
    expect(world.driver.count('modify')).to.equal(before + 1);
    await world.settle(6 * 60 * minute);
    await expectClass('silver', '3000');
  });

  it('backs off from a driver that is away', async () => {
    await begin();
    world.driver.plan = (call) => (call === 'modify' ? unavailable() : undefined);
    await choose('silver');
    await world.settle(60 * minute);
    expect(world.driver.count('modify')).to.be.within(15, 40);
  });

  it('refuses a class that is for another driver', async () => {
    await begin();
    await makeClass('other', '1', 'other.test');
    await choose('other');
    await world.settle(minute);
    expect([world.driver.count('modify'), world.messages('VolumeModifyFailed')]).to.deep.equal([0, ['VolumeAttributesClass "other" is for driver other.test, and the volume is of memory.test']]);
    expect((await status()).modifyVolumeStatus?.status).to.equal('Infeasible');
  });

  it('tells of a driver that cannot, and leaves volumes of others alone', async () => {
    let drivers: 'all' | 'plain' | 'none' = 'all';
    await begin({ drivers: (memory) => (drivers === 'all' ? [memory] : drivers === 'none' ? [] : [new GatedVolumeDriver(memory as unknown as MemoryVolumeDriver, (_call, effect) => effect())]) });
    await choose('silver');
    for (drivers of ['plain', 'none'] as const) await world.run();
    expect(world.harness.effects).to.deep.equal([]);
    expect(world.messages('VolumeModifyFailed')).to.deep.equal(['driver memory.test cannot apply VolumeAttributesClass "silver": it does not modify volumes']);
  });

  describe('at creation', () => {
    it('has volumes made with the attributes of the class, once it is there', async () => {
      world = await DiskWorld.make();
      await world.createClaim('data', { volumeAttributesClassName: 'silver' });
      await world.run();
      expect([world.requests.length, world.messages('ProvisioningFailed').join()]).to.deep.equal([0, 'failed to provision volume with StorageClass "fast": volumeattributesclass.storage.k8s.io "silver" not found']);
      await makeClass('silver', '3000');
      await world.settle();
      expect(world.requests.map(({ mutableParameters }) => mutableParameters)).to.deep.equal([{ iops: '3000' }]);
      await expectClass('silver', '3000');
      expect(world.driver.count('modify')).to.equal(0);
    });

    it('refuses a class for another driver, and a driver that cannot', async () => {
      let able = true;
      world = await DiskWorld.make({ drivers: (memory) => [able ? memory : new GatedVolumeDriver(memory as unknown as MemoryVolumeDriver, (_call, effect) => effect())] });
      await makeClass('other', '1', 'other.test');
      await world.createClaim('data', { volumeAttributesClassName: 'other' });
      await world.run();
      able = false;
      await world.run();
      expect(world.messages('ProvisioningFailed').map((message) => message.replace(/.*"fast": /, ''))).to.deep.equal([
        'VolumeAttributesClass "other" is for driver other.test, and the volume is of memory.test', 'driver memory.test cannot apply VolumeAttributesClass "other": it does not modify volumes',
      ]);
      expect(world.driver.volumes.size).to.equal(0);
    });
  });

  describe('classes', () => {
    it('stay while they are used', async () => {
      await begin();
      await choose('silver');
      await world.settle();
      const there = async (): Promise<string[]> => (await world.client.list(VolumeAttributesClass)).items.map(({ metadata }) => metadata.name);
      for (const name of ['silver', 'gold']) await world.client.delete(VolumeAttributesClass, { name });
      await world.settle();
      expect(await there()).to.deep.equal(['silver']);
      await world.deleteClaim();
      await world.settle();
      expect(await there()).to.deep.equal([]);
    });
  });
});
